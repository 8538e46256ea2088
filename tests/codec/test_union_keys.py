"""The keys and indexes of several models as those of one: what each takes, or else what is stored."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Any, Final, Literal
from uuid import UUID

import pytest

from dynarepo._codec import Entity, EntityUnion, bind, unite
from dynarepo._schema import GlobalIndex, KeyTemplate, LocalIndex, TableSchema
from dynarepo.exceptions import InvalidKeyError, SchemaError
from tests.codec.making import entity
from tests.several_models import Customer, Order

NOON: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
NIL: Final = UUID(int=0)

SHOP: Final = unite([bind(Customer), bind(Order)])


class Color(Enum):
    RED = "red"


def keyed(schema: TableSchema, kind_a: Any, kind_b: Any) -> EntityUnion[Any]:
    """Unite two models of one schema whose field `id` is of these types."""
    return unite([entity("A", schema, id=kind_a), entity("B", schema, id=kind_b)])


@pytest.mark.parametrize("pk", [{"customer_id": "ada"}, "CUSTOMER#ada"])
def test_a_key_that_all_make_alike_takes_what_each_takes(pk: Any) -> None:
    assert SHOP.table.encode(pk, "PROFILE") == {"pk": {"S": "CUSTOMER#ada"}, "sk": {"S": "PROFILE"}}


@pytest.mark.parametrize("sk", [{"order_id": 1}, {}, NIL, ["ORDER"], True, None])
def test_a_key_that_they_make_differently_takes_its_text_alone(sk: Any) -> None:
    with pytest.raises(InvalidKeyError, match=r"sk: .*(as it is stored|missing)"):
        SHOP.table.encode({"customer_id": "ada"}, sk)


def test_the_text_of_a_key_is_checked() -> None:
    with pytest.raises(InvalidKeyError, match="sk: a key must not be empty"):
        SHOP.table.encode("CUSTOMER#ada", "")
    with pytest.raises(InvalidKeyError, match="sk: the key has 1025 bytes"):
        SHOP.table.encode("CUSTOMER#ada", "x" * 1025)
    with pytest.raises(InvalidKeyError, match="sk: the key value is of the wrong type"):
        SHOP.table.encode("CUSTOMER#ada", 5)


def test_a_prefix_of_a_key_that_they_make_differently_is_text() -> None:
    sort = SHOP.table.sort
    assert sort is not None
    assert sort.encode_prefix("ORDER#") == {"S": "ORDER#"}
    with pytest.raises(InvalidKeyError, match="as it is stored"):
        sort.encode_prefix({"order_id": 1})


def test_a_key_that_they_make_differently_tells_no_fields() -> None:
    sort = SHOP.table.sort
    assert sort is not None
    assert sort.fields == ()
    assert sort.known("ORDER#0001") == {}
    assert sort.of({"sk": {"S": "ORDER#0001"}}) == {"S": "ORDER#0001"}
    assert sort.of({}) is None


FIELD = TableSchema("id", discriminator="entity")
TEMPLATE = TableSchema(KeyTemplate("key", "X#{id}"), discriminator="entity")


@pytest.mark.parametrize("schema", [FIELD, TEMPLATE])
@pytest.mark.parametrize(("kind", "value"), [(UUID, NIL), (date, date(2026, 1, 31)), (Color, Color.RED)])
def test_fields_of_one_type_take_its_values(schema: TableSchema, kind: Any, value: Any) -> None:
    given = value if schema is FIELD else {"id": value}
    encoded = keyed(schema, kind, kind).table.encode(given, None)
    assert encoded == entity("A", schema, id=kind).table.encode(given, None)


def test_fields_of_two_types_take_what_is_stored() -> None:
    """What one of the models would refuse, or store differently, is no key of the union."""
    table = keyed(FIELD, UUID, str).table
    assert table.encode("not a UUID", None) == {"id": {"S": "not a UUID"}}
    with pytest.raises(InvalidKeyError, match=r"id: .* as it is stored"):
        table.encode(NIL, None)


def test_fields_of_a_type_that_only_pydantic_knows_take_what_is_stored() -> None:
    table = keyed(FIELD, IPv4Address, IPv4Address).table
    assert table.encode("10.0.0.1", None) == {"id": {"S": "10.0.0.1"}}
    with pytest.raises(InvalidKeyError, match=r"id: .* as it is stored"):
        table.encode(IPv4Address("10.0.0.1"), None)


def test_a_key_that_is_not_given_is_missing() -> None:
    with pytest.raises(InvalidKeyError, match="id: the key value is missing"):
        keyed(FIELD, UUID, str).table.encode(None, None)


def test_numbers_of_two_types_are_one_number() -> None:
    table = keyed(FIELD, int, Decimal).table
    for number in (1000, Decimal("1E3"), 1000.0):
        assert table.encode(number, None) == {"id": {"N": "1000"}}
    with pytest.raises(InvalidKeyError, match="begins_with takes a text or binary key"):
        table.partition.encode_prefix(1)


def test_binary_keys_of_two_types_are_bytes() -> None:
    sort = GlobalIndex("idx", "pk", "id")
    schema = TableSchema("pk", "sk", discriminator="entity", gsis=(sort,))
    by_id = keyed(schema, bytes, Literal[b"a"]).indexes["idx"].sort[0]
    assert by_id.encode(b"a") == {"B": "YQ=="}
    assert by_id.encode_prefix(b"a") == {"B": "YQ=="}


def test_a_template_of_fields_of_two_types_takes_its_text() -> None:
    """`X#{id}` is padded with zeros where `id` is a number."""
    table = keyed(TEMPLATE, int, str).table
    assert table.encode("X#1", None) == {"key": {"S": "X#1"}}
    with pytest.raises(InvalidKeyError, match=r"key: .* as it is stored"):
        table.encode({"id": 1}, None)


def test_a_template_and_a_field_take_the_text() -> None:
    field = entity("A", TableSchema("key", discriminator="entity"), key=str)
    template = entity("B", TEMPLATE, id=str)
    assert unite([field, template]).table.encode("X#1", None) == {"key": {"S": "X#1"}}
    with pytest.raises(InvalidKeyError, match="as it is stored"):
        unite([template, field]).table.encode({"id": "1"}, None)


def indexed(name: str, *gsis: GlobalIndex, lsis: tuple[LocalIndex, ...] = ()) -> Entity[Any]:
    schema = TableSchema("pk", "sk", discriminator="entity", gsis=gsis, lsis=lsis)
    return entity(name, schema, a=(str | None, None), b=(str | None, None), at=(datetime | None, None))


def test_the_indexes_of_all_are_those_of_the_union() -> None:
    one, two = GlobalIndex("one", "a"), GlobalIndex("two", "b", "at")
    united = unite([indexed("A", one), indexed("B", two), indexed("C", one, two)])
    assert set(united.indexes) == {"one", "two"}
    assert [key.attribute for key in united.indexes["two"].attributes] == ["b", "at"]


def test_an_index_that_all_make_alike_takes_what_each_takes() -> None:
    index = GlobalIndex("idx", KeyTemplate("g", "A#{a}"), "at")
    keys = unite([indexed("A", index), indexed("B", index)]).indexes["idx"]
    assert keys.partition[0].encode({"a": "x"}) == {"S": "A#x"}
    assert keys.sort[0].encode(NOON) == {"S": "2026-01-31T12:00:00.000000Z"}


def test_an_index_that_they_make_differently_takes_stored_text() -> None:
    one = GlobalIndex("idx", KeyTemplate("g", "A#{a}"), "at")
    two = GlobalIndex("idx", KeyTemplate("g", "B#{b}"), "at")
    keys = unite([indexed("A", one), indexed("B", two)]).indexes["idx"]
    assert keys.partition[0].encode("B#x") == {"S": "B#x"}
    with pytest.raises(InvalidKeyError, match=r"g: .* as it is stored"):
        keys.partition[0].encode({"a": "x"})
    assert keys.sort[0].encode(NOON) == {"S": "2026-01-31T12:00:00.000000Z"}


def test_an_index_by_the_discriminator_takes_the_text_of_each_model() -> None:
    by_kind = TableSchema("pk", "sk", discriminator="kind", gsis=(GlobalIndex("by_kind", "kind"),))
    a = entity("A", by_kind, kind=(Literal["a"], "a"))
    b = entity("B", by_kind, kind=(Literal["b"], "b"))
    (kind,) = unite([a, b]).indexes["by_kind"].partition
    assert [kind.encode(text) for text in ("a", "b")] == [{"S": "a"}, {"S": "b"}]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (indexed("A", GlobalIndex("idx", "a")), indexed("B", GlobalIndex("idx", "b"))),
        (indexed("A", GlobalIndex("idx", "a")), indexed("B", GlobalIndex("idx", ("a", "b")))),
        (indexed("A", GlobalIndex("idx", "a")), indexed("B", GlobalIndex("idx", "a", "at"))),
        (indexed("A", GlobalIndex("idx", "a", "b")), indexed("B", GlobalIndex("idx", "a", "at"))),
        (
            indexed("A", GlobalIndex("idx", "a")),
            indexed("B", GlobalIndex("idx", "a", projection="KEYS_ONLY")),
        ),
        (
            indexed("A", GlobalIndex("idx", "a", projection=("b",))),
            indexed("B", GlobalIndex("idx", "a", projection=("at",))),
        ),
        (
            indexed("A", GlobalIndex("idx", "pk", "a")),
            indexed("B", lsis=(LocalIndex("idx", "a"),)),
        ),
    ],
)
def test_an_index_that_they_declare_differently_is_refused(one: Entity[Any], two: Entity[Any]) -> None:
    for entities in ([one, two], [two, one]):
        with pytest.raises(SchemaError, match="index idx: the models declare it in different ways"):
            unite(entities)


def test_an_index_key_of_two_types_of_the_service_is_refused() -> None:
    schema = TableSchema("pk", "sk", discriminator="entity", gsis=(GlobalIndex("idx", "id"),))
    with pytest.raises(SchemaError, match="index idx: the models have different keys"):
        keyed(schema, int, str)
