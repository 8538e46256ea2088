"""Keys that templates make of fields: they sort as the fields do, and no two items get one key."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import create_model

from dynarepo._codec import Entity, bind
from dynarepo._schema import KeyTemplate, TableSchema
from dynarepo.exceptions import InvalidKeyError, SchemaError
from tests.key_models import Order

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def templated(template: str, **fields: Any) -> Entity[Any]:
    """Bind a model whose key is made by a template."""
    definitions: dict[str, Any] = {name: (declared, ...) for name, declared in fields.items()}
    model = create_model("Thing", **definitions)
    return bind(model, TableSchema(KeyTemplate("pk", template)))


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
