"""A value that would not come back the same is refused with its path, and never shown."""

from __future__ import annotations

import re
import traceback
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import InitVar, dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ForwardRef, Literal
from uuid import UUID

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    HttpUrl,
    Json,
    PlainSerializer,
    RootModel,
    SecretStr,
    Tag,
    create_model,
)
from typing_extensions import TypeAliasType

from dynarepo._codec import compile_model, encode_dynamic
from dynarepo._codec._compile import TypeCompiler
from dynarepo._codec._scope import Scope
from dynarepo.exceptions import InvalidRequestError, InvalidValueError, SchemaError

CANARY = "canary-7351"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Color(Enum):
    RED = "r"


class Address(BaseModel):
    lines: list[str]


class Villa(Address):
    pool: bool = True


def _address(*lines: Any) -> Address:
    return Address.model_construct(**dict(zip(["lines"], lines, strict=False)))


class Square(BaseModel):
    side: int


class Also(BaseModel):
    side: int


class Tree(BaseModel):
    children: list[Tree] = []


class Floating(tzinfo):
    def utcoffset(self, _: datetime | None) -> timedelta | None:
        return None

    def dst(self, _: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _: datetime | None) -> str | None:
        return None


class Mood(Enum):
    HAPPY = object()


class Limited(BaseModel):
    size: int = Field(gt=0)


class Roots(RootModel[list[int]]):
    pass


Constant = Annotated[int, PlainSerializer(lambda value: "same", return_type=str)]


def _label(value: Any) -> str:
    return "always the same"


def _failing(value: object) -> object:
    raise ValueError(f"no {value}")


CASES: list[tuple[Any, Any, str]] = [
    (str, 5, "field"),
    (str, f"{CANARY}\ud800", "field"),
    (str, Color.RED, "field"),
    (int, True, "field"),
    (int, 1.0, "field"),
    (int, 10**126, "field"),
    (int, 10**5000, "field"),
    (bool, 1, "field"),
    (float, 2**53 + 1, "field"),
    (float, 10**400, "field"),
    (float, True, "field"),
    (float, float("nan"), "field"),
    (float, 5e-324, "field"),
    (Decimal, Decimal("Infinity"), "field"),
    (Decimal, Decimal("1E-131"), "field"),
    (Decimal, Decimal("1." + "1" * 38), "field"),
    (bytes, bytearray(b"x"), "field"),
    (datetime, datetime(2026, 1, 31), "field"),  # noqa: DTZ001 - naive on purpose
    (datetime, datetime.min.replace(tzinfo=timezone(timedelta(hours=2))), "field"),
    (date, NOON, "field"),
    (time, time(1, tzinfo=Floating()), "field"),
    (Color, "r", "field"),
    (Literal["a", 1], True, "field"),
    (Literal["a", 1], [CANARY], "field"),
    (list[str], (CANARY,), "field"),
    (list[str], ["a", 1], "field[1]"),
    (list[set[str]], [{"a"}, {"b"}, set()], "field[2]"),
    (dict[str, set[str]], {"a": set()}, "field[key 0]"),
    (dict[str, int], {"a": 1, CANARY: "x"}, "field[key 1]"),
    (dict[str, int], {"": 1}, "field[key 0]"),
    (dict[str, int], {5: 1}, "field[key 0]"),
    (dict[str, int], {f"{CANARY}\ud800": 1}, "field[key 0]"),
    (dict[int | str, int], {"5": 1}, "field[key 0]"),
    (tuple[int, int], (1,), "field"),
    (tuple[int, int], (1, "x"), "field[1]"),
    (tuple[set[int], ...], (set(),), "field[0]"),
    (set[str] | None, set(), "field"),
    (set[str], frozenset({"a"}), "field"),
    (set[int | str], {1, "1"}, "field"),
    (set[bool | str], {True, "a"}, "field"),
    (set[float | Decimal], {0.1, Decimal("0.1")}, "field"),
    (set[str], {"a\ud800"}, "field"),
    (deque[int], deque([1], maxlen=3), "field"),
    (Sequence[int], (1, 2), "field"),
    (Address, Villa(lines=[]), "field"),
    (Address, {"lines": []}, "field"),
    (Address, _address(), "field.lines"),
    (Address, _address(["a", 5]), "field.lines[1]"),
    (list[Address], [Address(lines=[]), _address(5)], "field[1].lines"),
    (int | str, 1.5, "field"),
    (int | float, 1.0, "field"),
    (int | Decimal, Decimal(2), "field"),
    (str | UUID, "12345678-1234-5678-1234-567812345678", "field"),
    (str | datetime, "2026-01-31T12:00:00Z", "field"),
    (Square | Also, Also(side=1), "field"),
    (Limited | Also, Limited.model_construct(size=0), "field.size"),
    (
        Annotated[Annotated[Square, Tag("a")] | Annotated[Also, Tag("b")], Discriminator(_label)],
        Also(side=1),
        "field",
    ),
    (None, 1, "field"),
    (tuple[int, int], [1, 2], "field"),
    (SecretStr, CANARY, "field"),
    (Roots, [1], "field"),
    (set[Constant], {1, 2}, "field"),
    (dict[str, int] | Square, {"side": 1}, "field"),
    (list[str] | list[Address], [_address([5])], "field[0].lines[0]"),
    (Any, 0.5, "field"),
    (Any, {"a": [0.5]}, "field[key 0][0]"),
    (Any, Decimal(1), "field"),
    (Any, (1,), "field"),
    (Any, frozenset({1}), "field"),
    (Any, set(), "field"),
    (Any, {1, "a"}, "field"),
    (Any, {True}, "field"),
    (Any, {1: 2}, "field[key 0]"),
    (Any, NOON, "field"),
    (Any, Color.RED, "field"),
    (HttpUrl, CANARY, "field"),
    (re.Pattern[str], re.compile("a", re.IGNORECASE), "field"),
    (Json, (1, 2), "field"),
    (Json[float], float("nan"), "field"),
    (Annotated[int, PlainSerializer(_failing)], 5, "field"),
    (Annotated[str, PlainSerializer(lambda value: 5, return_type=str)], "a", "field"),
]


