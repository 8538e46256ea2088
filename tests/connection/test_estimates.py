"""What requests of a kind will probably consume."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo._connection._estimates import Estimates, kind_of


def test_nothing_is_known_of_a_kind_that_was_not_seen() -> None:
    assert Estimates().of("get") is None


def test_more_is_believed_at_once_and_less_slowly() -> None:
    estimates = Estimates()
    estimates.learn("get", 1.0)
    estimates.learn("get", 9.0)
    assert estimates.of("get") == 9.0
    estimates.learn("get", 1.0)
    assert estimates.of("get") == 8.0


def test_what_was_not_seen_for_long_is_forgotten() -> None:
    estimates = Estimates()
    for kind in range(600):
        estimates.learn("often", 1.0)
        estimates.learn(kind, 2.0)
    assert (estimates.of("often"), estimates.of(599), estimates.of(0)) == (1.0, 2.0, None)


GET = {"TableName": "app", "Key": {"pk": {"S": "SECRET"}}}


@pytest.mark.parametrize(
    ("operation", "other"),
    [
        ("PutItem", GET),
        ("GetItem", GET | {"TableName": "other"}),
        ("GetItem", GET | {"ConsistentRead": True}),
        ("GetItem", GET | {"Limit": 5}),
        ("GetItem", GET | {"IndexName": "by_name"}),
    ],
)
def test_what_consumes_otherwise_is_another_kind(operation: str, other: dict[str, Any]) -> None:
    assert kind_of("GetItem", GET) != kind_of(operation, other)


def test_a_key_makes_no_kind() -> None:
    assert kind_of("GetItem", GET) == kind_of("GetItem", GET | {"Key": {"pk": {"S": "another"}}})


@pytest.mark.parametrize(
    ("payload", "items"),
    [
        (GET, 1),
        ({"RequestItems": {"app": {"Keys": [{}, {}, {}]}}}, 3),
        ({"RequestItems": {"app": [{}, {}], "other": [{}]}}, 3),
        ({"TransactItems": [{}, {}]}, 2),
    ],
)
def test_the_items_of_a_request_are_counted(payload: dict[str, Any], items: int) -> None:
    assert kind_of("Any", payload)[1] == items
