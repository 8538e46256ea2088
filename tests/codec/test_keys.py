"""Key values: from a caller, from an item, by a template; checked in bytes."""

from __future__ import annotations

import traceback
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, create_model, field_serializer

from dynarepo._codec import Entity, bind
from dynarepo._schema import GlobalIndex, KeyTemplate, TableSchema
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidKeyError, SchemaError
from tests.codec import strategies
from tests.models import Event, Order, Pipeline, User

CANARY = "canary-7351"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Mixed(Enum):
    A = "a"
    B = 2


class Vanishing(BaseModel):
    key: str

    @field_serializer("key")
    def _vanish(self, value: str) -> str:
        return None  # type: ignore[return-value]


def keyed_by(declared: Any) -> Entity[Any]:
    """Bind a model with one field, which is the key."""
    return bind(create_model("Thing", key=(declared, ...)), TableSchema("key"))


def templated(template: str, **fields: Any) -> Entity[Any]:
    """Bind a model whose key is made by a template."""
    definitions: dict[str, Any] = {name: (declared, ...) for name, declared in fields.items()}
    model = create_model("Thing", **definitions)
    return bind(model, TableSchema(KeyTemplate("pk", template)))


@pytest.mark.parametrize(
    ("declared", "value", "stored"),
    [
        (str, "ada", {"S": "ada"}),
        (int, 1000, {"N": "1000"}),
        (int, Decimal("1E3"), {"N": "1000"}),
        (int, 1000.0, {"N": "1000"}),
        (Decimal, 1000, {"N": "1000"}),
        (Decimal, Decimal("1.50"), {"N": "1.5"}),
        (float, 1, {"N": "1"}),
        (bytes, b"\xff\x00", {"B": "/wA="}),
        (bool, True, {"S": "true"}),
        (bool, False, {"S": "false"}),
        (Color, Color.RED, {"S": "red"}),
        (Level, Level.HIGH, {"N": "3"}),
        (Literal["a", "b"], "b", {"S": "b"}),
        (UUID, UUID(int=7), {"S": "00000000-0000-0000-0000-000000000007"}),
        (datetime, NOON, {"S": "2026-01-31T12:00:00.000000Z"}),
        (datetime, NOON.astimezone(timezone(timedelta(hours=2))), {"S": "2026-01-31T12:00:00.000000Z"}),
        (date, date(2026, 1, 31), {"S": "2026-01-31"}),
        (timedelta, timedelta(minutes=1), {"N": "60"}),
    ],
)
def test_a_key_is_stored_as_its_field_is(declared: Any, value: object, stored: AttributeValue) -> None:
    assert keyed_by(declared).table.encode(value, None) == {"key": stored}


