"""Transactions: the payload of each operation, the limits, and reasons that keep their places."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from dynarepo._expressions import attr
from dynarepo._requests import (
    Target,
    TransactWriteItem,
    align_reasons,
    put_item,
    read_transact_get,
    transact_get,
    transact_write,
)
from dynarepo._schema import TableSchema
from dynarepo.exceptions import (
    DynamoDBTransactionError,
    InvalidKeyError,
    InvalidRequestError,
    TransactionReason,
    UnexpectedResponseError,
)
from tests.key_models import Event, User, target
from tests.requests.planning import operations_of, whole

USERS, EVENTS = target(User), target(Event)
USER = User(pk="a", sk="b")
WIRE = {"pk": {"S": "a"}, "sk": {"S": "b"}, "email": {"S": ""}, "age": {"N": "0"}}
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
OLD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def entry(operation: TransactWriteItem) -> Any:
    (found,) = operations_of(transact_write([(USERS, operation)])[0])
    return found


def test_a_put() -> None:
    assert entry(TransactWriteItem.put(USER)) == {"Put": {"TableName": "app", "Item": WIRE}}
    assert entry(TransactWriteItem.put(USER, where=attr("age").lt(1))) == {
        "Put": {
            "TableName": "app",
            "Item": WIRE,
            "ConditionExpression": "#n0 < :v0",
            "ExpressionAttributeNames": {"#n0": "age"},
            "ExpressionAttributeValues": {":v0": {"N": "1"}},
            **OLD,
        }
    }


@pytest.mark.parametrize(
    "schema",
    [
        TableSchema("pk", "sk"),
        TableSchema("pk", "sk", version="age"),
        TableSchema("pk", "sk", discriminator=("kind", "user")),
    ],
    ids=["nothing", "a version", "a discriminator"],
)
def test_a_put_demands_what_a_put_alone_demands(schema: TableSchema) -> None:
    users = target(User, schema)
    (found,) = operations_of(transact_write([(users, TransactWriteItem.put(USER))])[0])
    alone = put_item(users, users.entity.to_store(USER), None).payload
    names = {"ReturnConsumedCapacity", "Item"}
    assert {name: value for name, value in found["Put"].items() if name not in names} == {
        name: value for name, value in alone.items() if name not in names
    }


def test_a_create() -> None:
    assert entry(TransactWriteItem.create(USER)) == {
        "Put": {
            "TableName": "app",
            "Item": WIRE,
            "ConditionExpression": "attribute_not_exists(#n0)",
            "ExpressionAttributeNames": {"#n0": "pk"},
            **OLD,
        }
    }


def test_an_update() -> None:
    assert entry(TransactWriteItem.update("a", "b", {"age": 1, "nick": None})) == {
        "Update": {
            "TableName": "app",
            "Key": KEY,
            "UpdateExpression": "SET #n0 = :v0 REMOVE #n1",
            "ConditionExpression": "attribute_exists(#n2)",
            "ExpressionAttributeNames": {"#n0": "age", "#n1": "nick", "#n2": "pk"},
            "ExpressionAttributeValues": {":v0": {"N": "1"}},
            **OLD,
        }
    }


def test_a_delete() -> None:
    assert entry(TransactWriteItem.delete("a", "b")) == {"Delete": {"TableName": "app", "Key": KEY}}
    conditional = entry(TransactWriteItem.delete("a", "b", where=attr("age").exists()))
    assert conditional["Delete"]["ConditionExpression"] == "attribute_exists(#n0)"


def test_a_check() -> None:
    assert entry(TransactWriteItem.check("a", "b", where=attr("age").exists())) == {
        "ConditionCheck": {
            "TableName": "app",
            "Key": KEY,
            "ConditionExpression": "attribute_exists(#n0)",
            "ExpressionAttributeNames": {"#n0": "age"},
            **OLD,
        }
    }


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (TransactWriteItem.check("a", "b", where=None), "needs where="),  # type: ignore[arg-type]
        (TransactWriteItem.update("a", "b"), "changes nothing"),
        (TransactWriteItem.update("a", "b", {}), "changes nothing"),
        (TransactWriteItem.update("a", "b", {"nope": 1}), "no field 'nope'"),
        (TransactWriteItem.put(Event(device=1, digest=b"a")), "expected an instance of User"),
        (TransactWriteItem("put"), "expected an instance of User"),
        ({"Put": {}}, "takes TransactWriteItem values"),
        (None, "takes TransactWriteItem values"),
    ],
)
def test_an_operation_that_makes_no_sense_is_refused(operation: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        entry(operation)


@pytest.mark.parametrize("where", [True, False, "", 0, {}, "age = 1"])
def test_what_is_no_condition_never_makes_an_unguarded_operation(where: Any) -> None:
    with pytest.raises(InvalidRequestError, match="where= takes a condition"):
        entry(TransactWriteItem.delete("a", "b", where=where))
    with pytest.raises(InvalidRequestError, match="where= takes a condition"):
        entry(TransactWriteItem.check("a", "b", where=where))


@pytest.mark.parametrize("kind", ["Put", "replace", "", None, 5])
def test_an_operation_of_another_kind_is_refused(kind: Any) -> None:
    with pytest.raises(InvalidRequestError, match="one of put, create, update, delete, check"):
        TransactWriteItem(kind, where=attr("age").exists())


def test_a_wrong_key_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="sk: the sort key is missing"):
        entry(TransactWriteItem.delete("a"))


def test_an_operation_shows_no_value() -> None:
    operation = TransactWriteItem("update", User(pk="canary", sk="b"), "canary", "canary", {"nick": "canary"})
    assert "canary" not in repr(operation)


def deletes(number: int) -> list[tuple[Target[Any], TransactWriteItem]]:
    return [(USERS, TransactWriteItem.delete("a", str(n))) for n in range(number)]


def test_a_transaction_has_1_to_100_operations() -> None:
    assert len(operations_of(transact_write(deletes(100))[0])) == 100
    assert (
        len(
            transact_get(
                USERS, whole(USERS), [{"pk": {"S": "a"}, "sk": {"S": str(n)}} for n in range(100)]
            ).payload["TransactItems"]
        )
        == 100
    )
    for number, why in ((0, ""), (101, "; it cannot be split"), (1000, "; it cannot be split")):
        message = f"^a transaction has 1 to 100 operations, not {number}{why or '$'}"
        with pytest.raises(InvalidRequestError, match=message):
            transact_write(deletes(number))
        with pytest.raises(InvalidRequestError, match=message):
            transact_get(USERS, whole(USERS), [KEY] * number)


@pytest.mark.parametrize(
    "second",
    [
        TransactWriteItem.put(USER),
        TransactWriteItem.create(USER),
        TransactWriteItem.update("a", "b", {"age": 1}),
        TransactWriteItem.delete("a", "b"),
        TransactWriteItem.check("a", "b", where=attr("age").exists()),
    ],
)
def test_an_item_stands_in_one_operation(second: TransactWriteItem) -> None:
    operations = [
        (USERS, TransactWriteItem.delete("a", "x")),
        (USERS, TransactWriteItem.put(USER)),
        (USERS, second),
    ]
    with pytest.raises(InvalidRequestError, match="operations 1 and 2 of the transaction are on one item"):
        transact_write(operations)
    with pytest.raises(InvalidRequestError, match="operations 0 and 1"):
        transact_get(USERS, whole(USERS), [KEY, KEY])


def test_1000_and_1e3_are_one_item() -> None:
    with pytest.raises(InvalidRequestError, match="operations 0 and 1"):
        transact_write(
            [(EVENTS, TransactWriteItem.delete(number, b"a")) for number in (1000, 1000.0)],
        )


def test_one_key_in_two_tables_is_two_items() -> None:
    other = Target(USERS.entity, "other")
    request, _ = transact_write([(USERS, TransactWriteItem.put(USER)), (other, TransactWriteItem.put(USER))])
    assert [entry["Put"]["TableName"] for entry in operations_of(request)] == ["app", "other"]
    assert request.table_name is None
    assert transact_write(deletes(2))[0].table_name == "app"


def test_a_token_is_the_callers_or_new() -> None:
    assert transact_write(deletes(1), "x" * 36)[0].payload["ClientRequestToken"] == "x" * 36
    tokens = {transact_write(deletes(1))[0].payload["ClientRequestToken"] for _ in range(3)}
    assert len(tokens) == 3
    assert all(str(UUID(token)) == token for token in tokens)


@pytest.mark.parametrize("token", ["", "x" * 37, 5, b"x"])
def test_a_token_has_1_to_36_characters(token: Any) -> None:
    with pytest.raises(InvalidRequestError, match="1 to 36 characters"):
        transact_write(deletes(1), token)


def test_a_get_has_one_key_for_each_item() -> None:
    other = {"pk": {"S": "a"}, "sk": {"S": "c"}}
    request = transact_get(USERS, whole(USERS), [KEY, other])
    assert request.operation == "TransactGetItems"
    assert request.payload["TransactItems"] == [
        {"Get": {"TableName": "app", "Key": KEY}},
        {"Get": {"TableName": "app", "Key": other}},
    ]


def test_read_items_keep_their_places() -> None:
    reply = {"Responses": [{}, {"Item": WIRE}, {"Item": None}]}
    assert read_transact_get(whole(USERS), reply, 3) == [None, USER, None]


@pytest.mark.parametrize(
    "reply", [{}, {"Responses": None}, {"Responses": []}, {"Responses": [{}, {}]}, {"Responses": ["x"]}]
)
def test_a_reply_with_another_number_of_items_is_unexpected(reply: Any) -> None:
    with pytest.raises(UnexpectedResponseError, match="one response for each key"):
        read_transact_get(whole(USERS), reply, 1)


def cancelled(*codes: str | None, old_item: object = None) -> DynamoDBTransactionError:
    reasons = tuple(
        TransactionReason(index, code, old_item=old_item) if code else None
        for index, code in enumerate(codes)
    )
    return DynamoDBTransactionError(
        "x", reasons=reasons, retryable=True, operation="TransactWriteItems", code="C", request_id="r"
    )


def test_reasons_carry_their_operations_models_and_stored_models() -> None:
    operations = [
        (USERS, TransactWriteItem.delete("a", "x")),
        (USERS, TransactWriteItem.put(USER)),
        (USERS, TransactWriteItem.update("a", "c", {"age": 1})),
    ]
    error = align_reasons(
        operations, cancelled(None, "ConditionalCheckFailed", "TransactionConflict", old_item=WIRE)
    )
    first, second, third = error.reasons
    assert first is None
    assert second == TransactionReason(1, "ConditionalCheckFailed", operations[1][1], USER, USER)
    assert third == TransactionReason(2, "TransactionConflict", operations[2][1], None, USER)
    assert error.message.endswith("operation 1 ConditionalCheckFailed, operation 2 TransactionConflict")
    assert (error.retryable, error.operation, error.code, error.request_id) == (
        True,
        "TransactWriteItems",
        "C",
        "r",
    )


@pytest.mark.parametrize("old_item", [None, {}, "x", {"pk": {"S": "canary"}}, {"pk": {}}])
def test_a_stored_item_that_is_no_such_model_is_left_out(old_item: object) -> None:
    error = align_reasons([(USERS, None)], cancelled("ConditionalCheckFailed", old_item=old_item))
    (reason,) = error.reasons
    assert reason is not None
    assert reason.old_item is None
    assert "canary" not in repr(error)
    assert "canary" not in repr(reason)


def test_a_cancellation_without_reasons_is_still_one() -> None:
    error = align_reasons([(USERS, None)], cancelled())
    assert error.reasons == ()
    assert "no reason given" in str(error)
