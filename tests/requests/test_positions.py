"""Positions in a listing: read from replies, shown, given back, and bound to what is read."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dynarepo._expressions import SortKeyCondition as Sort
from dynarepo._expressions import attr
from dynarepo._requests import Listing, Target
from dynarepo.exceptions import InvalidItemError, InvalidKeyError, UnexpectedResponseError
from tests.key_models import Event, Order, Pipeline, User, target
from tests.requests.planning import query, scan

USERS, ORDERS, EVENTS, PIPELINES = target(User), target(Order), target(Event), target(Pipeline)
WIRE = {"pk": {"S": "a"}, "sk": {"S": "b"}, "email": {"S": ""}, "age": {"N": "0"}}
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def test_a_page_is_read() -> None:
    reply = {"Items": [WIRE], "Count": 1, "ScannedCount": 5, "LastEvaluatedKey": KEY}
    page = query(USERS, "a").read(reply)
    assert (page.items, page.count, page.scanned_count, page.last_key) == ([WIRE], 1, 5, KEY)


def test_an_empty_page_may_have_a_successor_and_a_full_one_none() -> None:
    empty = {"Items": [], "Count": 0, "ScannedCount": 9, "LastEvaluatedKey": KEY}
    assert scan(USERS).read(empty).last_key == KEY
    assert scan(USERS).read({"Items": [WIRE], "Count": 1, "ScannedCount": 1}).last_key is None


def test_a_counting_page_has_no_items() -> None:
    assert scan(USERS, counts=True).read({"Count": 7, "ScannedCount": 9}).count == 7


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"Items": []},
        {"Count": 0, "ScannedCount": 0},
        {"Items": [], "Count": 0},
        {"Items": [], "ScannedCount": 0},
        {"Items": [], "Count": "0", "ScannedCount": 0},
        {"Items": [], "Count": 1, "ScannedCount": 1},
        {"Items": [WIRE], "Count": 0, "ScannedCount": 1},
        {"Items": {}, "Count": 0, "ScannedCount": 0},
        {"Items": ["x"], "Count": 1, "ScannedCount": 1},
        {"Items": None, "Count": 0, "ScannedCount": 0},
        {"Items": [], "Count": True, "ScannedCount": 0},
        *(
            {"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": last_key}
            for last_key in (
                "x",
                [KEY],
                {"pk": {"S": "a"}},
                KEY | {"more": {"S": "c"}},
                KEY | {"sk": {}},
                KEY | {"sk": {"N": "1"}},
                KEY | {"sk": {"S": 5}},
                KEY | {"sk": {"S": "a", "N": "1"}},
                KEY | {"sk": "b"},
                KEY | {"sk": None},
            )
        ),
    ],
)
def test_a_malformed_page_is_unexpected(reply: Any) -> None:
    with pytest.raises(UnexpectedResponseError, match="the reply"):
        query(USERS, "a").read(reply)


@pytest.mark.parametrize(
    ("listing", "names"),
    [
        (query(USERS, "a"), {"pk", "sk"}),
        (query(PIPELINES, "a"), {"pipeline_id"}),
        (query(PIPELINES, True, index="active"), {"pipeline_id", "is_active", "updated_at"}),
        (query(ORDERS, "x", index="by-number"), {"pk", "sk", "number"}),
        (query(ORDERS, "x", index="by-note"), {"pk", "sk", "note", "gsi2sk"}),
        (scan(EVENTS, index="by-place"), {"device", "digest", "country", "city", "year", "month"}),
    ],
)
def test_a_position_has_the_keys_of_table_and_index(listing: Listing, names: set[str]) -> None:
    values = {"S": "x", "N": "1", "B": "eA=="}
    item: dict[str, Any] = {key.attribute: {key.tag: values[key.tag]} for key in listing.keys}
    item["other"] = {"S": "x"}
    assert listing.position(item).keys() == names
    for name in names:
        for odd in ({"BOOL": True}, {"N": "x"}, {"S": 5}, {}, "x"):
            with pytest.raises(UnexpectedResponseError):
                listing.position(item | {name: odd})
    with pytest.raises(InvalidItemError):
        listing.position({"other": {"S": "x"}})


@pytest.mark.parametrize(
    ("target_", "key", "plain"),
    [
        (USERS, KEY, {"pk": "a", "sk": "b"}),
        (EVENTS, {"device": {"N": "1000"}, "digest": {"B": "/w=="}}, {"device": 1000, "digest": b"\xff"}),
    ],
)
def test_a_plain_position_reads_back(target_: Target[Any], key: Any, plain: Any) -> None:
    listing = scan(target_)
    assert listing.plain_position(key) == plain
    assert listing.read_position(plain) == key
    assert listing.plain_position(None) is None


@pytest.mark.parametrize("device", [1000, 1000.0, Decimal("1E3"), Decimal(1000)])
def test_a_number_may_have_changed_its_type_on_the_way(device: object) -> None:
    """Whatever carried the position, such as JSON, may have made another number type of it."""
    assert scan(EVENTS).read_position({"device": device, "digest": b"a"})["device"] == {"N": "1000"}


@pytest.mark.parametrize(
    ("position", "message"),
    [
        ({}, "exactly pk, sk"),
        ({"pk": "a"}, "exactly pk, sk"),
        ({"pk": "a", "sk": "b", "more": "c"}, "exactly pk, sk"),
        ("a", "exactly pk, sk"),
        ([("pk", "a"), ("sk", "b")], "exactly pk, sk"),
        ({"pk": "a", "sk": 5}, "sk: .* wrong type"),
        ({"pk": "a", "sk": None}, "sk: .* wrong type"),
        ({"pk": "a", "sk": ["b"]}, "sk: .* wrong type"),
        ({"pk": "a", "sk": {"S": "b"}}, "sk: .* wrong type"),
        ({"pk": "a", "sk": object()}, "sk: "),
        ({"pk": "a", "sk": "\ud800"}, "sk: .*surrogate"),
        ({"pk": "z", "sk": "b"}, "another partition"),
    ],
)
def test_a_position_from_outside_that_does_not_fit_is_refused(position: Any, message: str) -> None:
    with pytest.raises(InvalidKeyError, match=message):
        query(USERS, "a").read_position(position)


def test_a_scan_may_begin_in_any_partition() -> None:
    assert scan(USERS).read_position({"pk": "z", "sk": "b"}) == {"pk": {"S": "z"}, "sk": {"S": "b"}}


def test_a_position_in_an_index_belongs_to_the_indexs_partition() -> None:
    listing = query(PIPELINES, True, index="active")
    position = {"pipeline_id": "a", "is_active": "true", "updated_at": "2026"}
    assert listing.read_position(position)
    with pytest.raises(InvalidKeyError, match="another partition"):
        listing.read_position(position | {"is_active": "false"})


PLAIN = query(USERS, "a", Sort.gt("b"), where=attr("age").gt(5))


@pytest.mark.parametrize(
    "other",
    [
        query(USERS, "z", Sort.gt("b"), where=attr("age").gt(5)),
        query(USERS, "a", Sort.gt("c"), where=attr("age").gt(5)),
        query(USERS, "a", Sort.ge("b"), where=attr("age").gt(5)),
        query(USERS, "a", Sort.ne("b"), where=attr("age").gt(5)),
        query(USERS, "a", where=attr("age").gt(5)),
        query(USERS, "a", Sort.gt("b"), where=attr("age").gt(6)),
        query(USERS, "a", Sort.gt("b"), where=attr("age").ge(5)),
        query(USERS, "a", Sort.gt("b"), where=attr("email").gt("5")),
        query(USERS, "a", Sort.gt("b")),
        query(USERS, "a", Sort.gt("b"), where=attr("age").gt(5), descending=True),
        query(Target(USERS.entity, "another-table"), "a", Sort.gt("b"), where=attr("age").gt(5)),
        scan(USERS, where=attr("age").gt(5)),
    ],
)
def test_another_listing_has_another_fingerprint(other: Listing) -> None:
    assert other.fingerprint() != PLAIN.fingerprint()


def test_another_index_or_segment_has_another_fingerprint() -> None:
    listings = [
        scan(ORDERS),
        scan(ORDERS, index="by-status"),
        scan(ORDERS, index="by-note"),
        scan(ORDERS).segment(0, 2),
        scan(ORDERS).segment(1, 2),
    ]
    assert len({listing.fingerprint() for listing in listings}) == len(listings)


def test_a_fingerprint_is_the_same_for_the_same_reading() -> None:
    """The page size and consistency say how to read, not what."""
    again = query(target(User, consistent_read=True), "a", Sort.gt("b"), where=attr("age").gt(Decimal("5.0")))
    assert again.fingerprint() == PLAIN.fingerprint()
    assert len(PLAIN.fingerprint()) == 32
    PLAIN.request(0, KEY, 7)
    assert again.fingerprint() == PLAIN.fingerprint()


def test_nothing_of_a_listing_shows_a_value() -> None:
    listing = query(USERS, "canary", Sort.ne("canary"), where=attr("email").eq("canary"))
    reply = {
        "Items": [],
        "Count": 0,
        "ScannedCount": 0,
        "LastEvaluatedKey": {"pk": {"S": "canary"}, "sk": {"S": "canary"}},
    }
    assert "canary" not in repr(listing)
    assert "canary" not in repr(listing.read(reply))
    assert "canary" not in repr(listing.request(0, None, None))


def test_a_time_is_shown_as_the_text_it_is_stored_as() -> None:
    listing = scan(PIPELINES, index="active")
    pipeline = Pipeline(pipeline_id="a", is_active=False, updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    position = listing.position(PIPELINES.entity.encode(pipeline))
    plain = listing.plain_position(position)
    assert plain == {"pipeline_id": "a", "is_active": "false", "updated_at": "2026-01-01T00:00:00.000000Z"}
    assert listing.read_position(plain) == position
