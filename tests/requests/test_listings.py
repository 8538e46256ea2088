"""Queries and scans: what is asked, in which ranges, and from where they go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dynarepo._expressions import SortKeyCondition as Sort
from dynarepo._expressions import attr
from dynarepo._requests import Listing, check_count, check_segments
from dynarepo._schema import GlobalIndex, LocalIndex, TableSchema
from dynarepo.exceptions import (
    ExpressionTooLongError,
    InvalidKeyError,
    InvalidRequestError,
)
from tests.key_models import Event, Order, Pipeline, User, target
from tests.requests.planning import query, scan

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_TEXT = "2026-01-31T12:00:00.000000Z"
USERS, ORDERS, EVENTS, PIPELINES = target(User), target(Order), target(Event), target(Pipeline)


def first(listing: Listing) -> dict[str, Any]:
    return listing.request(0, None, None).payload


def test_a_query_asks_for_a_partition() -> None:
    request = query(USERS, "a").request(0, None, None)
    assert (request.operation, request.table_name, request.pk) == ("Query", "app", "a")
    assert request.payload == {
        "TableName": "app",
        "ReturnConsumedCapacity": "TOTAL",
        "KeyConditionExpression": "#n0 = :v0",
        "ExpressionAttributeNames": {"#n0": "pk"},
        "ExpressionAttributeValues": {":v0": {"S": "a"}},
    }


@pytest.mark.parametrize(
    ("operator", "text"),
    [
        ("eq", "#n1 = :v1"),
        ("lt", "#n1 < :v1"),
        ("le", "#n1 <= :v1"),
        ("gt", "#n1 > :v1"),
        ("ge", "#n1 >= :v1"),
        ("begins_with", "begins_with(#n1, :v1)"),
    ],
)
@pytest.mark.parametrize(
    ("listed", "pk", "value", "wire"),
    [
        (USERS, "a", "b", {"S": "b"}),
        (EVENTS, 1, b"\xff", {"B": "/w=="}),
    ],
)
def test_each_operator_has_its_text(
    operator: str, text: str, listed: Any, pk: object, value: object, wire: object
) -> None:
    payload = first(query(listed, pk, Sort(operator=operator, value=value)))
    assert payload["KeyConditionExpression"] == f"#n0 = :v0 AND {text}"
    assert payload["ExpressionAttributeValues"][":v1"] == wire


@pytest.mark.parametrize("operator", ["eq", "lt", "le", "gt", "ge"])
@pytest.mark.parametrize("value", [7, 7.0, Decimal("7.0")])
def test_a_number_is_compared_whatever_its_python_type(operator: str, value: object) -> None:
    condition = Sort(operator=operator, value=value)
    payload = first(query(ORDERS, "CUSTOMER#ada", condition, index="by-number"))
    assert payload["ExpressionAttributeValues"][":v1"] == {"N": "7"}
    assert payload["ExpressionAttributeNames"] == {"#n0": "pk", "#n1": "number"}


@pytest.mark.parametrize(
    ("listed", "pk", "low", "high"),
    [(USERS, "a", "b", "c"), (EVENTS, 1, b"\x01", b"\xff"), (USERS, "a", "b", "b")],
)
def test_between_takes_the_lower_value_first(listed: Any, pk: object, low: Any, high: Any) -> None:
    payload = first(query(listed, pk, Sort.between(low, high)))
    assert payload["KeyConditionExpression"] == "#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2"
    if low != high:
        with pytest.raises(InvalidRequestError, match="the lower one first"):
            query(listed, pk, Sort.between(high, low))


def test_between_of_numbers_goes_by_their_value() -> None:
    payload = first(query(ORDERS, "CUSTOMER#ada", Sort.between(9, 10), index="by-number"))
    assert payload["ExpressionAttributeValues"][":v2"] == {"N": "10"}
    with pytest.raises(InvalidRequestError, match="the lower one first"):
        query(ORDERS, "CUSTOMER#ada", Sort.between(10, 9), index="by-number")


def test_a_number_has_no_beginning() -> None:
    with pytest.raises(InvalidKeyError, match="begins_with takes text"):
        query(ORDERS, "CUSTOMER#ada", Sort.begins_with(1), index="by-number")


@pytest.mark.parametrize("value", [7, b"a", "\ud800", "", "a" * 1025])
def test_a_sort_key_value_that_does_not_fit_is_refused(value: object) -> None:
    for condition in (Sort.eq(value), Sort.ne(value), Sort.begins_with(value), Sort.between(value, value)):
        with pytest.raises(InvalidKeyError, match="sk: "):
            query(USERS, "a", condition)


def test_a_templated_sort_key_is_compared_by_its_text_its_fields_or_its_first_fields() -> None:
    key: dict[str, object] = {"placed_at": NOON, "order_id": "1"}
    values = [
        first(query(ORDERS, {"customer_id": "ada"}, condition))["ExpressionAttributeValues"][":v1"]["S"]
        for condition in (Sort.ge(key), Sort.ge("ORDER#2026"), Sort.begins_with({"placed_at": NOON}))
    ]
    assert values == [f"ORDER#{NOON_TEXT}#1", "ORDER#2026", f"ORDER#{NOON_TEXT}#"]


def test_a_boolean_index_key_is_asked_for_as_text() -> None:
    payload = first(query(PIPELINES, True, Sort.lt(NOON), index="active"))
    assert payload["IndexName"] == "active"
    assert payload["ExpressionAttributeValues"] == {":v0": {"S": "true"}, ":v1": {"S": NOON_TEXT}}


# An index key of several attributes


def test_all_partition_attributes_of_an_index_are_needed() -> None:
    payload = first(query(EVENTS, ("se", "umea"), index="by-place"))
    assert payload["KeyConditionExpression"] == "#n0 = :v0 AND #n1 = :v1"
    for pk in ("se", ("se",), ("se", "umea", "x"), ["se", "umea"]):
        with pytest.raises(InvalidKeyError, match="a tuple of all of country, city"):
            query(EVENTS, pk, index="by-place")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Sort.eq(2026), "#n2 = :v2"),
        (Sort.gt((2026,)), "#n2 > :v2"),
        (Sort.eq((2026, 1)), "#n2 = :v2 AND #n3 = :v3"),
        (Sort.lt((2026, 1)), "#n2 = :v2 AND #n3 < :v3"),
        (Sort.between(2025, 2026), "#n2 BETWEEN :v2 AND :v3"),
        (Sort.between((2026, 1), (2026, 3)), "#n2 = :v2 AND #n3 BETWEEN :v3 AND :v4"),
    ],
)
def test_sort_attributes_are_given_from_the_left(condition: Sort, text: str) -> None:
    payload = first(query(EVENTS, ("se", "umea"), condition, index="by-place"))
    assert payload["KeyConditionExpression"] == f"#n0 = :v0 AND #n1 = :v1 AND {text}"


@pytest.mark.parametrize(
    ("condition", "error", "message"),
    [
        (Sort.eq((2026, 1, 2)), InvalidKeyError, "has 2 attributes"),
        (Sort.eq(()), InvalidKeyError, "has 2 attributes"),
        (Sort.between((2025, 1), (2026, 1)), InvalidKeyError, "differ in their last value"),
        (Sort.between((2025,), (2026, 1)), InvalidKeyError, "differ in their last value"),
        (Sort.ne(2026), InvalidRequestError, "one attribute"),
        (Sort.ne((2026, 1)), InvalidRequestError, "one attribute"),
    ],
)
def test_what_several_sort_attributes_cannot_mean_is_refused(
    condition: Sort, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        query(EVENTS, ("se", "umea"), condition, index="by-place")


# "Not equal" is two ranges


def test_ne_reads_below_and_then_above_the_value() -> None:
    listing = query(USERS, "a", Sort.ne("m"))
    assert listing.ranges == ("#n0 = :v0 AND #n1 < :v1", "#n0 = :v0 AND #n1 > :v1")
    assert [listing.range_of({"pk": {"S": "a"}, "sk": {"S": sk}}) for sk in ("a", "lz", "ma", "z")] == [
        0,
        0,
        1,
        1,
    ]


def test_ne_reads_above_and_then_below_the_value_when_descending() -> None:
    listing = query(USERS, "a", Sort.ne("m"), descending=True)
    assert listing.ranges == ("#n0 = :v0 AND #n1 > :v1", "#n0 = :v0 AND #n1 < :v1")
    assert first(listing)["ScanIndexForward"] is False
    assert [listing.range_of({"pk": {"S": "a"}, "sk": {"S": sk}}) for sk in ("z", "a")] == [0, 1]


@pytest.mark.parametrize("descending", [False, True])
def test_a_number_lies_below_or_above_by_its_value(descending: bool) -> None:
    listing = query(ORDERS, "CUSTOMER#ada", Sort.ne(10), index="by-number", descending=descending)
    ranges = [listing.range_of({"number": {"N": number}}) for number in ("9", "-100", "11", "1000")]
    assert ranges == ([1, 1, 0, 0] if descending else [0, 0, 1, 1])


def test_binary_lies_below_or_above_by_its_bytes_and_not_its_base64() -> None:
    listing = query(EVENTS, 1, Sort.ne(b"\x80"))
    assert [listing.range_of({"digest": {"B": text}}) for text in ("AA==", "/w==")] == [0, 1]


def test_text_lies_below_or_above_by_its_utf8() -> None:
    """Where UTF-8 and UTF-16 sort apart: U+FFFD comes before an emoji."""
    listing = query(USERS, "a", Sort.ne("\U0001f600"))
    assert listing.range_of({"pk": {"S": "a"}, "sk": {"S": "\ufffd"}}) == 0


def test_every_other_condition_has_one_range() -> None:
    for condition in (None, Sort.eq("m"), Sort.between("a", "b")):
        listing = query(USERS, "a", condition)
        assert len(listing.ranges) == 1
        assert listing.range_of({"pk": {"S": "a"}, "sk": {"S": "z"}}) == listing.range_of(None) == 0


# What goes together


def test_a_sort_key_condition_needs_a_sort_key() -> None:
    with pytest.raises(InvalidRequestError, match="has no sort key"):
        query(PIPELINES, "a", Sort.eq("b"))
    with pytest.raises(InvalidRequestError, match="has no sort key"):
        query(PIPELINES, "a", Sort.eq("b"), index="by-owner")


@pytest.mark.parametrize("condition", ["b", attr("sk").eq("b"), {"operator": "eq", "value": "b"}])
def test_a_sort_key_condition_is_a_sort_key_condition(condition: Any) -> None:
    with pytest.raises(InvalidRequestError, match="is a SortKeyCondition"):
        query(USERS, "a", condition)


@pytest.mark.parametrize(
    "build", [lambda **options: query(USERS, "a", **options), lambda **o: scan(USERS, **o)]
)
def test_an_unknown_index_is_refused(build: Callable[..., Listing]) -> None:
    for name in ("nope", "", 5):
        with pytest.raises(InvalidRequestError, match="User declares no index of this name"):
            build(index=name)


def test_a_filter_stands_beside_the_key_condition() -> None:
    payload = first(query(USERS, "a", where=attr("age").gt(5)))
    assert payload["KeyConditionExpression"] == "#n0 = :v0"
    assert payload["FilterExpression"] == "#n1 > :v1"
    assert payload["ExpressionAttributeNames"] == {"#n0": "pk", "#n1": "age"}
    assert payload["ExpressionAttributeValues"] == {":v0": {"S": "a"}, ":v1": {"N": "5"}}


@pytest.mark.parametrize("name", ["pk", "sk"])
def test_a_filter_on_the_key_of_the_queried_table_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"{name}: a key of the queried table or index"):
        query(USERS, "a", where=attr("age").gt(1) & ~attr(name).begins_with("x"))


def test_a_filter_on_the_key_of_the_queried_index_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="is_active: a key of the queried"):
        query(PIPELINES, True, index="active", where=attr("is_active").eq(True))
    listing = query(PIPELINES, True, index="active", where=attr("pipeline_id").eq("a"))
    assert listing.has_filter


def test_a_scan_may_filter_keys() -> None:
    payload = first(scan(USERS, where=attr("pk").begins_with("a") & attr("sk").eq("b")))
    assert payload == {
        "TableName": "app",
        "ReturnConsumedCapacity": "TOTAL",
        "FilterExpression": "begins_with(#n0, :v0) AND #n1 = :v1",
        "ExpressionAttributeNames": {"#n0": "pk", "#n1": "sk"},
        "ExpressionAttributeValues": {":v0": {"S": "a"}, ":v1": {"S": "b"}},
    }


def test_a_scan_of_everything_has_no_expression_rc67() -> None:
    assert first(scan(USERS)) == {"TableName": "app", "ReturnConsumedCapacity": "TOTAL"}


@pytest.mark.parametrize("where", [True, False, "", 0, "age > 5"])
def test_a_filter_is_a_condition(where: Any) -> None:
    with pytest.raises(InvalidRequestError, match="where= takes a condition"):
        query(USERS, "a", where=where)
    with pytest.raises(InvalidRequestError, match="where= takes a condition"):
        scan(USERS, where=where)


def test_a_filter_beyond_the_limits_of_the_service_is_refused() -> None:
    with pytest.raises(ExpressionTooLongError):
        scan(USERS, where=attr("age").in_(*range(1000)))


def test_a_global_index_cannot_be_read_consistently() -> None:
    with pytest.raises(InvalidRequestError, match="cannot be read consistently"):
        query(PIPELINES, True, index="active", consistent=True)
    with pytest.raises(InvalidRequestError, match="cannot be read consistently"):
        scan(PIPELINES, index="active", consistent=True)


def test_a_consistent_configuration_leaves_out_global_indexes() -> None:
    configured = target(Pipeline, consistent_read=True)
    assert "ConsistentRead" not in first(query(configured, True, index="active"))
    assert "ConsistentRead" not in first(scan(configured, index="active"))
    assert first(scan(configured))["ConsistentRead"] is True


def test_a_table_and_a_local_index_can_be_read_consistently() -> None:
    for index in (None, "by-number"):
        payload = first(query(ORDERS, "CUSTOMER#ada", index=index, consistent=True))
        assert payload["ConsistentRead"] is True
    configured = target(User, consistent_read=True)
    assert first(query(configured, "a"))["ConsistentRead"] is True
    assert "ConsistentRead" not in first(query(configured, "a", consistent=False))


def test_a_local_index_that_lacks_fields_fetches_them_from_the_table() -> None:
    schema = TableSchema("pk", "sk", lsis=(LocalIndex("by-age", "age", projection="KEYS_ONLY"),))
    users = target(User, schema)
    assert first(query(users, "a", index="by-age"))["Select"] == "ALL_ATTRIBUTES"
    assert "Select" not in first(query(ORDERS, "CUSTOMER#ada", index="by-number"))


def test_models_are_not_read_from_a_global_index_that_lacks_fields() -> None:
    with pytest.raises(InvalidRequestError, match="by-owner does not hold what Pipeline needs"):
        scan(PIPELINES, index="by-owner")


def test_a_global_index_that_holds_every_field_gives_models() -> None:
    schema = TableSchema("pk", "sk", gsis=(GlobalIndex("idx", "age", projection=("email", "nick", "tags")),))
    assert first(scan(target(User, schema), index="idx"))["IndexName"] == "idx"
    narrow = TableSchema("pk", "sk", gsis=(GlobalIndex("idx", "age", projection=("email",)),))
    with pytest.raises(InvalidRequestError, match="idx does not hold what User needs"):
        scan(target(User, narrow), index="idx")


@pytest.mark.parametrize("name", ["nope", "", "gsi1pk", ["by-status"]])
def test_an_unknown_index_is_refused_with_the_known_ones(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match="it has by-note, by-number, by-status"):
        scan(ORDERS, index=name)
    with pytest.raises(InvalidRequestError, match="it has none"):
        query(USERS, "a", index=name)


@pytest.mark.parametrize("value", [0, -1, 10**10, 1.0, "1", True, float("nan")])
def test_a_limit_is_a_whole_number_from_1(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="limit is a whole number"):
        check_count("limit", value)


def test_a_limit_may_be_left_out() -> None:
    assert check_count("limit", None) is None
    assert check_count("limit", 1) == 1
    assert check_count("limit", 2**31 - 1) == 2**31 - 1


@pytest.mark.parametrize("value", [0, -1, 1_000_001, 1.5, "2", True, None])
def test_segments_are_a_whole_number_from_1(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="segments is a whole number"):
        check_segments(value)
    assert check_segments(1_000_000) == 1_000_000


def test_a_page_goes_on_behind_a_key_with_a_size() -> None:
    start = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    listing = query(USERS, "a")
    payload = listing.request(0, start, 7).payload
    assert (payload["ExclusiveStartKey"], payload["Limit"]) == (start, 7)
    assert "Limit" not in first(listing)
    assert "ExclusiveStartKey" not in first(listing)


def test_a_segment_and_a_count_are_said_in_the_request() -> None:
    assert first(scan(USERS, counts=True))["Select"] == "COUNT"
    payload = first(scan(USERS).segment(2, 5))
    assert (payload["Segment"], payload["TotalSegments"]) == (2, 5)
