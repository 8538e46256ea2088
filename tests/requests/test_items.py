"""Requests about one item, and what their replies and failed conditions mean."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dynarepo._expressions import attr
from dynarepo._expressions._conditions import And
from dynarepo._requests import (
    create_item,
    delete_item,
    explain_failed_create,
    explain_failed_update,
    explain_failed_write,
    get_item,
    put_item,
    read_deleted,
    read_item,
    read_updated,
    update_item,
)
from dynarepo.exceptions import (
    ConditionFailedError,
    ExpressionTooLongError,
    InvalidItemError,
    InvalidKeyError,
    InvalidRequestError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    UnexpectedResponseError,
)
from tests.key_models import Event, Order, Pipeline, User, target
from tests.requests.planning import whole

USER = User(pk="a", sk="b", email="ada@example.com")
WIRE = {"pk": {"S": "a"}, "sk": {"S": "b"}, "email": {"S": "ada@example.com"}, "age": {"N": "0"}}
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
USERS = target(User)


def test_a_get_asks_for_the_key() -> None:
    request = get_item(USERS, whole(USERS), "a", "b")
    assert request.operation == "GetItem"
    assert request.payload == {"TableName": "app", "ReturnConsumedCapacity": "TOTAL", "Key": KEY}


@pytest.mark.parametrize(
    ("configured", "asked", "consistent"),
    [
        (False, None, False),
        (True, None, True),
        (False, True, True),
        (True, False, False),
    ],
)
def test_a_call_decides_on_consistency_before_the_configuration(
    configured: bool, asked: bool | None, consistent: bool
) -> None:
    payload = get_item(
        target(User, consistent_read=configured), whole(USERS), "a", "b", consistent=asked
    ).payload
    assert payload.get("ConsistentRead", False) is consistent


def test_a_request_carries_the_key_for_errors_and_hides_it() -> None:
    request = get_item(target(Event), whole(USERS), 1000, b"canary")
    assert (request.table_name, request.pk, request.sk) == ("app", 1000, b"canary")
    assert "canary" not in repr(request)
    assert "1000" not in repr(request)


def test_a_key_that_does_not_fit_makes_no_request() -> None:
    with pytest.raises(InvalidKeyError, match="pk: is declared as str"):
        get_item(USERS, whole(USERS), 7, "b")
    with pytest.raises(InvalidKeyError, match="pk: is declared as str"):
        delete_item(USERS, 7, "b", None)
    with pytest.raises(InvalidKeyError, match="sk: is declared as str"):
        update_item(USERS, "a", 7, {"age": 1}, None)


def test_a_put_sends_the_whole_item_rc67() -> None:
    request = put_item(USERS, USER, None)
    assert request.operation == "PutItem"
    assert request.payload == {"TableName": "app", "ReturnConsumedCapacity": "TOTAL", "Item": WIRE}
    assert (request.pk, request.sk) == ("a", "b")


def test_a_put_may_have_a_condition() -> None:
    payload = put_item(USERS, USER, attr("age").lt(5) | attr("age").gt(9)).payload
    assert payload["ConditionExpression"] == "#n0 < :v0 OR #n0 > :v1"
    assert payload["ExpressionAttributeNames"] == {"#n0": "age"}
    assert payload["ExpressionAttributeValues"] == {":v0": {"N": "5"}, ":v1": {"N": "9"}}
    assert payload["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_a_create_demands_that_the_partition_key_is_not_there_rc68() -> None:
    payload = create_item(USERS, USER, None).payload
    assert payload["ConditionExpression"] == "attribute_not_exists(#n0)"
    assert payload["ExpressionAttributeNames"] == {"#n0": "pk"}
    assert "ExpressionAttributeValues" not in payload
    assert payload["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_a_create_of_a_templated_key_names_its_attribute() -> None:
    order = Order(customer_id="ada", order_id="1", status="open", placed_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert create_item(target(Order), order, None).payload["ExpressionAttributeNames"] == {"#n0": "pk"}


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (attr("age").eq(1), "attribute_not_exists(#n0) AND #n1 = :v0"),
        (attr("age").eq(1) & attr("age").ne(2), "attribute_not_exists(#n0) AND #n1 = :v0 AND #n1 <> :v1"),
        (attr("age").eq(1) | attr("age").ne(2), "attribute_not_exists(#n0) AND (#n1 = :v0 OR #n1 <> :v1)"),
        (~attr("age").eq(1), "attribute_not_exists(#n0) AND NOT #n1 = :v0"),
    ],
)
def test_a_further_condition_never_weakens_the_first(where: Any, text: str) -> None:
    assert create_item(USERS, USER, where).payload["ConditionExpression"] == text


def test_the_operators_of_the_whole_condition_count() -> None:
    payload = create_item(USERS, USER, And((attr("age").exists(),) * 149)).payload
    assert payload["ConditionExpression"].count("attribute_exists") == 149
    with pytest.raises(ExpressionTooLongError):
        create_item(USERS, USER, And((attr("age").exists(),) * 150))


def test_an_update_sets_and_removes_fields_of_an_item_that_exists() -> None:
    request = update_item(USERS, "a", "b", {"age": 37, "nick": None, "email": "x"}, attr("age").eq(36))
    assert request.operation == "UpdateItem"
    assert request.payload == {
        "TableName": "app",
        "ReturnConsumedCapacity": "TOTAL",
        "Key": KEY,
        "ReturnValues": "ALL_NEW",
        "UpdateExpression": "SET #n0 = :v0, #n1 = :v1 REMOVE #n2",
        "ConditionExpression": "attribute_exists(#n3) AND #n0 = :v2",
        "ExpressionAttributeNames": {"#n0": "age", "#n1": "email", "#n2": "nick", "#n3": "pk"},
        "ExpressionAttributeValues": {":v0": {"N": "37"}, ":v1": {"S": "x"}, ":v2": {"N": "36"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_an_update_may_only_remove() -> None:
    payload = update_item(USERS, "a", "b", {"nick": None}, None).payload
    assert payload["UpdateExpression"] == "REMOVE #n0"
    assert payload["ConditionExpression"] == "attribute_exists(#n1)"
    assert "ExpressionAttributeValues" not in payload


def test_an_update_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="changes nothing"):
        update_item(USERS, "a", "b", {}, None)


def test_an_update_renews_index_keys_from_the_given_key() -> None:
    payload = update_item(
        target(Order), "CUSTOMER#ada", "ORDER#2026#o-1", {"status": "paid", "number": 8}, None
    ).payload
    assert {"S": "paid#000008#o-1"} in payload["ExpressionAttributeValues"].values()


def test_a_delete_asks_for_what_it_deletes() -> None:
    request = delete_item(USERS, "a", "b", attr("age").eq(1))
    assert request.operation == "DeleteItem"
    assert request.payload == {
        "TableName": "app",
        "ReturnConsumedCapacity": "TOTAL",
        "Key": KEY,
        "ReturnValues": "ALL_OLD",
        "ConditionExpression": "#n0 = :v0",
        "ExpressionAttributeNames": {"#n0": "age"},
        "ExpressionAttributeValues": {":v0": {"N": "1"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_condition_may_name_a_key() -> None:
    assert "ConditionExpression" in delete_item(USERS, "a", "b", attr("pk").exists()).payload


@pytest.mark.parametrize("where", [True, False, "", 0, "age = 1", {}])
def test_what_is_no_condition_never_makes_an_unguarded_write(where: Any) -> None:
    with pytest.raises(InvalidRequestError, match="where= takes a condition"):
        put_item(USERS, USER, where)
    with pytest.raises(InvalidRequestError, match="where= takes a condition"):
        delete_item(USERS, "a", "b", where)


def test_a_get_reads_the_item_or_none() -> None:
    assert read_item(whole(USERS), {"Item": WIRE}) == USER
    assert read_item(whole(USERS), {}) is None


@pytest.mark.parametrize("item", ["x", [], 5, True])
def test_an_item_that_is_no_object_is_unexpected(item: Any) -> None:
    with pytest.raises(UnexpectedResponseError, match="no object"):
        read_item(whole(USERS), {"Item": item})
    with pytest.raises(UnexpectedResponseError, match="Attributes"):
        read_updated(USERS, {"Attributes": item})
    with pytest.raises(UnexpectedResponseError, match="Attributes"):
        read_deleted({"Attributes": item})


def test_an_item_of_another_model_is_no_half_filled_one() -> None:
    with pytest.raises(InvalidItemError, match="age"):
        read_item(whole(USERS), {"Item": WIRE | {"age": {"S": "canary"}}})


def test_an_update_reads_the_new_item() -> None:
    assert read_updated(USERS, {"Attributes": WIRE}) == USER
    with pytest.raises(UnexpectedResponseError, match="lacks the Attributes"):
        read_updated(USERS, {})
    with pytest.raises(InvalidItemError) as raised:
        read_updated(USERS, {"Attributes": WIRE | {"age": {"S": "canary"}}})
    assert (raised.value.pk, raised.value.sk) == ("a", "b")


def test_a_delete_tells_whether_there_was_something() -> None:
    assert read_deleted({"Attributes": WIRE})
    assert not read_deleted({})


def failed(item: Any) -> ConditionFailedError:
    return ConditionFailedError(
        "x", item=item, operation="PutItem", table_name="app", pk="a", sk="b", code="C", request_id="r"
    )


@pytest.mark.parametrize(
    ("explain", "item", "kind"),
    [
        (explain_failed_create, WIRE, ItemAlreadyExistsError),
        (explain_failed_create, None, ConditionFailedError),
        (explain_failed_update, WIRE, ConditionFailedError),
        (explain_failed_update, None, ItemNotFoundError),
        (explain_failed_write, WIRE, ConditionFailedError),
        (explain_failed_write, None, ConditionFailedError),
    ],
)
def test_a_failed_condition_is_explained_by_the_stored_item(
    explain: Any, item: Any, kind: type[ConditionFailedError]
) -> None:
    error: ConditionFailedError = explain(USERS, failed(item))
    assert error.__class__ is kind
    assert error.item == (None if item is None else USER)
    assert (error.operation, error.table_name, error.pk, error.sk) == ("PutItem", "app", "a", "b")
    assert (error.code, error.request_id) == ("C", "r")


def test_a_stored_item_that_is_no_such_model_is_left_out_of_the_error() -> None:
    error = explain_failed_create(USERS, failed({"pk": {"S": "a"}, "age": {"S": "canary"}}))
    assert type(error) is ItemAlreadyExistsError
    assert error.item is None


def test_a_number_key_is_one_key_however_it_is_written() -> None:
    keys = [
        get_item(target(Event), whole(USERS), pk, b"a").payload["Key"]
        for pk in (1000, Decimal("1E3"), 1000.0)
    ]
    assert keys[0] == keys[1] == keys[2]


def test_a_table_with_a_partition_key_alone_takes_no_sort_key() -> None:
    request = get_item(target(Pipeline), whole(USERS), "a", None)
    assert request.payload["Key"] == {"pipeline_id": {"S": "a"}}
    assert (request.pk, request.sk) == ("a", None)
