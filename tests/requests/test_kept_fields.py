"""A version and two times that the library keeps: how they are written, and who may not write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

import pytest
from pydantic import Field, computed_field

from dynarepo import append, exists, increment, remove, set_
from dynarepo._requests import (
    explain_failed_write,
    put_entry,
    put_item,
    transact_write,
    update_item,
    upsert_item,
)
from dynarepo._requests._transactions import TransactWriteItem
from dynarepo._schema import DynamoDBBaseModel, GlobalIndex, KeyTemplate
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    ConditionFailedError,
    ExpressionTooLongError,
    InvalidRequestError,
    InvalidValueError,
    VersionConflictError,
)
from tests.key_models import target
from tests.requests.counted import COUNTED, Counted
from tests.requests.planning import operations_of


class Kept(DynamoDBBaseModel):
    """Everything that is kept, beside an index with a rendered key."""

    status: str | None = None
    nick: str | None = None
    notes: list[str] = Field(default_factory=list)
    version: int = 0
    made: datetime | None = None
    changed: datetime | None = None

    class Meta:
        version = "version"
        created_at = "made"
        updated_at = "changed"
        gsis = (GlobalIndex("by_status", KeyTemplate("gsi1pk", "STATUS#{status}"), "changed"),)


KEPT = target(Kept)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def saved(version: int, where: Any = None) -> Payload:
    """Give the condition of a save by a caller who has a version."""
    item = COUNTED.entity.to_store(Counted(pk="a", sk="b", version=version))
    payload = put_item(COUNTED, item, where).payload
    assert payload["Item"]["v"] == {"N": str(version + 1)}
    return payload


def plain(payload: Payload, member: str) -> str:
    """Give an expression with its names in place of their placeholders."""
    text: str = payload[member]
    for alias, name in payload["ExpressionAttributeNames"].items():
        text = text.replace(alias, name)
    return text


def test_a_save_demands_the_version_that_the_caller_has() -> None:
    payload = saved(7)
    assert plain(payload, "ConditionExpression") == "v = :v0"
    assert payload["ExpressionAttributeValues"] == {":v0": {"N": "7"}}
    assert payload["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_a_save_of_a_new_instance_demands_that_nothing_was_counted() -> None:
    payload = saved(0)
    assert plain(payload, "ConditionExpression") == "attribute_not_exists(v) OR v = :v0"
    assert payload["ExpressionAttributeValues"] == {":v0": {"N": "0"}}


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (3, "v = :v0 AND (age = :v1 OR age = :v2)"),
        (0, "(attribute_not_exists(v) OR v = :v0) AND (age = :v1 OR age = :v2)"),
    ],
)
def test_the_callers_condition_stands_beside_the_version(version: int, text: str) -> None:
    payload = saved(version, lambda u: (u.age == 1) | (u.age == 2))
    assert plain(payload, "ConditionExpression") == text
    assert payload["ExpressionAttributeValues"][":v0"] == {"N": str(version)}


@pytest.mark.parametrize(("version", "most"), [(3, 149), (0, 148)])
def test_the_version_counts_among_the_operators_of_a_condition(version: int, most: int) -> None:
    def where(number: int) -> Callable[[Any], Any]:
        return lambda u: reduce(or_, [exists(u.age)] * number)

    saved(version, where(most))
    with pytest.raises(ExpressionTooLongError):
        saved(version, where(most + 1))


@pytest.mark.parametrize("version", [-1, True, 1.0, None])
def test_a_version_that_is_no_whole_number_is_refused(version: Any) -> None:
    item = Counted(pk="a", sk="b").model_copy(update={"version": version})
    with pytest.raises(InvalidValueError, match="version") as raised:
        COUNTED.entity.to_store(item)
    assert raised.value.path == "version"


def test_what_is_to_be_stored_is_a_copy() -> None:
    item = Kept(pk="a", sk="b", version=4)
    stored = KEPT.entity.to_store(item)
    assert (item.version, item.made, item.changed) == (4, None, None)
    assert (stored.version, stored.made) == (5, stored.changed)
    assert stored.made is not None
    assert stored.made.tzinfo is UTC


def test_a_given_time_of_creation_stays_and_the_time_of_change_does_not() -> None:
    stored = KEPT.entity.to_store(Kept(pk="a", sk="b", made=LONG_AGO, changed=LONG_AGO))
    assert stored.made == LONG_AGO
    assert stored.changed is not None
    assert stored.changed > LONG_AGO


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 7},
        lambda u: [set_(u.version).to(7)],
        lambda u: [increment(u.version, 1)],
        lambda u: [remove(u.version)],
        lambda u: [set_(u.version).if_not_exists(7)],
        {"changed": LONG_AGO},
        lambda u: [set_(u.changed).to(LONG_AGO)],
        lambda u: [remove(u.changed)],
        lambda u: [set_(u.changed).to(u.made)],
    ],
)
def test_no_update_sets_the_version_or_the_time_of_change(changes: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"version counts by itself|keeps the time"):
        update_item(KEPT, "a", "b", changes, None)


@pytest.mark.parametrize(
    "changes", [{"age": 1}, lambda u: [set_(u.age).to(1)], lambda u: [increment(u.age, 1)]]
)
def test_every_update_counts_the_version_on(changes: Any) -> None:
    payload = update_item(COUNTED, "a", "b", changes, lambda u: u.version == 3).payload
    assert plain(payload, "UpdateExpression").count("v = if_not_exists(v, ") == 1
    assert plain(payload, "ConditionExpression").endswith("AND v = :v" + payload["ConditionExpression"][-1])


@pytest.mark.parametrize(
    "changes", [{"nick": "x"}, lambda u: [append(u.notes, ["x"])], lambda u: [remove(u.nick)]]
)
def test_every_update_sets_the_time_of_change(changes: Any) -> None:
    before = datetime.now(UTC)
    payload = update_item(KEPT, "a", "b", changes, None).payload
    text = plain(payload, "UpdateExpression")
    placeholder = text.split("changed = ")[1].split(",")[0].split(" ")[0]
    written = datetime.fromisoformat(payload["ExpressionAttributeValues"][placeholder]["S"])
    assert before <= written <= datetime.now(UTC)
    assert "made" not in text


@pytest.mark.parametrize("changes", [{}, lambda u: []])
def test_an_update_of_nothing_is_refused_although_something_is_kept(changes: Any) -> None:
    with pytest.raises(InvalidRequestError, match="changes nothing"):
        update_item(KEPT, "a", "b", changes, None)


def test_a_transaction_demands_and_counts_the_version() -> None:
    operations = [
        TransactWriteItem.put(Counted(pk="a", sk="1", version=3)),
        TransactWriteItem.create(Counted(pk="a", sk="2")),
        TransactWriteItem.update("a", "3", {"age": 1}),
    ]
    request, _ = transact_write([(COUNTED, operation) for operation in operations])
    put, create, update = operations_of(request)
    assert plain(put["Put"], "ConditionExpression") == "v = :v0"
    assert put["Put"]["Item"]["v"] == {"N": "4"}
    assert plain(create["Put"], "ConditionExpression") == "attribute_not_exists(pk)"
    assert create["Put"]["Item"]["v"] == {"N": "1"}
    assert "v = if_not_exists(v, " in plain(update["Update"], "UpdateExpression")


def test_a_transaction_gives_the_models_as_they_will_be_stored() -> None:
    put, created = Counted(pk="a", sk="1", version=3), Kept(pk="a", sk="2")
    request, (first, second, third) = transact_write(
        [
            (COUNTED, TransactWriteItem.put(put)),
            (KEPT, TransactWriteItem.create(created)),
            (COUNTED, TransactWriteItem.delete("a", "3")),
        ]
    )
    assert first == Counted(pk="a", sk="1", version=4)
    assert isinstance(second, Kept)
    assert second.version == 1
    assert second.made == second.changed is not None
    assert third is None
    assert (put.version, created.version, created.made) == (3, 0, None)
    wires = [entry["Put"]["Item"] for entry in operations_of(request)[:2]]
    ids = {wire.pop("_write_id")["S"] for wire in wires}
    assert len(ids) == 2
    assert wires == [COUNTED.entity.encode(first), KEPT.entity.encode(second)]


def upserted(item: Any) -> tuple[str, Payload]:
    """Give the expression of an upsert in plain words, with its values."""
    bound = target(type(item))
    request = upsert_item(bound, bound.entity.to_store(item), None)
    assert request.operation == "UpdateItem"
    assert "ConditionExpression" not in request.payload
    return plain(request.payload, "UpdateExpression"), request.payload["ExpressionAttributeValues"]


def test_an_upsert_sets_what_there_is_and_keeps_the_time_of_creation() -> None:
    text, values = upserted(Kept(pk="a", sk="b", status="open", nick="x", made=LONG_AGO, version=9))
    assert text == (
        "SET changed = :v0, gsi1pk = :v1, made = if_not_exists(made, :v2), nick = :v3, notes = :v4, "
        "status = :v5, version = if_not_exists(version, :v6) + :v7, _write_id = :v8"
    )
    assert values[":v1"] == {"S": "STATUS#open"}
    assert values[":v2"] == {"S": "2020-01-01T00:00:00.000000Z"}
    assert (values[":v6"], values[":v7"]) == ({"N": "0"}, {"N": "1"})


def test_an_upsert_removes_what_the_item_lacks_and_keys_that_are_rendered_of_it() -> None:
    text, _ = upserted(Kept(pk="a", sk="b"))
    assert text.endswith("+ :v4, _write_id = :v5 REMOVE gsi1pk, nick, status")


def test_an_upsert_of_nothing_but_keys_has_no_expression() -> None:
    payload = upsert_item(target(DynamoDBBaseModel), DynamoDBBaseModel(pk="a", sk="b"), None).payload
    assert "UpdateExpression" not in payload
    assert "ExpressionAttributeNames" not in payload
    assert payload["Key"] == {"pk": {"S": "a"}, "sk": {"S": "b"}}


def test_an_upsert_may_have_a_condition() -> None:
    payload = upsert_item(COUNTED, Counted(pk="a", sk="b", version=1), lambda u: u.age > 3).payload
    assert plain(payload, "ConditionExpression").startswith("age > :v")


class Dated(DynamoDBBaseModel):
    made: datetime | None = None

    class Meta:
        created_at = "made"
        gsis = (GlobalIndex("by_time", "pk", KeyTemplate("gsi1sk", "MADE#{made}")),)


class Monthly(DynamoDBBaseModel):
    made: datetime | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def month(self) -> str | None:
        return None if self.made is None else self.made.strftime("%Y-%m")

    class Meta:
        created_at = "made"
        gsis = (GlobalIndex("by_month", "month"),)


@pytest.mark.parametrize("model", [Dated, Monthly])
def test_an_upsert_that_could_leave_an_index_key_stale_is_refused(model: type[Any]) -> None:
    with pytest.raises(InvalidRequestError, match="stale"):
        upserted(model(pk="a", sk="b"))


def test_a_batch_of_models_with_a_version_is_refused_and_says_what_to_use() -> None:
    with pytest.raises(InvalidRequestError, match="save, or transact_write"):
        put_entry(COUNTED, Counted(pk="a", sk="b"))


ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}, "age": {"N": "1"}}


@pytest.mark.parametrize(
    ("expected", "wire", "found"),
    [
        (3, ITEM | {"v": {"N": "4"}}, 4),
        (3, ITEM, 0),
        (0, ITEM | {"v": {"N": "1"}}, 1),
        (3, None, None),
        (3, ITEM | {"v": {"S": "canary"}}, None),
        (3, ITEM | {"v": {"N": "-1"}}, -1),
    ],
)
def test_a_conflict_tells_both_versions(expected: int, wire: Payload | None, found: int | None) -> None:
    error = explain_failed_write(COUNTED, ConditionFailedError("failed", item=wire), expected)
    assert isinstance(error, VersionConflictError)
    assert (error.expected, error.found) == (expected, found)
    assert "canary" not in str(error)
    assert ("there is no item" in error.message) is (wire is None)


@pytest.mark.parametrize(
    ("expected", "wire"),
    [(3, ITEM | {"v": {"N": "3"}}), (0, ITEM), (0, ITEM | {"v": {"N": "0"}}), (0, None)],
)
def test_where_the_version_fits_it_was_the_callers_condition(expected: int, wire: Payload | None) -> None:
    error = explain_failed_write(COUNTED, ConditionFailedError("failed", item=wire), expected)
    assert type(error) is ConditionFailedError
