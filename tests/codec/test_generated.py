"""Generated readers and writers do what the nodes do, and are really taken for what is ordinary."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from types import FrameType, GenericAlias
from typing import Any, Final, Literal, Optional
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import MsgspecError
from pydantic import BaseModel, ConfigDict, Field, create_model
from typing_extensions import TypedDict

from dynarepo._codec import bind, compile_model
from dynarepo._codec._generated_code import GiveUpError
from dynarepo._codec._generated_reader import generate_reader
from dynarepo._codec._generated_writer import generate_writer
from dynarepo._codec._numbers import decode_decimal, decode_float
from dynarepo._codec._sameness import same
from dynarepo._schema import TableSchema
from dynarepo._wire import WireItem
from tests.codec import strategies
from tests.codec.breaking import broken, each_broken
from tests.codec.cases import CODE, NOON, Cat, Dog, Part, Square, Tree, Word
from tests.codec.reference import HOSTILE, by_nodes, forms_of, outcome, parts_of
from tests.codec.test_views_property import OPTIONAL


class Color(Enum):
    RED = "r"
    GREEN = "g"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Options(TypedDict):
    size: int


class Address(BaseModel):
    street: str
    lines: list[str] = []


class User(BaseModel):
    """The fields of an ordinary model."""

    pk: str
    sk: str
    email: str
    name: str
    status: str
    age: int
    balance: Decimal
    active: bool
    created_at: datetime
    tags: list[str]
    address: Address
    nickname: str | None = None


USER: Final = User(
    pk="TENANT#1",
    sk="USER#1",
    email="ada@example.com",
    name="Ada",
    status="active",
    age=36,
    balance=Decimal("1234.56"),
    active=True,
    created_at=NOON.replace(microsecond=123_456),
    tags=["a", "b", "c"],
    address=Address(street="Row"),
    nickname="ada",
)
ORDINARY: Final[list[tuple[Any, Any]]] = [
    (str, "aé"),
    (bytes, b"x"),
    (bool, False),
    (int, -5),
    (int, 10**30),
    (float, 0.5),
    (Decimal, Decimal("0.50")),
    (Decimal, Decimal("1E20")),
    (datetime, NOON),
    (date, date(2026, 1, 31)),
    (UUID, CODE),
    (Color, Color.RED),
    (Level, Level.HIGH),
    (Literal["a", "b"], "b"),
    (Literal[1, 2], 2),
    (int | None, None),
    (int | str, "1"),
    (list[str], ["a", "b"]),
    (tuple[int, ...], (1, 2)),
    (list[Address], [Address(street="a", lines=["b"])]),
    (tuple[int, str], (1, "a")),
    (set[str], {"b", "a"}),
    (set[datetime], {NOON}),
    (frozenset[Decimal], frozenset({Decimal("1.5"), Decimal(2)})),
    (dict[str, int | None], {"a": 1, "b": None}),
    (dict[str, Any], {"a": [1, {"b": None}]}),
    (dict[UUID, int], {CODE: 1}),
    (Part, Part(1, {"t"}, "n")),
    (Options, {"size": 1}),
    (Tree, Tree(value=1, children=[Tree(value=2)])),
    (Cat | Dog, Dog(lives=1)),
    (Square | str, Square(side=1)),
]


def _unchecked(model: type[BaseModel], **values: Any) -> BaseModel:
    return model.model_construct(**values)


_BERLIN: Final = ZoneInfo("Europe/Berlin")
#: What stands in fields of other types, and in changed copies, which nothing validated.
ODD: Final[list[Any]] = [
    *(value for _, value in ORDINARY),
    *(
        None,
        "",
        "\ud800",
        10**200,
        -(10**18),
        Decimal("NaN"),
        Decimal("-0.0"),
        float("inf"),
        b"",
        Word.A,
        CODE,
    ),
    *([], [1, "a"], (), ("a", "b", "c"), {}, {"": 1}, {"\ud800": 1}, {1: 1}, {Word.A: 1}, {"a": {"b"}}),
    *(set(), {1, "a"}, {Word.A}, frozenset({Decimal("NaN")}), Part(1, {1}), {"size": "x"}),  # type: ignore[arg-type]
    *(_unchecked(Address), _unchecked(Address, street=1), _unchecked(Tree, value=1, children=[1])),
    # One instant, written as two that Python tells apart.
    {datetime(2026, 10, 25, 2, 30, tzinfo=_BERLIN, fold=1), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)},
]


KINDS: Final = st.sampled_from(["required", "optional", "nullable", "defaulted", "aliased"])
CONFIGS: Final = st.sampled_from(
    [
        ConfigDict(),
        ConfigDict(extra="forbid"),
        ConfigDict(extra="allow"),
        ConfigDict(strict=True),
        ConfigDict(use_enum_values=True),
    ]
)


@st.composite
def instances(draw: st.DrawFn, *, fit: bool = True) -> BaseModel:
    """Draw a model of a few fields, and an instance of values that fit, or of others, too."""
    fields: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for number, name in enumerate(draw(st.lists(st.sampled_from(sorted(OPTIONAL)), min_size=1, max_size=3))):
        declared, possible = OPTIONAL[name]
        field = f"f{number}"
        values[field] = draw(possible if fit or draw(st.booleans()) else VALUES)
        match draw(KINDS):
            case "required":
                fields[field] = (declared, ...)
            case "optional":
                fields[field] = (Optional[declared], None)  # noqa: UP045 - of None too
                values[field] = draw(st.sampled_from([values[field], None]))
            case "nullable":
                fields[field] = (Optional[declared], ...)  # noqa: UP045
                values[field] = draw(st.sampled_from([values[field], None]))
            case "defaulted":
                fields[field] = (declared, draw(possible))
            case _:
                fields[field] = (declared, Field(serialization_alias=f"{field}{HOSTILE}"))
    model: Any = create_model("Item", __config__=draw(CONFIGS), **fields)
    instance: BaseModel = model.model_construct(**values)
    return instance


#: The name of an attribute that would end a text in source, a line, a replacement field and the process.
#: Values of any type, also those that no type takes.
VALUES: Final = st.one_of(
    *(possible for _, possible in OPTIONAL.values()),
    strategies.any_ints,
    strategies.any_decimals,
    strategies.datetimes,
    st.floats(),
    st.sampled_from(["\ud800", {"": 1}, {"\ud800": 1}, datetime(2026, 1, 31), object()]),  # noqa: DTZ001
)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_reader_makes_what_the_nodes_make_of_whole_and_broken_items(data: st.DataObject) -> None:
    instance = data.draw(instances())
    plan = compile_model(type(instance))
    item, refused = outcome(by_nodes(plan).encode, instance)
    assume(refused is None)
    item = data.draw(broken(item))
    expected, expected_error = outcome(by_nodes(plan).decode, item)
    for form in forms_of(item):
        made, error = outcome(plan.decode, form)
        assert error == expected_error
        assert same(made, expected)
        assert parts_of(made) == parts_of(expected)


def name_of(value: object) -> str:
    """Name a case the same in every process, whatever the order of a set."""
    return str(sorted(value) if isinstance(value, set | frozenset) else value)[:40]


@pytest.mark.parametrize(
    "config", [ConfigDict(), ConfigDict(extra="forbid"), ConfigDict(extra="allow")], ids=str
)
@pytest.mark.parametrize(("declared", "value"), ORDINARY, ids=name_of)
def test_a_reader_makes_what_the_nodes_make_wherever_an_item_is_broken(
    declared: Any, value: Any, config: ConfigDict
) -> None:
    optional: Any = Optional[declared]  # noqa: UP045 - of None too
    plan = compile_model(create_model("Item", __config__=config, one=(declared, ...), other=(optional, None)))
    reference = by_nodes(plan)
    for item in each_broken(plan.encode(plan.model(one=value, other=value))):
        expected, expected_error = outcome(reference.decode, item)
        for form in forms_of(item):
            made, error = outcome(plan.decode, form)
            assert error == expected_error, item
            assert same(made, expected), item
            assert parts_of(made) == parts_of(expected), item


@pytest.mark.parametrize("declared", [declared for declared, _ in ORDINARY], ids=lambda kind: str(kind)[:40])
def test_a_writer_encodes_as_the_nodes_do_whatever_an_instance_holds(declared: Any) -> None:
    optional: Any = Optional[declared]  # noqa: UP045 - of None too
    config = ConfigDict(extra="allow")
    plan = compile_model(create_model("Item", __config__=config, one=(declared, ...), other=(optional, None)))
    reference = by_nodes(plan)
    for value in ODD:
        for held in ({"one": value}, {"one": value, "other": value}, {"one": value, "more": value}, {}):
            instance = plan.model.model_construct(**held)
            encoded, error = outcome(plan.encode, instance)
            expected, expected_error = outcome(reference.encode, instance)
            assert error == expected_error
            assert json.dumps(encoded) == json.dumps(expected)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_writer_encodes_as_the_nodes_do_and_refuses_what_they_refuse(data: st.DataObject) -> None:
    instance = data.draw(instances(fit=False))
    plan = compile_model(type(instance))
    encoded, error = outcome(plan.encode, instance)
    expected, expected_error = outcome(by_nodes(plan).encode, instance)
    assert error == expected_error
    assert json.dumps(encoded) == json.dumps(expected)


@pytest.mark.parametrize(("declared", "value"), ORDINARY, ids=name_of)
def test_what_is_ordinary_is_read_and_written_by_generated_code(declared: Any, value: Any) -> None:
    plan = compile_model(create_model("Item", field=(declared, ...)))
    item = plan.model(field=value)
    wire = generate_writer(plan.node)(item, 0)
    assert wire == plan.node.write(item, ())
    for form in forms_of(wire):
        assert same(generate_reader(plan.node)(form, 1), item)


@pytest.mark.parametrize(
    "change",
    [{"age": {"S": "36"}}, {"age": {"N": "x"}}, {"name": {"S": "a", "N": "1"}}, {"address": {"M": {}}}],
)
def test_a_reader_leaves_what_is_unusual_to_the_nodes(change: WireItem) -> None:
    node = compile_model(User).node
    item = node.write(USER, ())
    for form in forms_of(item | change):
        with pytest.raises((GiveUpError, MsgspecError, ValueError)):
            generate_reader(node)(form, 1)


def calls_of(function: Callable[[Any], object], value: object) -> list[str]:
    """Give the functions in Python, but Pydantic's own, that a call takes; what is lazy is made before."""
    function(value)
    calls: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        module = str(frame.f_globals.get("__name__"))
        if event == "call" and not module.startswith(("abc", "pydantic")):
            calls.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        function(value)
    finally:
        sys.setprofile(None)
    return calls


