"""Key values: from a caller or from an item, checked in bytes."""

from __future__ import annotations

import traceback
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import BaseModel, create_model, field_serializer

from dynarepo._codec import Entity, bind
from dynarepo._codec._keys import FieldKey
from dynarepo._schema import GlobalIndex, TableSchema
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidKeyError, SchemaError
from tests.codec import strategies
from tests.key_models import Event, Pipeline, User

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CANARY = "canary-7351"


class Color(Enum):
    RED = "red"


class Tag(str):
    """A text of another type than the field's."""

    __slots__ = ()


class Level(IntEnum):
    HIGH = 3


class Mixed(Enum):
    A = "a"
    B = 2


class Vanishing(BaseModel):
    key: str = "x"

    @field_serializer("key")
    def _vanish(self, value: str) -> str:
        return None  # type: ignore[return-value]


def keyed_by(declared: Any) -> Entity[Any]:
    """Bind a model with one field, which is the key."""
    return bind(create_model("Thing", key=(declared, ...)), TableSchema("key"))


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


@given(
    value=st.one_of(st.text(), st.sampled_from(["", "\ud800", "k" * 2048, "k" * 2049, "é" * 1025, Tag("a")]))
)
def test_plain_text_is_encoded_as_all_other_values_are(value: str) -> None:
    """Its own short way is right about what it takes, and leaves the rest alone."""
    key = keyed_by(str).table.partition
    assert isinstance(key, FieldKey)
    assert key.is_text
    assert _outcome(key, value) == _outcome(replace(key, is_text=False), value)


def _outcome(key: FieldKey, value: object) -> object:
    try:
        return key.encode(value)
    except InvalidKeyError as error:
        return error.message


@pytest.mark.parametrize("declared", [Color, Literal["a", "b"], UUID, datetime, bool, PurePosixPath])
def test_only_what_takes_any_text_is_plain_text(declared: Any) -> None:
    key = keyed_by(declared).table.partition
    assert isinstance(key, FieldKey)
    assert not key.is_text


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


def test_empty_binary_is_no_key_rk05() -> None:
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
