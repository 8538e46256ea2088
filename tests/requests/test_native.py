"""Native requests: the caller's own expressions, checked as far as they can be without a model."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dynarepo._expressions import attr
from dynarepo._requests import (
    NativeTable,
    explain_failed_condition,
    expression_members,
    read_changed,
    read_got,
)
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    ConditionFailedError,
    ExpressionTooLongError,
    InvalidKeyError,
    InvalidRequestError,
    InvalidValueError,
    UnexpectedResponseError,
)

TABLE = NativeTable("app")
BASE = {"TableName": "app", "ReturnConsumedCapacity": "TOTAL"}
KEY: dict[str, object] = {"pk": "a", "sk": 1}
WIRE = {"pk": {"S": "a"}, "sk": {"N": "1"}}
QUERY = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}
LISTING = TABLE.query(QUERY, index_name=None, consistent=None, descending=False)


def test_a_put_sends_the_whole_item() -> None:
    request = TABLE.put({**KEY, "total": Decimal("1.50")}, {})
    assert (request.operation, request.table_name) == ("PutItem", "app")
    assert request.payload == {**BASE, "Item": {**WIRE, "total": {"N": "1.5"}}}


@pytest.mark.parametrize(
    ("request_", "operation", "members"),
    [
        (TABLE.get(KEY, {}, consistent=None), "GetItem", {}),
        (TABLE.update(KEY, {}), "UpdateItem", {"ReturnValues": "ALL_NEW"}),
        (TABLE.delete(KEY, {}), "DeleteItem", {"ReturnValues": "ALL_OLD"}),
    ],
)
def test_a_request_about_a_key_has_it(request_: Any, operation: str, members: Payload) -> None:
    assert request_.operation == operation
    assert request_.payload == {**BASE, "Key": WIRE, **members}
    assert (request_.pk, request_.sk) == ("a", 1)


def test_the_key_of_a_table_without_a_sort_key_has_one_attribute() -> None:
    request = TABLE.get({"name": b"canary"}, {}, consistent=None)
    assert (request.pk, request.sk) == (b"canary", None)
    assert "canary" not in repr(request)


def test_a_key_that_cannot_be_one_makes_no_request() -> None:
    for build in (TABLE.update, TABLE.delete, lambda key, _: TABLE.get(key, {}, consistent=None)):
        with pytest.raises(InvalidKeyError, match=r"^pk: "):
            build({"pk": 1.5}, {})


@pytest.mark.parametrize(
    ("configured", "asked", "consistent"),
    [(False, None, False), (True, None, True), (False, True, True), (True, False, False)],
)
def test_a_call_decides_on_consistency_before_the_configuration(
    configured: bool, asked: bool | None, consistent: bool
) -> None:
    table = NativeTable("app", configured)
    for payload in (
        table.get(KEY, {}, consistent=asked).payload,
        table.query(QUERY, index_name=None, consistent=asked, descending=False).payload,
        table.scan({}, index_name=None, consistent=asked).payload,
    ):
        assert payload.get("ConsistentRead", False) is consistent


@pytest.mark.parametrize(("asked", "consistent"), [(None, False), (True, True)])
def test_an_index_is_read_consistently_only_if_the_call_says_so(asked: bool | None, consistent: bool) -> None:
    """It may be a global one; that cannot be told from here."""
    payload = NativeTable("app", True).scan({}, index_name="by_age", consistent=asked).payload
    assert payload["IndexName"] == "by_age"
    assert payload.get("ConsistentRead", False) is consistent


def test_a_query_goes_forward_unless_it_is_descending() -> None:
    assert LISTING.request(None, None).payload == {**BASE, **QUERY}
    descending = TABLE.query(QUERY, index_name=None, consistent=None, descending=True)
    assert descending.request(None, None).payload == {**BASE, **QUERY, "ScanIndexForward": False}


def test_a_page_begins_behind_a_key_and_has_a_size() -> None:
    request = LISTING.request(LISTING.start({"pk": "a", "sk": 7}), 5)
    assert request.operation == "Query"
    assert request.payload["ExclusiveStartKey"] == {"pk": {"S": "a"}, "sk": {"N": "7"}}
    assert request.payload["Limit"] == 5
    assert "canary" not in repr(LISTING.request(LISTING.start({"pk": "canary"}), 5))


def test_a_listing_begins_at_its_beginning_without_a_key() -> None:
    assert LISTING.start(None) is None


@pytest.mark.parametrize("key", [{}, "a", {"pk": None}, {"pk": []}])
def test_a_position_that_is_no_key_is_refused(key: Any) -> None:
    with pytest.raises(InvalidKeyError):
        LISTING.start(key)


@pytest.mark.parametrize("name", ["", "a", "a b", "a" * 256, 7])
def test_a_table_has_a_name_that_dynamodb_takes(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^table_name is"):
        NativeTable(name)


@pytest.mark.parametrize("name", ["", 7, ["by_age"]])
def test_an_index_has_a_name(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^index_name is"):
        TABLE.scan({}, index_name=name, consistent=None)


def test_every_expression_is_sent_under_dynamodbs_name() -> None:
    assert expression_members(
        {"#a": "a.b"},
        {":a": Decimal("20.0"), ":b": {"x"}},
        condition_expression="#a = :a",
        filter_expression="#a < :b",
        key_condition_expression="#a > :a",
        projection_expression="#a[0]",
        update_expression="SET #a = :a",
    ) == {
        "ConditionExpression": "#a = :a",
        "FilterExpression": "#a < :b",
        "KeyConditionExpression": "#a > :a",
        "ProjectionExpression": "#a[0]",
        "UpdateExpression": "SET #a = :a",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ExpressionAttributeNames": {"#a": "a.b"},
        "ExpressionAttributeValues": {":a": {"N": "20"}, ":b": {"SS": ["x"]}},
    }


@pytest.mark.parametrize("nothing", [None, {}])
def test_what_is_not_given_is_left_out(nothing: Any) -> None:
    assert expression_members(nothing, nothing, filter_expression=None) == {}
    members = expression_members(nothing, nothing, condition_expression="attribute_exists(pk)")
    assert members == {
        "ConditionExpression": "attribute_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


@pytest.mark.parametrize(
    "argument", ["condition_expression", "filter_expression", "projection_expression", "update_expression"]
)
@pytest.mark.parametrize("expression", ["", " \n", 7, b"a", True, attr("a").exists(), "a\ud800"])
def test_an_expression_is_text_and_not_empty(argument: str, expression: Any) -> None:
    """A condition that is empty must not become none."""
    with pytest.raises(InvalidRequestError, match=f"^{argument} "):
        expression_members(None, None, **{argument: expression})


@pytest.mark.parametrize("argument", ["key_condition_expression", "update_expression"])
def test_an_expression_that_is_required_is_never_left_out(argument: str) -> None:
    """Without one, an UpdateItem would create an empty item."""
    nothing: Any = None
    with pytest.raises(InvalidRequestError, match=f"^{argument} "):
        expression_members(None, None, **{argument: nothing})


def test_an_expression_has_at_most_4096_bytes() -> None:
    longest = "a" * 4096
    assert expression_members(None, None, filter_expression=longest) == {"FilterExpression": longest}
    with pytest.raises(ExpressionTooLongError, match=r"^filter_expression has 4098 bytes"):
        expression_members(None, None, filter_expression="é" * 2049)


@pytest.mark.parametrize("alias", ["a", "", "#", ":a", "#a-b", "#a.b", "#a b", "#é", "##a", 1, None])
def test_a_placeholder_of_a_name_has_its_form(alias: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^a placeholder of names is '#' with"):
        expression_members({alias: "a"}, None, filter_expression=f"attribute_exists({alias})")


@pytest.mark.parametrize("alias", ["a", "", ":", "#a", ":a-b", 1])
def test_a_placeholder_of_a_value_has_its_form(alias: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^a placeholder of values is ':' with"):
        expression_members(None, {alias: 1}, filter_expression=f"a = {alias}")


@pytest.mark.parametrize("name", ["", 7, None])
def test_a_placeholder_stands_for_an_attributes_name(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^names: "):
        expression_members({"#a": name}, None, filter_expression="attribute_exists(#a)")


def test_a_value_that_cannot_be_stored_is_named_by_its_placeholder() -> None:
    with pytest.raises(InvalidValueError, match=r"^:a: a float is not exact"):
        expression_members(None, {":a": 1.5}, filter_expression="a = :a")


@pytest.mark.parametrize("argument", ["names", "values"])
def test_names_and_values_are_dicts(argument: str) -> None:
    given: Any = {"names": None, "values": None, argument: ["#a"]}
    with pytest.raises(InvalidRequestError, match=f"^{argument} is a dict"):
        expression_members(given["names"], given["values"], filter_expression="a")


def test_a_placeholder_that_is_used_must_be_given() -> None:
    with pytest.raises(InvalidRequestError, match=r"lack: #c, :b$"):
        expression_members({"#a": "a"}, None, filter_expression="#a=:b", projection_expression="#c.#a")


def test_a_placeholder_that_is_given_must_be_used() -> None:
    with pytest.raises(InvalidRequestError, match=r"no expression uses: #a, :bc$"):
        expression_members({"#a": "a"}, {":b": 1, ":bc": 2}, filter_expression="a = :b")
    with pytest.raises(InvalidRequestError, match=r"no expression uses: #a$"):
        expression_members({"#a": "a"}, None)


@pytest.mark.parametrize(("reply", "item"), [({}, None), ({"Item": {}}, {}), ({"Item": WIRE}, KEY)])
def test_a_get_gives_the_item_or_nothing(reply: Payload, item: object) -> None:
    assert read_got(reply) == item


@pytest.mark.parametrize("item", [[], "a", {"a": "b"}, {"a": {"N": "x"}}])
def test_an_item_that_dynamodb_cannot_have_is_an_unexpected_reply(item: Any) -> None:
    with pytest.raises(UnexpectedResponseError):
        read_got({"Item": item})
    with pytest.raises(UnexpectedResponseError):
        read_changed({"Attributes": item})


def test_an_update_must_give_the_item_as_it_is() -> None:
    assert read_changed({"Attributes": WIRE}) == KEY
    with pytest.raises(UnexpectedResponseError, match="lacks the Attributes"):
        read_changed({})


def page(**members: Any) -> Payload:
    return {"Items": [WIRE], "Count": 1, "ScannedCount": 3} | members


def test_a_page_is_read() -> None:
    read = LISTING.read(page(LastEvaluatedKey={"pk": {"S": "a"}}), 1)
    assert (read.items, read.count, read.scanned_count) == ([WIRE], 1, 3)
    assert read.last_key == {"pk": {"S": "a"}}
    assert LISTING.read(page(LastEvaluatedKey={}), None).last_key is None


@pytest.mark.parametrize(
    "reply",
    [
        {},
        page(Items=None),
        page(Items=[1]),
        page(Count=None),
        page(Count=True),
        page(Count=2),
        page(ScannedCount="3"),
        page(Items=[WIRE, WIRE], Count=2),
        page(LastEvaluatedKey=[1]),
        page(LastEvaluatedKey={"pk": "a"}),
    ],
)
def test_a_page_that_is_not_dynamodbs_is_an_error(reply: Payload) -> None:
    with pytest.raises(UnexpectedResponseError):
        LISTING.read(reply, 1)


@pytest.mark.parametrize(("stored", "item"), [(WIRE, KEY), (None, None), ({}, None), ("a", None)])
def test_a_failed_condition_gives_the_stored_item_as_a_dict(stored: Any, item: object) -> None:
    error = ConditionFailedError(
        "", item=stored, operation="PutItem", table_name="app", pk="a", sk="b", code="c", request_id="r"
    )
    explained = explain_failed_condition(error)
    assert explained.item == item
    assert explained.message == "the condition does not hold; nothing was changed"
    for name in ("operation", "table_name", "pk", "sk", "code", "request_id"):
        assert getattr(explained, name) == getattr(error, name)