def test_an_ordinary_item_is_decoded_in_few_calls() -> None:
    plan = compile_model(User)
    calls = calls_of(plan.decode, plan.encode(USER))
    assert len(calls) <= 4, calls


def test_an_ordinary_item_is_encoded_in_few_calls() -> None:
    calls = calls_of(compile_model(User).encode, USER)
    assert len(calls) <= 4, calls


@pytest.mark.parametrize("text", ["-0", "0.00", "000", "-0.0", "0E5"])
def test_zero_is_read_as_plain_zero(text: str) -> None:
    assert str(decode_decimal(text)) == "0"
    assert str(decode_float(text)) == "0.0"


def test_nothing_is_generated_before_it_is_used() -> None:
    plan = compile_model(User)
    assert not {"_reader", "_writer"} & vars(plan).keys()


class Branch(BaseModel):
    inner: Branch | None = None
    listed: list[Branch] = []
    keyed: dict[str, tuple[Branch, ...]] = {}


@given(steps=st.lists(st.sampled_from(["inner", "listed", "keyed"]), max_size=32))
@settings(max_examples=100, deadline=None)
def test_what_is_nested_too_deeply_is_refused_as_by_the_nodes(steps: list[str]) -> None:
    plan = compile_model(Branch)
    reference = by_nodes(plan)
    instance = Branch()
    item: WireItem = {}
    for step in steps:
        kinds: dict[str, Any] = {"inner": instance, "listed": [instance], "keyed": {"a": (instance,)}}
        instance = Branch.model_construct(**{step: kinds[step]})
        wire = {"M": item}
        listed: dict[str, Any] = {"L": [wire]}
        item = {step: {"inner": wire, "listed": listed, "keyed": {"M": {"a": listed}}}[step]}
    assert outcome(plan.decode, item) == outcome(reference.decode, item)
    assert outcome(plan.encode, instance) == outcome(reference.encode, instance)


def test_containers_of_any_nesting_are_read_and_written() -> None:
    declared: Any = str
    value: Any = "a"
    for _ in range(25):
        declared, value = GenericAlias(list, (declared,)), [value]
    plan = compile_model(create_model("Item", field=(declared, ...)))
    item = plan.model(field=value)
    assert plan.decode(plan.encode(item)) == item
    assert plan.encode(item) == by_nodes(plan).encode(item)


def test_views_are_read_by_generated_code() -> None:
    entity = bind(User, TableSchema("pk", "sk"))
    street = create_model("Street", street=(str, ...))
    view = entity.view(create_model("Card", name=(str, ...), address=(street, ...)))
    item = entity.encode(USER)
    shown: Any = view.decode(item)
    assert shown.address.street == USER.address.street
    calls = calls_of(view.decode, item)
    assert len(calls) <= 4, calls
