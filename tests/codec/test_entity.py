"""A model bound to its table: checked once, and the same in both directions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, Field, computed_field, create_model

from dynarepo._codec import Entity, bind
from dynarepo._schema import GlobalIndex, KeyTemplate, LocalIndex, TableSchema
from dynarepo.exceptions import InvalidItemError, InvalidKeyError, InvalidRequestError, SchemaError
from tests.key_models import Order, Pipeline, User

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ORDER = Order(customer_id="ada", order_id="o-1", status="open", placed_at=NOON, number=7, note="x")


class Aliased(BaseModel):
    key: str = Field(alias="k")
    group: str | None = Field(default=None, alias="g")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def first(self) -> str:
        return self.key[:1]


def thing(**fields: Any) -> type[BaseModel]:
    definitions: dict[str, Any] = {name: (declared, ...) for name, declared in fields.items()}
    return create_model("Thing", **definitions)


def test_an_item_has_its_fields_and_its_rendered_keys() -> None:
    assert bind(Order).encode(ORDER) == {
        "customer_id": {"S": "ada"},
        "order_id": {"S": "o-1"},
        "status": {"S": "open"},
        "placed_at": {"S": "2026-01-31T12:00:00.000000Z"},
        "number": {"N": "7"},
        "total": {"N": "0"},
        "note": {"S": "x"},
        "pk": {"S": "CUSTOMER#ada"},
        "sk": {"S": "ORDER#2026-01-31T12:00:00.000000Z#o-1"},
        "gsi1pk": {"S": "STATUS#open"},
        "gsi2sk": {"S": "open#000007#o-1"},
    }


def test_an_item_comes_back_without_its_rendered_keys() -> None:
    entity = bind(Order)
    assert entity.decode(entity.encode(ORDER)) == ORDER


def test_a_boolean_index_key_is_text_and_comes_back_as_a_boolean() -> None:
    entity = bind(Pipeline)
    for active, text in ((True, "true"), (False, "false")):
        pipeline = Pipeline(pipeline_id="a", is_active=active, updated_at=NOON)
        item = entity.encode(pipeline)
        assert item["is_active"] == {"S": text}
        assert entity.decode(item) == pipeline


def test_none_in_an_index_key_is_omitted() -> None:
    """A NULL would be refused; an item without the attribute is simply not in the index."""
    entity = bind(Pipeline)
    pipeline = Pipeline(pipeline_id="a", is_active=True, updated_at=NOON, owner=None)
    item = entity.encode(pipeline)
    assert "owner" not in item
    assert entity.decode(item) == pipeline


def test_a_required_optional_index_key_comes_back_as_none() -> None:
    entity = bind(thing(pk=str, owner=str | None), TableSchema("pk", gsis=(GlobalIndex("idx", "owner"),)))
    value = entity.model(pk="a", owner=None)
    assert entity.encode(value) == {"pk": {"S": "a"}}
    assert entity.decode({"pk": {"S": "a"}}) == value


def test_a_templated_index_key_without_all_its_parts_is_omitted() -> None:
    schema = TableSchema("pk", gsis=(GlobalIndex("idx", KeyTemplate("g", "X#{owner}")),))
    entity = bind(thing(pk=str, owner=str | None), schema)
    assert "g" not in entity.encode(entity.model(pk="a", owner=None))
    assert entity.encode(entity.model(pk="a", owner="b"))["g"] == {"S": "X#b"}


def test_a_table_key_without_a_value_is_refused_by_name() -> None:
    for key in ("key", KeyTemplate("pk", "X#{key}")):
        entity = bind(thing(key=str | None), TableSchema(key))
        with pytest.raises(InvalidKeyError, match="key: a part of the table's key has no value"):
            entity.encode(entity.model(key=None))


def test_an_empty_index_key_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="owner: a key must not be empty"):
        bind(Pipeline).encode(Pipeline(pipeline_id="a", is_active=True, updated_at=NOON, owner=""))


def test_another_model_is_refused() -> None:
    class Admin(User):
        level: int = 1

    for other in (Admin(pk="a", sk="b"), ORDER, {"pk": "a"}, None):
        with pytest.raises(InvalidRequestError, match="expected an instance of User"):
            bind(User).encode(other)  # type: ignore[arg-type]


def test_aliases_name_key_attributes() -> None:
    entity = bind(Aliased, TableSchema("key", "first", gsis=(GlobalIndex("idx", "group"),)))
    assert [key.attribute for key in entity.table.attributes] == ["k", "first"]
    value = Aliased(k="ada", g="x")
    item = entity.encode(value)
    assert item == {"k": {"S": "ada"}, "g": {"S": "x"}, "first": {"S": "a"}}
    assert entity.decode(item) == value


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (TableSchema("nope"), "unknown field 'nope'"),
        (TableSchema("k"), "unknown field 'k'"),
        (TableSchema("key", "nope"), "unknown field 'nope'"),
        (TableSchema("key", ttl="nope"), "unknown field 'nope'"),
        (TableSchema("key", ttl="group"), "group"),
        (TableSchema("key", gsis=(GlobalIndex("idx", "nope"),)), "unknown field 'nope'"),
        (TableSchema("key", gsis=(GlobalIndex("idx", "key", ("group", "nope")),)), "unknown field 'nope'"),
        (TableSchema("key", "group", lsis=(LocalIndex("idx", "nope"),)), "unknown field 'nope'"),
        (TableSchema("key", gsis=(GlobalIndex("idx", KeyTemplate("g2", "{nope}")),)), "'nope'"),
        (TableSchema("key", gsis=(GlobalIndex("idx", KeyTemplate("g", "{key}")),)), "'g'"),
        (TableSchema("key", gsis=(GlobalIndex("idx", "group", projection=("nope", "no")),)), "nope, no"),
    ],
)
def test_a_declaration_that_does_not_fit_the_model_is_refused_by_name(
    schema: TableSchema, message: str
) -> None:
    with pytest.raises(SchemaError, match=message) as caught:
        bind(Aliased, schema)
    assert "Aliased" in str(caught.value)


def test_a_model_is_compiled_once_for_each_declaration() -> None:
    assert bind(Order) is bind(Order)
    assert bind(Aliased, TableSchema("key")) is bind(Aliased, TableSchema("key"))
    assert bind(Aliased, TableSchema("key")) is not bind(Aliased, TableSchema("key", "group"))


def projecting(*fields: str) -> Entity[Any]:
    schema = TableSchema("pk", gsis=(GlobalIndex("idx", "a", projection=fields),))
    return bind(thing(pk=str, a=str, b=str, c=str), schema)


def test_keys_are_no_part_of_what_an_index_projects() -> None:
    """Every index holds all keys of its own; the service may refuse to be told so."""
    assert projecting("pk", "a", "b").indexes["idx"].projected == frozenset("b")
    assert projecting("pk").indexes["idx"].projected == frozenset()


@pytest.mark.parametrize("item", [{}, {"pk": {"S": "a"}}, {"sk": {"S": "a"}}])
def test_a_reply_without_a_key_attribute_is_refused(item: dict[str, Any]) -> None:
    with pytest.raises(InvalidItemError, match="lacks a key attribute") as caught:
        bind(User).table.of(item)
    assert caught.value.fields


def test_an_expiry_time_is_stored_in_seconds_of_the_epoch() -> None:
    expiring = ORDER.model_copy(update={"expires_at": NOON})
    item = bind(Order).encode(expiring)
    assert item["expires_at"] == {"N": "1769860800"}
    assert bind(Order).decode(item) == expiring


class Counted(BaseModel):
    pk: str
    revision: int
    note: str = ""
    tags: set[str]
    views: Any


COUNTED = bind(Counted, TableSchema("pk", version="revision"))
ITEM = Counted(pk="a", revision=6, tags={"t"}, views=None)


def test_a_write_replaces_the_version_before_the_stored_one() -> None:
    assert COUNTED.replaced_version(COUNTED.to_store(ITEM)) == 6
    assert bind(Order).replaced_version(bind(Order).to_store(ORDER)) is None


def test_a_field_may_be_lacking_that_has_a_default_or_is_not_stored_when_empty() -> None:
    lacking = {name: COUNTED.can_lack(name) for name in ("note", "tags", "revision")}
    assert lacking == {"note": True, "tags": True, "revision": False}


def test_compiled_views_are_no_part_of_what_an_entity_is() -> None:
    shown = repr(COUNTED)
    COUNTED.view(create_model("Part", note=(str, ...)))
    assert repr(COUNTED) == shown


def test_an_instance_of_a_subclass_is_left_as_it_is_for_the_encoding_to_refuse() -> None:
    class More(Counted):
        more: int = 0

    item = More(pk="a", revision=6, tags=set(), views=None)
    assert COUNTED.to_store(item) is item
    assert COUNTED.to_store(ITEM).revision == 7
