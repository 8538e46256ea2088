"""Several models of one table, read as one: what they must agree on, and what they need not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Json, create_model

from dynarepo._codec import Entity, EntityUnion, bind, unite
from dynarepo._item_text import ItemText
from dynarepo._schema import TableSchema
from dynarepo.exceptions import (
    InvalidItemError,
    InvalidRequestError,
    InvalidValueError,
    SchemaError,
    WrongModelError,
)
from tests.codec.making import entity, model
from tests.several_models import Bird, Cat, Customer, Dog, Invoice, Order

NOON: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)

SHOP: Final = unite([bind(Customer), bind(Order)])
PETS: Final = unite([bind(Cat), bind(Dog)])


class Color(Enum):
    RED = "red"


def of(field_a: Any, field_b: Any) -> EntityUnion[Any]:
    """Unite two models with a field of these types."""
    return unite([model("A", field=field_a), model("B", field=field_b)])


# What a union is of


def test_a_union_is_named_by_its_models_and_reads_whole_items() -> None:
    assert SHOP.name == "Customer | Order"
    assert SHOP.paths is None
    assert SHOP.needed == {"customer_id", "name", "status", "expires_at", "order_id", "total"}


def test_its_discriminator_has_the_texts_of_all() -> None:
    assert unite([bind(Order), bind(Invoice), bind(Customer)]).discriminator.texts == (
        "ORDER",
        "Invoice",
        "CUSTOMER",
    )
    assert PETS.discriminator.texts == ("cat", "dog")


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([], "two or more models"),
        ([bind(Cat)], "^Cat: a union is of two or more models"),
        ([bind(Cat), bind(Cat)], r"^Cat \| Cat: two of the models have the same discriminator"),
        ([bind(Cat), entity("Dog", TableSchema("pk", "sk"))], r"^Cat \| Dog: .* each with a discriminator"),
        (
            [entity("A", TableSchema("pk", "sk")), entity("B", TableSchema("pk", "sk"))],
            r"^A \| B: .* each with a discriminator",
        ),
        (
            [
                entity("A", TableSchema("pk", "sk", discriminator=("entity", "X"))),
                entity("B", TableSchema("pk", "sk", discriminator=("entity", "X"))),
            ],
            r"^A \| B: two of the models have the same discriminator",
        ),
        (
            [model("A"), entity("B", TableSchema("pk", "sk", discriminator="other"))],
            r"^A \| B: the models have different discriminator attributes",
        ),
        (
            [model("A"), entity("B", TableSchema("pk", discriminator="entity"))],
            r"^A \| B: the models have different table keys",
        ),
        (
            [model("A"), entity("B", TableSchema("sk", "pk", discriminator="entity"))],
            r"^A \| B, the table: the models have different keys",
        ),
        ([model("A"), model("B", sk=int)], r"^A \| B, the table: the models have different keys"),
        (
            [
                entity("A", TableSchema("pk", "sk", discriminator="entity", ttl="t"), t=int),
                entity("B", TableSchema("pk", "sk", discriminator="entity", ttl="u"), u=int),
            ],
            r"^A \| B: the models have different expiry attributes",
        ),
    ],
)
def test_models_that_are_no_union_are_refused(entities: list[Entity[Any]], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        unite(entities)


def test_one_expiry_attribute_is_that_of_the_union() -> None:
    assert SHOP.expiry == "expires_at"
    assert unite([bind(Order), bind(Invoice)]).expiry is None


# Conditions


def test_a_field_of_one_model_is_found() -> None:
    stored, node = SHOP.resolve(("total",))
    assert stored == ("total",)
    assert node.tags == {"N"}


@pytest.mark.parametrize(
    ("kind_a", "kind_b", "value", "wire"),
    [
        (str, str, "x", {"S": "x"}),
        (str, str | None, "x", {"S": "x"}),
        (str | None, str, "x", {"S": "x"}),
        (datetime, datetime, NOON, {"S": "2026-01-31T12:00:00.000000Z"}),
        (int, Decimal, Decimal(5), {"N": "5"}),
        (Literal["open"], Literal["shut"], "open", {"S": "open"}),
        (Literal["open"], Literal["shut"], "shut", {"S": "shut"}),
        (Literal["open"], str, "x", {"S": "x"}),
        (datetime, str, NOON, {"S": "2026-01-31T12:00:00.000000Z"}),
        (datetime, str, "x", {"S": "x"}),
        (Color, str, Color.RED, {"S": "red"}),
    ],
)
def test_a_field_stored_under_one_type_takes_what_any_of_the_models_can_hold(
    kind_a: Any, kind_b: Any, value: object, wire: Any
) -> None:
    for united in (of(kind_a, kind_b), of(kind_b, kind_a)):
        stored, node = united.resolve(("field",))
        assert stored == ("field",)
        assert node.encode(value, ("field",)) == wire


def test_a_value_that_none_of_the_models_can_hold_is_refused() -> None:
    _, node = of(Literal["open"], Literal["shut"]).resolve(("field",))
    with pytest.raises(InvalidValueError, match="field: is declared as a Literal"):
        node.encode("ajar", ("field",))


def test_a_value_that_two_models_store_differently_is_refused() -> None:
    _, node = of(str, Json[str]).resolve(("field",))
    with pytest.raises(InvalidValueError, match="field: is stored in different ways"):
        node.encode("x", ("field",))


def test_a_field_reads_as_the_first_model_does() -> None:
    _, node = of(datetime, str).resolve(("field",))
    assert node.decode({"S": "2026-01-31T12:00:00.000000Z"}) == NOON


@pytest.mark.parametrize(
    ("kind_a", "kind_b"),
    [(str, int), (str, bytes), (int, str | None), (int, int | str), (set[str], list[str]), (str, Any)],
)
def test_a_field_stored_under_two_types_is_refused(kind_a: Any, kind_b: Any) -> None:
    for united in (of(kind_a, kind_b), of(kind_b, kind_a)):
        with pytest.raises(InvalidRequestError, match=r"A \| B: field is stored in different ways"):
            united.resolve(("field",))


def test_a_field_stored_under_two_names_is_refused() -> None:
    aliased = create_model("B", pk=(str, ...), sk=(str, ...), field=(str, ...))
    aliased.model_fields["field"].serialization_alias = "f"
    aliased.model_rebuild(force=True)
    other = bind(aliased, TableSchema("pk", "sk", discriminator="entity"))
    with pytest.raises(InvalidRequestError, match="field is stored in different ways"):
        unite([model("A", field=str), other]).resolve(("field",))


@pytest.mark.parametrize("path", [("nope",), ("pk",), ("entity",), ("total", "nope"), ("total", 0), ()])
def test_a_field_of_none_of_the_models_is_refused(path: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"Customer \| Order: none of the models stores a field"):
        SHOP.resolve(path)


def test_a_field_that_one_declares_is_not_looked_for_among_the_extra_fields_of_another() -> None:
    united = unite([model("A", config=ConfigDict(extra="allow")), model("B", total=int)])
    assert united.resolve(("total",))[1].tags == {"N"}
    assert united.resolve(("undeclared",))[0] == ("undeclared",)


def test_a_part_of_a_field_is_resolved_in_each_model() -> None:
    class Address(BaseModel):
        city: str

    class Place(BaseModel):
        city: str
        country: str

    united = of(Address, Place)
    assert united.resolve(("field", "city"))[0] == ("field", "city")
    assert united.resolve(("field", "country"))[0] == ("field", "country")
    assert of(list[str], list[str]).resolve(("field", 0))[1].encode("x", ()) == {"S": "x"}
    with pytest.raises(InvalidRequestError, match=r"none of the models stores a field field\.street"):
        united.resolve(("field", "street"))


# Reading


def test_each_item_is_what_its_discriminator_says() -> None:
    customer = Customer(customer_id="ada", name="Ada")
    order = Order(customer_id="ada", order_id=1)
    for item in (customer, order):
        wire = bind(type(item)).encode(item)
        for form in (wire, ItemText(json.dumps(wire).encode())):
            found = SHOP.decode(form)
            assert type(found) is type(item)
            assert found == item


def test_an_item_of_a_third_model_is_none_of_the_union() -> None:
    with pytest.raises(WrongModelError, match=r"no Cat \| Dog: its discriminator 'kind' names another model"):
        PETS.decode(bind(Bird).encode(Bird(pk="a", sk="b")))
    with pytest.raises(WrongModelError, match=r"no Cat \| Dog: its discriminator 'kind' is missing"):
        PETS.decode({"pk": {"S": "a"}, "sk": {"S": "b"}})


def test_an_item_that_does_not_fit_its_model_is_told_by_that_name() -> None:
    item = bind(Order).encode(Order(customer_id="ada", order_id=1))
    with pytest.raises(InvalidItemError, match=r"^Order: the stored item does not fit: total"):
        SHOP.decode(item | {"total": {"S": "canary"}})


# Views


class Status(BaseModel):
    status: str


def test_a_view_is_made_of_the_items_of_all() -> None:
    view = SHOP.view(Status)
    assert view.name == "Status"
    assert view.paths == (("status",),)
    assert view.needed == {"status"}
    for text in ("CUSTOMER", "ORDER"):
        assert view.decode({"entity": {"S": text}, "status": {"S": "x"}}) == Status(status="x")


def test_a_view_of_an_item_of_a_third_model_is_refused() -> None:
    with pytest.raises(WrongModelError, match="no Status: its discriminator 'entity' names another model"):
        SHOP.view(Status).decode({"entity": {"S": "Invoice"}, "status": {"S": "x"}})


def test_a_view_of_a_field_that_one_model_lacks_is_refused_with_that_model() -> None:
    class Totals(BaseModel):
        total: int

    with pytest.raises(SchemaError, match=r"Totals\.total: Customer stores no field of this name"):
        SHOP.view(Totals)


def test_a_view_reads_each_model_by_its_own_stored_names() -> None:
    aliased = create_model("B", pk=(str, ...), sk=(str, ...), status=(str, ...))
    aliased.model_fields["status"].serialization_alias = "s"
    aliased.model_rebuild(force=True)
    other = bind(aliased, TableSchema("pk", "sk", discriminator="entity"))
    view = unite([model("A", status=str), other]).view(Status)
    assert view.needed == {"status", "s"}
    assert view.decode({"entity": {"S": "A"}, "status": {"S": "x"}}) == Status(status="x")
    assert view.decode({"entity": {"S": "B"}, "s": {"S": "x"}}) == Status(status="x")
