"""Partial updates: what they may change, and what they must change along."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, computed_field, field_validator

from dynarepo._codec import Changes, IncompleteIndexKeyError, bind, encode_changes
from dynarepo._schema import GlobalIndex, KeyTemplate, TableSchema
from dynarepo.exceptions import InvalidKeyError, InvalidRequestError, InvalidValueError
from tests.key_models import Order, Pipeline, User

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CANARY = "canary-7351"
ORDER_KEY = ({"customer_id": "ada"}, {"placed_at": NOON, "order_id": "o-1"})


class Account(BaseModel):
    account_id: str
    name: Annotated[str, Field(min_length=2)] = "none"
    city: str | None = Field(default=None, alias="town")
    balance: int = 0
    required: str | None

    @field_validator("name")
    @classmethod
    def _capitalised(cls, name: str) -> str:
        return name.title()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def is_rich(self) -> bool:
        return self.balance > 10


class Hashed(BaseModel):
    account_id: str
    name: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def initial(self) -> str:
        return self.name[:1]


ACCOUNT = TableSchema("account_id")


def changed(changes: Any, model: Any = Account, schema: TableSchema | None = ACCOUNT) -> Changes:
    entity = bind(model, schema)
    sk = None if entity.table.sort is None else "b"
    return encode_changes(entity, changes, entity.table.known("a", sk))


def order_changed(changes: Any, *key: Any) -> Changes:
    entity = bind(Order)
    return encode_changes(entity, changes, entity.table.known(*(key or ORDER_KEY)))


def test_a_value_is_set_as_its_field_stores_it() -> None:
    assert changed({"balance": 7, "city": "umea"}) == Changes(
        {"balance": {"N": "7"}, "town": {"S": "umea"}}, []
    )


def test_none_removes_a_field_whose_default_it_is_and_is_stored_otherwise() -> None:
    assert changed({"city": None}) == Changes({}, ["town"])
    assert changed({"required": None}) == Changes({"required": {"NULL": True}}, [])


def test_an_empty_set_removes_the_attribute() -> None:
    assert changed({"tags": set()}, User, None) == Changes({}, ["tags"])


def test_a_value_is_validated_by_the_model() -> None:
    assert changed({"name": "ada", "balance": "7"}).set == {"name": {"S": "Ada"}, "balance": {"N": "7"}}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": "a"}, "name"),
        ({"balance": CANARY}, "balance"),
        ({"balance": None}, "balance"),
        ({"name": CANARY + "\ud800"}, "name"),
        ({"city": "a", "balance": 10**126}, "balance"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_field(changes: Any, path: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        changed(changes)
    assert caught.value.path == path
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "name", ["nope", "town", "Name", "NAME", "name ", "name.first", "prefs[0]", "", "#n0", 5, None, ("name",)]
)
def test_an_unknown_name_is_refused(name: Any) -> None:
    """Aliases, nested paths and another case are unknown names, too."""
    with pytest.raises(InvalidRequestError, match=r"Account has no field .* to update"):
        changed({name: "x"})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("customer_id", "part of the table's key"),
        ("placed_at", "part of the table's key"),
        ("order_id", "part of the table's key"),
        ("expires_at", "expiry time"),
        ("pk", "no field 'pk'"),
        ("gsi1pk", "no field 'gsi1pk'"),
    ],
)
def test_a_protected_field_is_refused(name: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        order_changed({"total": 1, name: "x"})


def test_a_computed_field_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="is_rich: a computed field"):
        changed({"is_rich": True})


@pytest.mark.parametrize(
    "schema",
    [
        TableSchema("initial"),
        TableSchema("account_id", "initial"),
        TableSchema("account_id", gsis=(GlobalIndex("idx", "initial"),)),
        TableSchema("account_id", gsis=(GlobalIndex("idx", KeyTemplate("g", "X#{initial}")),)),
    ],
)
def test_no_update_is_made_where_a_key_is_computed(schema: TableSchema) -> None:
    """Nobody knows which fields it is computed from, so that it could become stale."""
    entity = bind(Hashed, schema)
    with pytest.raises(InvalidRequestError, match="initial: a computed key could be stale"):
        encode_changes(entity, {"name": "x"}, {})


@pytest.mark.parametrize("changes", [None, [], "name", {"name"}, [("name", "x")], 5])
def test_changes_are_a_mapping(changes: Any) -> None:
    with pytest.raises(InvalidRequestError, match="dict of field names"):
        changed(changes)


def test_a_templated_index_key_is_renewed_with_its_field() -> None:
    assert order_changed({"status": "paid", "number": 8}).set == {
        "status": {"S": "paid"},
        "number": {"N": "8"},
        "gsi1pk": {"S": "STATUS#paid"},
        "gsi2sk": {"S": "paid#000008#o-1"},
    }


@pytest.mark.parametrize("key", [ORDER_KEY, ("CUSTOMER#ada", "ORDER#2026-01-31T12:00:00.000000Z#o-1")])
def test_a_part_that_stands_in_the_tables_key_need_not_be_given(key: Any) -> None:
    assert order_changed({"status": "paid", "number": 8}, *key).set["gsi2sk"] == {"S": "paid#000008#o-1"}


def test_a_templated_index_key_that_cannot_be_renewed_is_refused_with_what_is_missing() -> None:
    with pytest.raises(
        InvalidRequestError, match=r"status: part of the index key 'gsi2sk'.* also give number"
    ):
        order_changed({"status": "paid"})
    with pytest.raises(
        InvalidRequestError, match=r"number: part of the index key 'gsi2sk'.* also give status"
    ):
        order_changed({"number": 8})


def test_a_key_that_the_template_did_not_make_tells_no_part() -> None:
    with pytest.raises(InvalidRequestError, match="also give order_id"):
        order_changed({"status": "paid", "number": 8}, "CUSTOMER#ada", "something else")


def test_a_templated_index_key_goes_when_a_part_of_it_goes() -> None:
    class Thing(BaseModel):
        pk: str
        owner: str | None = None

    schema = TableSchema("pk", gsis=(GlobalIndex("idx", KeyTemplate("g", "X#{owner}")),))
    assert changed({"owner": None}, Thing, schema) == Changes({}, ["owner", "g"])
    assert changed({"owner": "b"}, Thing, schema) == Changes({"owner": {"S": "b"}, "g": {"S": "X#b"}}, [])


def test_a_template_that_two_indexes_share_is_renewed_once() -> None:
    class Thing(BaseModel):
        pk: str
        owner: str | None = None

    shared = KeyTemplate("g", "X#{owner}")
    schema = TableSchema("pk", gsis=(GlobalIndex("one", shared), GlobalIndex("two", "pk", shared)))
    assert changed({"owner": None}, Thing, schema) == Changes({}, ["owner", "g"])


def test_a_plain_index_key_is_checked_and_goes_with_none() -> None:
    assert changed({"owner": None}, Pipeline, None) == Changes({}, ["owner"])
    assert changed({"is_active": False}, Pipeline, None).set == {"is_active": {"S": "false"}}
    with pytest.raises(InvalidKeyError, match="owner: a key must not be empty"):
        changed({"owner": ""}, Pipeline, None)
    with pytest.raises(InvalidKeyError, match="owner: the key has 2049 bytes"):
        changed({"owner": "a" * 2049}, Pipeline, None)


def test_an_index_key_that_cannot_be_renewed_says_what_to_read_for_it() -> None:
    with pytest.raises(IncompleteIndexKeyError) as raised:
        order_changed({"status": "paid"})
    assert raised.value.attributes == {"number"}