@pytest.mark.parametrize(("declared", "value", "path"), CASES, ids=lambda value: repr(type(value))[:30])
def test_a_value_that_would_change_is_refused_rn23_rn24_rv37_rv39_rv48(
    declared: Any, value: Any, path: str
) -> None:
    plan = compile_model(create_model("Item", field=(declared, None)))
    with pytest.raises(InvalidValueError) as raised:
        plan.encode(plan.model.model_construct(field=value))
    assert raised.value.path == path
    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "declared",
    [
        set[bool],
        set[Address],
        frozenset[list[int]],
        set[None],
        dict[bool, int],
        dict[tuple[int, int], str],
        OrderedDict[str, int],
        Mood,
        Literal["1", Color.RED, "r"],
    ],
)
def test_an_impossible_type_is_refused_by_its_declaration(declared: Any) -> None:
    with pytest.raises(SchemaError, match=r"Item\.field"):
        compile_model(create_model("Item", field=(declared, ...)))


def test_a_type_unknown_to_pydantic_is_refused_by_its_declaration() -> None:
    class Unknown:
        pass

    class Item(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        field: list[Unknown]

    with pytest.raises(SchemaError, match=r"Item\.field"):
        compile_model(Item)


def test_what_is_no_type_is_refused() -> None:
    with pytest.raises(SchemaError, match="field"):
        TypeCompiler(lambda declared, scope: None).node(5, Scope("field"))


def test_an_init_var_is_refused_by_its_declaration() -> None:
    @dataclass
    class Part:
        seed: InitVar[int]

    class Item(BaseModel):
        field: Part

    with pytest.raises(SchemaError, match="InitVar"):
        compile_model(Item)


def test_an_alias_of_a_local_name_is_refused_by_its_declaration() -> None:
    class Local(BaseModel):
        pass

    Alias = TypeAliasType("Alias", "list[Local]")  # noqa: N806 - a type  # pyright: ignore[reportGeneralTypeIssues]

    class Item(BaseModel):
        field: Alias

    with pytest.raises(SchemaError, match=r"Item\.field"):
        compile_model(Item)


def test_a_root_model_is_no_item() -> None:
    with pytest.raises(SchemaError, match="RootModel"):
        compile_model(RootModel[int])


def test_an_undefined_annotation_is_a_schema_error() -> None:
    missing: Any = ForwardRef("list[Missing]")
    model = create_model("Item", field=(missing, ...))
    with pytest.raises(SchemaError, match="Item"):
        compile_model(model)


def test_an_instance_of_a_subclass_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="instance of Address itself: the fields that Villa adds"):
        compile_model(Address).encode(Villa(lines=[]))


def _nested(levels: int, kind: type) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value] if kind is list else {"a": value}
    return value


@pytest.mark.parametrize("kind", [list, dict])
def test_31_containers_are_the_deepest_rv44(kind: type) -> None:
    plan = compile_model(create_model("Item", field=(Any, ...)))
    item = plan.model(field=_nested(31, kind))
    assert plan.decode(plan.encode(item)) == item
    for levels in (32, 33, 5_000):
        with pytest.raises(InvalidValueError, match="nested deeper"):
            plan.encode(plan.model.model_construct(field=_nested(levels, kind)))


def test_a_value_that_contains_itself_is_too_deep() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(InvalidValueError, match="nested deeper"):
        encode_dynamic(value, ("field",))


def test_a_recursive_model_is_bounded_alike() -> None:
    plan = compile_model(Tree)
    tree = Tree()
    for _ in range(15):
        tree = Tree(children=[tree])
    assert plan.decode(plan.encode(tree)) == tree
    for _ in range(1_000):
        tree = Tree.model_construct(children=[tree])
    with pytest.raises(InvalidValueError, match="nested deeper"):
        plan.encode(tree)


def test_a_deep_value_of_a_type_that_only_pydantic_knows_is_refused() -> None:
    plan = compile_model(create_model("Item", field=(Json, ...)))
    with pytest.raises(InvalidValueError):
        plan.encode(plan.model.model_construct(field=_nested(5_000, list)))


def test_an_iterator_is_not_stored() -> None:
    plan = compile_model(create_model("Item", field=(Iterable[int], ...)))
    with pytest.raises(InvalidValueError):
        plan.encode(plan.model.model_construct(field=iter([1])))


def test_a_long_name_is_refused_rv49() -> None:
    with pytest.raises(InvalidValueError, match="65,535 bytes"):
        encode_dynamic({"é" * 32_768: 1}, ("field",))
    assert encode_dynamic({"e" * 65_535: 1}, ("field",))


def test_an_excluded_field_without_a_default_is_refused_by_its_declaration() -> None:
    with pytest.raises(SchemaError, match="excluded"):
        compile_model(create_model("Item", field=(int, Field(exclude=True))))