@pytest.mark.parametrize("declared", [list[str], set[str], dict[str, str], str | int, Any, Mixed, None])
def test_a_type_that_dynamodb_has_no_keys_of_is_refused(declared: Any) -> None:
    with pytest.raises(SchemaError, match="key"):
        keyed_by(declared)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (str, 7),
        (str, b"ada"),
        (str, True),
        (str, ["ada"]),
        (str, ("ada", "lovelace")),
        (str, {"key": "ada"}),
        (str, "a\ud800"),
        (int, "7"),
        (int, True),
        (int, float("nan")),
        (int, Decimal("Infinity")),
        (int, 10**126),
        (Decimal, Decimal("1." + "1" * 38)),
        (bytes, "ada"),
        (bytes, bytearray(b"ada")),
        (bool, "true"),
        (bool, 1),
        (Color, "red"),
        (datetime, datetime(2026, 1, 1)),  # noqa: DTZ001
        (datetime, "2026-01-31T12:00:00.000000Z"),
        (date, NOON),
        (UUID, "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_field(declared: Any, value: object) -> None:
    with pytest.raises(InvalidKeyError, match=r"^key: "):
        keyed_by(declared).table.encode(value, None)


def test_a_refused_key_is_not_shown() -> None:
    for pk, sk in ((CANARY * 200, "a"), ("a", CANARY * 200), (CANARY + "\ud800", "a"), ([CANARY], "a")):
        with pytest.raises(InvalidKeyError) as caught:
            bind(User).table.encode(pk, sk)
        assert CANARY not in repr(caught.value)
        assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(("pk", "sk"), [(None, "a"), ("a", None), (None, None), ("", "a"), ("a", "")])
def test_a_key_that_is_missing_or_empty_is_refused(pk: object, sk: object) -> None:
    with pytest.raises(InvalidKeyError, match=r"[ps]k: .*(missing|empty)"):
        bind(User).table.encode(pk, sk)


def test_empty_binary_is_no_key() -> None:
    with pytest.raises(InvalidKeyError, match="digest: a key must not be empty"):
        bind(Event).table.encode(1, b"")


def test_a_sort_key_is_refused_where_the_table_has_none() -> None:
    with pytest.raises(InvalidKeyError, match="the table has none"):
        bind(Pipeline).table.encode("a", "b")


@pytest.mark.parametrize("character", ["a", "é", "\U0001f600"])
def test_a_key_is_measured_in_bytes(character: str) -> None:
    """2048 bytes for a partition key and 1024 for a sort key, whatever the characters."""
    size = len(character.encode())
    table = bind(User).table
    assert table.encode(character * (2048 // size), character * (1024 // size))
    with pytest.raises(InvalidKeyError, match=f"pk: the key has {2048 + size} bytes"):
        table.encode(character * (2048 // size + 1), "a")
    with pytest.raises(InvalidKeyError, match=f"sk: the key has {1024 + size} bytes"):
        table.encode("a", character * (1024 // size + 1))


def test_a_binary_key_is_measured_without_its_base64() -> None:
    assert bind(Event).table.encode(1, b"\xff" * 1024)
    with pytest.raises(InvalidKeyError, match="digest: the key has 1025 bytes"):
        bind(Event).table.encode(1, b"\xff" * 1025)


def test_a_rendered_key_is_measured_whole() -> None:
    prefix = len("CUSTOMER#")
    assert bind(Order).table.partition.encode({"customer_id": "a" * (2048 - prefix)})
    with pytest.raises(InvalidKeyError, match="pk: the key has 2049 bytes"):
        bind(Order).table.partition.encode({"customer_id": "a" * (2049 - prefix)})


def test_a_template_renders_its_fields() -> None:
    key = bind(Order).table.encode({"customer_id": "ada"}, {"order_id": "o-1", "placed_at": NOON})
    assert key == {"pk": {"S": "CUSTOMER#ada"}, "sk": {"S": "ORDER#2026-01-31T12:00:00.000000Z#o-1"}}


def test_a_templated_key_may_be_given_as_finished_text() -> None:
    assert bind(Order).table.encode("CUSTOMER#ada", "ORDER#1#2") == {
        "pk": {"S": "CUSTOMER#ada"},
        "sk": {"S": "ORDER#1#2"},
    }


def test_a_constant_template_is_its_text() -> None:
    entity = templated("SETTINGS", name=str)
    assert entity.table.encode({}, None) == entity.table.encode("SETTINGS", None) == {"pk": {"S": "SETTINGS"}}
    assert entity.encode(entity.model(name="a"))["pk"] == {"S": "SETTINGS"}


@pytest.mark.parametrize(
    ("template", "number", "text"),
    [
        ("N#{number}", 7, "N#00000000000000000007"),
        ("N#{number}", 10**20 - 1, "N#99999999999999999999"),
        ("{number:03}", 7, "007"),
        ("{number:3}#", 999, "999#"),
        ("{number:1}", 0, "0"),
        ("{number:38}", 10**38 - 1, "9" * 38),
    ],
)
def test_a_number_in_a_template_is_padded(template: str, number: int, text: str) -> None:
    entity = templated(template, number=int)
    assert entity.table.encode({"number": number}, None) == {"pk": {"S": text}}
    assert entity.encode(entity.model(number=number))["pk"] == {"S": text}


@pytest.mark.parametrize("number", [-1, 1000, 10**30, Decimal("1.5")])
def test_a_number_that_does_not_fit_its_place_is_refused(number: Any) -> None:
    with pytest.raises(InvalidKeyError, match=r"number: .* at most 3 digits"):
        templated("{number:03}", number=int).table.encode({"number": number}, None)


@given(st.lists(st.integers(0, 10**20 - 1), min_size=2))
def test_numbers_in_templates_sort_as_numbers(numbers: list[int]) -> None:
    encode = templated("N#{number}", number=int).table.partition.encode
    texts = [encode({"number": number})["S"] for number in sorted(numbers)]
    assert texts == sorted(texts)


@given(st.lists(strategies.datetimes, min_size=2))
def test_instants_sort_as_their_keys_do(instants: list[datetime]) -> None:
    encode = keyed_by(datetime).table.partition.encode
    keys: dict[str, datetime] = {}
    for instant in instants:
        try:
            keys[encode(instant)["S"]] = instant
        except InvalidKeyError:  # out of range as a time in UTC
            continue
    assert [keys[text] for text in sorted(keys)] == sorted(keys.values())


@pytest.mark.parametrize(
    ("template", "fields", "message"),
    [
        ("{nope}", {"a": str}, "unknown field 'nope'"),
        ("{a}", {"a": float}, "'a' has fractions"),
        ("{a}", {"a": Decimal}, "'a' has fractions"),
        ("{a}", {"a": bytes}, "'a' cannot stand in a key"),
        ("{a}", {"a": list[str]}, "'a' cannot stand in a key"),
        ("{a}", {"a": str | int}, "'a' cannot stand in a key"),
        ("{a}{b}", {"a": str, "b": str}, "needs literal text between"),
        ("{a}{b}", {"a": bool, "b": str}, "needs literal text between"),
        ("{a:08}", {"a": str}, "gives a width to 'a'"),
        ("{a}", {"a": str, "pk": str}, "both a field and a key template"),
    ],
)
def test_a_template_that_would_sort_wrongly_or_be_ambiguous_is_refused(
    template: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(SchemaError, match=message):
        templated(template, **fields)


def test_neighbours_of_fixed_width_need_no_text_between_them() -> None:
    entity = templated("{a:02}{b:02}{c}", a=int, b=int, c=str)
    assert entity.table.encode({"a": 1, "b": 2, "c": "x"}, None) == {"pk": {"S": "0102x"}}


@pytest.mark.parametrize("value", ["a#b", "#", "a#", "##"])
def test_a_value_that_holds_the_text_behind_it_is_refused(value: str) -> None:
    """Else ("a#b", "c") and ("a", "b#c") would be one key."""
    entity = templated("{a}#{b}", a=str, b=str)
    with pytest.raises(InvalidKeyError, match="a: holds the text that separates it"):
        entity.table.encode({"a": value, "b": "c"}, None)
    with pytest.raises(InvalidKeyError, match="a: holds the text that separates it"):
        entity.encode(entity.model(a=value, b="c"))
    assert entity.table.encode({"a": "c", "b": value}, None)


def test_a_value_that_ends_in_a_part_of_the_text_behind_it_is_refused() -> None:
    entity = templated("{a}--{b}", a=str, b=str)
    assert entity.table.encode({"a": "x-y", "b": "z"}, None)
    with pytest.raises(InvalidKeyError, match="a: holds"):
        entity.table.encode({"a": "x-", "b": "z"}, None)


PIECES = st.text("a#-0", max_size=5)


@given(PIECES, PIECES, PIECES, PIECES)
def test_two_items_never_get_one_key(a: str, b: str, c: str, d: str) -> None:
    encode = templated("{a}#-{b}", a=str, b=str).table.partition.encode
    try:
        left, right = encode({"a": a, "b": b}), encode({"a": c, "b": d})
    except InvalidKeyError:
        return
    assert (left == right) == ((a, b) == (c, d))


@pytest.mark.parametrize(
    ("given_fields", "message"),
    [
        ({"placed_at": NOON}, "also needs order_id"),
        ({}, "also needs placed_at, order_id"),
        ({"placed_at": NOON, "order_id": None}, "order_id: the key value is missing"),
        ({"placed_at": NOON, "order_id": "1", "status": "open"}, "has only placed_at, order_id"),
        ({"placed_at": NOON, "order_id": "1", 5: "open"}, "has only placed_at, order_id"),
        ({"placed_at": "2026", "order_id": "1"}, "placed_at: is declared as datetime"),
        (7, "takes the key's text"),
        (NOON, "takes the key's text"),
        ("a\ud800", "sk: .*surrogate"),
    ],
)
def test_a_wrong_value_for_a_template_is_refused(given_fields: object, message: str) -> None:
    with pytest.raises(InvalidKeyError, match=message):
        bind(Order).table.encode("CUSTOMER#ada", given_fields)


def test_a_prefix_is_text_or_the_first_fields() -> None:
    sort = bind(Order).table.sort
    assert sort is not None
    assert sort.encode_prefix("ORDER#2026") == {"S": "ORDER#2026"}
    assert sort.encode_prefix({}) == {"S": "ORDER#"}
    assert sort.encode_prefix({"placed_at": NOON}) == {"S": "ORDER#2026-01-31T12:00:00.000000Z#"}
    with pytest.raises(InvalidKeyError, match="first fields"):
        sort.encode_prefix({"order_id": "1"})
    with pytest.raises(InvalidKeyError, match="has only"):
        sort.encode_prefix({"status": "open"})


@pytest.mark.parametrize("declared", [str, datetime, UUID, Color])
def test_a_prefix_of_a_text_key_is_text(declared: Any) -> None:
    assert keyed_by(declared).table.partition.encode_prefix("20") == {"S": "20"}
    for wrong in (20, b"20", NOON, None, ""):
        with pytest.raises(InvalidKeyError, match="key: "):
            keyed_by(declared).table.partition.encode_prefix(wrong)


def test_a_prefix_of_a_binary_key_is_bytes_and_a_number_has_none() -> None:
    assert keyed_by(bytes).table.partition.encode_prefix(b"\xff") == {"B": "/w=="}
    for declared, wrong in ((bytes, "a"), (int, 1), (int, "1"), (int, b"1")):
        with pytest.raises(InvalidKeyError, match="begins_with takes text for a text key"):
            keyed_by(declared).table.partition.encode_prefix(wrong)


def test_a_key_of_an_item_is_that_of_its_fields() -> None:
    entity = bind(Order)
    order = Order(customer_id="ada", order_id="o-1", status="open", placed_at=NOON)
    item = entity.encode(order)
    given_key = entity.table.encode({"customer_id": "ada"}, {"placed_at": NOON, "order_id": "o-1"})
    assert entity.table.of(item) == given_key


@pytest.mark.parametrize(
    ("template", "fields"),
    [
        ("A#{a}", {"a": "x"}),
        ("{a}#{b}Z", {"a": "x", "b": "y#"}),
        ("{n:03}{m:02}{a}", {"n": 7, "m": 12, "a": "34"}),
        ("{yes}|{a}", {"yes": True, "a": ""}),
        ("{a}#{a}", {"a": "x"}),
        ("CONSTANT", {}),
    ],
)
def test_finished_text_tells_the_fields_it_is_made_from(template: str, fields: dict[str, Any]) -> None:
    entity = templated(template, a=str, b=str, n=int, m=int, yes=bool)
    key = entity.table.partition
    text = key.encode(fields)["S"]
    assert key.known(text) == key.known(fields)
    assert set(key.known(text)) == set(fields)


@pytest.mark.parametrize(
    "text", ["x", "N#1#a", "N#x01#a", "N#001#a!", "N#001", "N#001#", "N#²²²#a", "M#001#a"]
)
def test_text_that_a_template_cannot_have_made_tells_nothing(text: str) -> None:
    entity = templated("N#{n:03}#{a}.", a=str, n=int)
    assert entity.table.partition.known(text) == {}


@given(PIECES, st.integers(0, 999))
def test_taking_a_key_apart_undoes_its_making(text: str, number: int) -> None:
    key = templated("{a}#-{n:03}#{b}", a=str, b=str, n=int).table.partition
    fields = {"a": text, "b": text, "n": number}
    try:
        rendered = key.encode(fields)["S"]
    except InvalidKeyError:
        return
    assert key.known(rendered) == key.known(fields)


def test_a_key_that_a_serializer_makes_null_is_refused() -> None:
    entity = bind(Vanishing, TableSchema("key"))
    with pytest.raises(InvalidKeyError, match="key: a key is text, a number or binary, and not NULL"):
        entity.encode(Vanishing(key="a"))


def index_keys(entity: Entity[Any], item: WireItem) -> WireItem:
    return {
        key.attribute: item[key.attribute] for index in entity.indexes.values() for key in index.attributes
    }


def test_an_index_key_of_several_attributes_is_written_attribute_by_attribute() -> None:
    entity = bind(Event)
    assert index_keys(entity, entity.encode(Event(device=1, digest=b"a"))) == {
        "country": {"S": "se"},
        "city": {"S": "umea"},
        "year": {"N": "2026"},
        "month": {"N": "1"},
    }


def test_a_sort_key_of_an_index_has_1024_bytes() -> None:
    entity = bind(
        create_model("Thing", pk=(str, ...), other=(str, ...)),
        TableSchema("pk", gsis=(GlobalIndex("idx", "pk", "other"),)),
    )
    assert entity.encode(entity.model(pk="a", other="a" * 1024))
    with pytest.raises(InvalidKeyError, match="other: the key has 1025 bytes"):
        entity.encode(entity.model(pk="a", other="a" * 1025))
