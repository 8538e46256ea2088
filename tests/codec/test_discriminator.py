"""What tells the items of one model from those of others: declared, written, and looked at when read."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field, create_model

from dynarepo._codec import Discriminator, Entity, bind, encode_changes
from dynarepo._item_text import ItemText
from dynarepo._schema import GlobalIndex, KeyTemplate, LocalIndex, TableSchema
from dynarepo.exceptions import (
    InvalidItemError,
    InvalidRequestError,
    InvalidValueError,
    SchemaError,
    WrongModelError,
)
from tests.several_models import Cat, Customer, Dog, Invoice

CANARY = "canary-7351"


class Kind(Enum):
    ORDER = "order"


class Thing(BaseModel):
    """A field for each way of being a discriminator, or of being none."""

    pk: str
    sk: str
    kind: Literal["thing"] = "thing"
    aliased: Literal["thing"] = Field(default="thing", serialization_alias="a")
    member: Literal[Kind.ORDER] = Kind.ORDER
    one_of_two: Literal["thing", "other"] = "thing"
    number: Literal[1] = 1
    optional: Literal["thing"] | None = None
    text: str = Field(default="thing", serialization_alias="t")
    excluded: Literal["thing"] = Field(default="thing", exclude=True)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def computed(self) -> Literal["thing"]:
        return "thing"


THING = Thing(pk="a", sk="b")


def thing(discriminator: Any, **declared: Any) -> Entity[Any]:
    keys = {"partition_key": "pk", "sort_key": "sk"} | declared
    return bind(Thing, TableSchema(**keys, discriminator=discriminator))


@pytest.mark.parametrize(
    ("declared", "discriminator"),
    [
        ("kind", Discriminator("kind", ("thing",), "kind")),
        (("kind", "thing"), Discriminator("kind", ("thing",), "kind")),
        ("aliased", Discriminator("a", ("thing",), "aliased")),
        ("member", Discriminator("member", ("order",), "member")),
        ("computed", Discriminator("computed", ("thing",), "computed")),
        ("entity", Discriminator("entity", ("Thing",))),
        (("entity", "THING"), Discriminator("entity", ("THING",))),
        (("entité", "chose é"), Discriminator("entité", ("chose é",))),
        (None, None),
    ],
)
def test_a_field_or_an_attribute_beside_the_fields_is_declared(
    declared: Any, discriminator: Discriminator | None
) -> None:
    assert thing(declared).discriminator == discriminator


@pytest.mark.parametrize("name", ["one_of_two", "number", "optional", "text", "pk"])
def test_a_field_that_can_hold_anything_else_is_refused(name: str) -> None:
    with pytest.raises(SchemaError, match=rf"Thing\.{name}: .* Literal with one text"):
        thing(name)
    with pytest.raises(SchemaError, match=rf"Thing\.{name}: .* Literal with its one text"):
        thing((name, "thing" if name == "optional" else "x"))


def test_a_field_of_another_text_than_the_declared_one_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"Thing\.kind: .* Literal with its one text"):
        thing(("kind", "other"))


def test_a_field_that_is_not_stored_is_refused() -> None:
    """Beside the fields, something else than its text would be stored under its name."""
    with pytest.raises(SchemaError, match=r"Thing\.excluded: .* no discriminator"):
        thing("excluded")


@pytest.mark.parametrize("keys", [{"partition_key": "kind"}, {"sort_key": "kind"}])
def test_a_key_of_the_table_is_refused(keys: dict[str, str]) -> None:
    with pytest.raises(SchemaError, match="Thing: the discriminator cannot be a key of the table"):
        thing("kind", **keys)


@pytest.mark.parametrize(
    "declared",
    [
        {"partition_key": KeyTemplate("entity", "X#{text}")},
        {"sort_key": KeyTemplate("entity", "X")},
        {"gsis": (GlobalIndex("idx", KeyTemplate("entity", "X#{text}")),)},
        {"gsis": (GlobalIndex("idx", "text", KeyTemplate("entity", "X#{kind}")),)},
        {"lsis": (LocalIndex("idx", KeyTemplate("entity", "X#{text}")),)},
    ],
)
@pytest.mark.parametrize("discriminator", ["entity", ("entity", "THING")])
def test_the_attribute_of_a_key_template_is_refused(declared: Any, discriminator: Any) -> None:
    """One of the two would overwrite the other."""
    with pytest.raises(SchemaError, match="Thing: attribute 'entity' is both the discriminator and a key"):
        thing(discriminator, **declared)


@pytest.mark.parametrize(("attribute", "field"), [("t", "text"), ("a", "aliased")])
def test_the_attribute_that_another_field_is_stored_under_is_refused(attribute: str, field: str) -> None:
    with pytest.raises(SchemaError, match=rf"Thing\.{field} is stored as '{attribute}'"):
        thing(attribute)


@pytest.mark.parametrize(
    "declared", [("e\ud800", "x"), ("e", "\ud800"), ("e" * 65_536, "x")], ids=["name", "text", "long name"]
)
def test_what_the_service_cannot_store_is_refused(declared: tuple[str, str]) -> None:
    with pytest.raises(SchemaError, match="Thing: the discriminator"):
        thing(declared)


@pytest.mark.parametrize(
    ("declared", "attribute", "text"),
    [("aliased", "a", "thing"), ("member", "member", "order"), (("entity", "THING"), "entity", "THING")],
)
def test_an_item_has_it_and_comes_back(declared: Any, attribute: str, text: str) -> None:
    entity = thing(declared)
    item = entity.encode(THING)
    assert item[attribute] == {"S": text}
    assert entity.decode(item) == THING


def test_the_models_name_is_the_text_where_none_is_given() -> None:
    assert bind(Invoice).encode(Invoice(customer_id="ada", number=1))["entity"] == {"S": "Invoice"}


def test_a_model_that_inherits_the_declaration_has_its_own_name() -> None:
    class Reminder(Invoice):
        pass

    assert bind(Reminder).encode(Reminder(customer_id="ada", number=1))["entity"] == {"S": "Reminder"}


def test_what_an_instance_holds_against_its_type_is_not_written() -> None:
    """`model_construct` and plain assignment are not validated."""
    cat = Cat(pk="a", sk="b")
    cat.kind = "dog"  # type: ignore[assignment]
    with pytest.raises(InvalidValueError, match="kind: is declared as a Literal"):
        bind(Cat).encode(cat)


@pytest.mark.parametrize("is_text", [False, True])
@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ({}, "is missing"),
        ({"kind": {"S": CANARY}}, "names another model"),
        ({"kind": {"S": "Cat"}}, "names another model"),
        ({"kind": {"S": "cat "}}, "names another model"),
        ({"kind": {"NULL": True}}, "names another model"),
        ({"kind": {"SS": ["cat"]}}, "names another model"),
        ({"kind": {"S": "cat", "N": "1"}}, "names another model"),
    ],
)
def test_an_item_of_another_model_is_told_without_what_it_holds(
    found: Any, problem: str, is_text: bool
) -> None:
    item = bind(Cat).encode(Cat(pk="a", sk="b"))
    del item["kind"]
    with pytest.raises(WrongModelError) as caught:
        bind(Cat).decode(ItemText(json.dumps(item | found).encode()) if is_text else item | found)
    assert str(caught.value) == f"the stored item is no Cat: its discriminator 'kind' {problem}"
    assert caught.value.fields == ("kind",)
    assert CANARY not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("name", [{"S": "ada"}, {"N": "1"}])
def test_the_discriminator_is_looked_at_before_the_fields(name: dict[str, str]) -> None:
    item = {"entity": {"S": "ORDER"}, "name": name}
    for form in (item, ItemText(json.dumps(item).encode())):
        with pytest.raises(WrongModelError):
            bind(Customer).decode(form)


@pytest.mark.parametrize("item", [None, "x", 5, [], [("kind", {"S": "cat"})]])
def test_what_is_no_item_at_all_is_of_no_other_model(item: Any) -> None:
    with pytest.raises(InvalidItemError, match="Cat: the stored item is not a map of attributes") as caught:
        bind(Cat).decode(item)
    assert type(caught.value) is InvalidItemError


def test_a_view_looks_at_it_too_and_needs_no_field_for_it() -> None:
    class Named(BaseModel):
        name: str

    view = bind(Customer).view(Named)
    assert view.decode({"entity": {"S": "CUSTOMER"}, "name": {"S": "ada"}}) == Named(name="ada")
    with pytest.raises(WrongModelError, match="no Customer: its discriminator 'entity' names another model"):
        view.decode({"entity": {"S": "ORDER"}, "name": {"S": "ada"}})
    with pytest.raises(WrongModelError, match="no Customer: its discriminator 'entity' is missing"):
        view.decode({"name": {"S": "ada"}})


@pytest.mark.parametrize("changes", [{"kind": "dog"}, {"name": "rex", "kind": "dog"}, {"kind": None}])
def test_a_dict_of_changes_cannot_set_it(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError, match="kind: the discriminator says which model"):
        encode_changes(bind(Dog), changes, {})


def test_a_dict_of_changes_does_not_know_one_beside_the_fields() -> None:
    with pytest.raises(InvalidRequestError, match="Customer has no field 'entity' to update"):
        encode_changes(bind(Customer), {"entity": "ORDER"}, {})


def test_a_field_is_no_discriminator_where_none_is_declared() -> None:
    assert encode_changes(thing(None), {"kind": "thing"}, {}).set == {"kind": {"S": "thing"}}


def open_model(extra: Literal["allow", "forbid", "ignore"]) -> Entity[Any]:
    model = create_model("Open", __config__=ConfigDict(extra=extra), pk=(str, ...))
    return bind(model, TableSchema("pk", discriminator=("entity", "OPEN")))


def test_an_extra_field_cannot_take_its_name() -> None:
    entity = open_model("allow")
    with pytest.raises(InvalidValueError, match="name of an extra field"):
        entity.encode(entity.model(pk="a", entity=CANARY))


@pytest.mark.parametrize("extra", ["allow", "forbid", "ignore"])
def test_one_beside_the_fields_is_not_read_as_an_extra_field(extra: Any) -> None:
    entity = open_model(extra)
    item = entity.encode(entity.model(pk="a"))
    assert item == {"pk": {"S": "a"}, "entity": {"S": "OPEN"}}
    found = entity.decode(item)
    assert found == entity.model(pk="a")
    assert not found.model_extra


def test_an_index_that_includes_fields_includes_it() -> None:
    index = GlobalIndex("idx", "text", projection=("number",))
    assert thing("entity", gsis=(index,)).indexes["idx"].projected == frozenset({"number", "entity"})
    assert thing("aliased", gsis=(index,)).indexes["idx"].projected == frozenset({"number", "a"})
    assert thing(None, gsis=(index,)).indexes["idx"].projected == frozenset({"number"})


def test_an_index_of_keys_only_does_not_hold_it_unless_it_is_a_key_of_it() -> None:
    keys_only = GlobalIndex("idx", "text", projection="KEYS_ONLY")
    assert thing("kind", gsis=(keys_only,)).indexes["idx"].projected == frozenset()
    by_kind = GlobalIndex("idx", "kind", projection=("number",))
    assert thing("kind", gsis=(by_kind,)).indexes["idx"].projected == frozenset({"number"})


def test_it_is_an_attribute_of_the_models_items() -> None:
    assert "entity" in bind(Customer).attributes()
    assert "a" in thing("aliased").attributes()
