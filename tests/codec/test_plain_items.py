"""Items of no model: what is written comes back equal, or is refused."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo._codec import DecodeError, decode_item, encode_item, encode_item_key
from dynarepo.exceptions import InvalidKeyError, InvalidRequestError, InvalidValueError
from tests.codec import strategies


class Colour(StrEnum):
    RED = "red"


NUMBERS = st.one_of(strategies.ints, strategies.decimals)
ITEMS = st.dictionaries(
    strategies.names, st.one_of(strategies.plain, NUMBERS, st.lists(NUMBERS, max_size=3)), min_size=1
)


@given(ITEMS)
def test_an_item_comes_back_equal(item: dict[str, Any]) -> None:
    assert decode_item(encode_item(item)) == item


@pytest.mark.parametrize(
    ("value", "stored", "back"),
    [
        ("", {"S": ""}, str),
        (7, {"N": "7"}, int),
        (Decimal("1.50"), {"N": "1.5"}, Decimal),
        (Decimal("20.00"), {"N": "20"}, int),
        (Decimal("1E3"), {"N": "1000"}, int),
        (b"a", {"B": "YQ=="}, bytes),
        (True, {"BOOL": True}, bool),
        (None, {"NULL": True}, type(None)),
        ([1, "a"], {"L": [{"N": "1"}, {"S": "a"}]}, list),
        ({"b": {}}, {"M": {"b": {"M": {}}}}, dict),
        ({"b", "a"}, {"SS": ["a", "b"]}, set),
        ({2, Decimal("1.5"), Decimal(3)}, {"NS": ["1.5", "2", "3"]}, set),
        ({b"a"}, {"BS": ["YQ=="]}, set),
    ],
)
def test_each_type_of_dynamodb_has_one_of_python(value: object, stored: Any, back: type) -> None:
    wire = encode_item({"a": value})
    assert wire == {"a": stored}
    assert decode_item(wire) == {"a": value}
    assert type(decode_item(wire)["a"]) is back


@pytest.mark.parametrize("value", [1.5, 2.0, [0.1], {"b": 0.1}, {0.5}])
def test_a_float_is_refused_and_the_message_says_what_to_use(value: object) -> None:
    with pytest.raises(InvalidValueError, match=r"^price.*: a float is not exact: use Decimal$"):
        encode_item({"price": value})


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        frozenset({1}),
        datetime(2026, 1, 1, tzinfo=UTC),
        Colour.RED,
        OrderedDict(b=1),
        MappingProxyType({"b": 1}),
        bytearray(b"a"),
        object(),
    ],
)
def test_what_dynamodb_has_no_type_for_is_refused(value: object) -> None:
    with pytest.raises(InvalidValueError, match=f"^a: DynamoDB has no {type(value).__name__}: it takes"):
        encode_item({"a": value})


@pytest.mark.parametrize(
    "value",
    [set(), {1, "a"}, {None}, Decimal("NaN"), 10**126, Decimal("1." + "1" * 38), "\ud800", {1: "a"}, {"": 1}],
)
def test_a_value_that_dynamodb_would_not_take_is_refused(value: object) -> None:
    with pytest.raises(InvalidValueError) as raised:
        encode_item({"a": value})
    assert raised.value.path.startswith("a")


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InvalidValueError, match="nested deeper"):
        encode_item({"a": endless})


def test_a_message_has_the_attribute_and_no_value_and_no_key_of_a_dict() -> None:
    with pytest.raises(InvalidValueError) as raised:
        encode_item({"a": {"canary": [1.25]}})
    assert raised.value.path == "a[key 0][0]"
    assert "canary" not in str(raised.value)
    assert "1.25" not in str(raised.value)


@pytest.mark.parametrize("item", [{}, None, [("a", 1)], "a"])
def test_an_item_is_a_dict_that_is_not_empty(item: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^item is a dict with at least one attribute$"):
        encode_item(item)


@pytest.mark.parametrize("name", [1, None, b"a", Colour.RED, "", "\ud800", "é" * 32_768])
def test_a_name_that_cannot_be_an_attributes_is_refused(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^item: "):
        encode_item({"a": 1, name: 1})


def test_any_mapping_can_be_the_item() -> None:
    assert encode_item(MappingProxyType({"a": 1})) == {"a": {"N": "1"}}


@pytest.mark.parametrize("value", ["a", 7, Decimal("1.5"), Decimal("2.0"), b"a"])
def test_a_key_is_text_a_number_or_bytes(value: object) -> None:
    assert decode_item(encode_item_key({"pk": value})) == {"pk": value}


@pytest.mark.parametrize("value", ["", b"", None, True, 1.5, [1], {"a"}, "é" * 1025, (1,)])
def test_a_value_that_cannot_be_a_key_is_refused(value: object) -> None:
    with pytest.raises(InvalidKeyError, match=r"^sk: "):
        encode_item_key({"pk": "a", "sk": value})


@pytest.mark.parametrize("key", [{}, None, "a", {1: "a"}])
def test_a_key_is_a_dict_that_is_not_empty(key: Any) -> None:
    with pytest.raises(InvalidKeyError, match=r"^last_evaluated_key"):
        encode_item_key(key, "last_evaluated_key")


@pytest.mark.parametrize("item", [None, [], "a", {"a": 1}, {"a": {}}, {"a": {"N": "x"}}, {"a": {"SS": [{}]}}])
def test_what_dynamodb_never_stores_is_no_item(item: object) -> None:
    with pytest.raises(DecodeError):
        decode_item(item)
