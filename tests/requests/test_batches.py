"""Batches: what makes two entries the same item, and what the service left undone."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from dynarepo._item_text import plain_payload
from dynarepo._json import dumps
from dynarepo._requests import (
    batch_get,
    batch_write,
    delete_entry,
    identity,
    put_entry,
    read_found,
    read_unprocessed_keys,
    read_unprocessed_writes,
    split_key,
)
from dynarepo.exceptions import InvalidKeyError, UnexpectedResponseError
from tests.key_models import Event, Pipeline, User, target
from tests.requests.planning import whole

USERS, EVENTS = target(User), target(Event)
WIRE = {"pk": {"S": "a"}, "sk": {"S": "b"}, "email": {"S": ""}, "age": {"N": "0"}}
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
PUT = put_entry(USERS, User(pk="a", sk="b"))
DELETE = delete_entry(USERS, ("a", "c"))


def test_an_entry_is_a_put_or_a_delete() -> None:
    assert json.loads(PUT.text) == {"PutRequest": {"Item": WIRE}}
    assert PUT.source == User(pk="a", sk="b")
    assert json.loads(DELETE.text) == {"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"S": "c"}}}}
    assert DELETE.source == ("a", "c")


def test_a_put_and_a_delete_of_one_key_are_the_same_item() -> None:
    assert PUT.identity == delete_entry(USERS, ("a", "b")).identity
    assert PUT.identity != DELETE.identity


@pytest.mark.parametrize("device", [1000, Decimal("1E3"), Decimal("1000.0"), 1000.0])
def test_1000_and_1e3_are_the_same_key(device: object) -> None:
    """The service would refuse a batch with both."""
    put = put_entry(EVENTS, Event(device=1000, digest=b"a"))
    assert delete_entry(EVENTS, (device, b"a")).identity == put.identity
    reply_form = {"device": {"N": "1E3"}, "digest": {"B": "YQ=="}}
    assert identity(EVENTS.entity, reply_form) == put.identity


def test_a_number_and_a_text_are_different_keys() -> None:
    assert identity(EVENTS.entity, {"device": {"N": "1"}, "digest": {"B": "YQ=="}}) != identity(
        EVENTS.entity, {"device": {"S": "1"}, "digest": {"B": "YQ=="}}
    )


def test_an_entry_is_measured_as_it_travels() -> None:
    """Binary travels as base64, and quotes are escaped."""
    small = put_entry(EVENTS, Event(device=1, digest=b"a")).size
    assert put_entry(EVENTS, Event(device=1, digest=b"a" * 901)).size == small + 1200
    quoted = put_entry(USERS, User(pk="a", sk="b", email='"' * 100)).size
    assert quoted == PUT.size + 200
    assert put_entry(USERS, User(pk="a", sk="b", email="é")).size == PUT.size + 2


def test_an_entry_shows_no_value() -> None:
    assert "canary" not in repr(put_entry(USERS, User(pk="canary", sk="canary", email="canary")))


@pytest.mark.parametrize(
    ("key", "split"), [("a", ("a", None)), (("a",), ("a", None)), (None, (None, None)), (7, (7, None))]
)
def test_a_key_without_a_sort_key_is_bare_or_a_tuple(key: object, split: object) -> None:
    assert split_key(target(Pipeline).entity, key) == split


@pytest.mark.parametrize("key", [("a", "b"), ("a", None), ()])
def test_a_tuple_of_another_length_is_refused_where_there_is_no_sort_key(key: object) -> None:
    with pytest.raises(InvalidKeyError, match="its partition key value, or a tuple of it"):
        split_key(target(Pipeline).entity, key)


@pytest.mark.parametrize("key", ["ab", ("a",), ("a", "b", "c"), ["a", "b"], {"pk": "a", "sk": "b"}, None])
def test_a_key_with_a_sort_key_is_a_tuple_of_both(key: object) -> None:
    assert split_key(USERS.entity, ("a", "b")) == ("a", "b")
    with pytest.raises(InvalidKeyError, match="tuple of its partition and sort key"):
        split_key(USERS.entity, key)


def test_a_batch_write_holds_its_entries() -> None:
    request = batch_write(USERS, [PUT, DELETE])
    assert request.operation == "BatchWriteItem"
    expected = {
        "RequestItems": {"app": [json.loads(PUT.text), json.loads(DELETE.text)]},
        "ReturnConsumedCapacity": "TOTAL",
    }
    assert plain_payload(request.payload) == json.loads(dumps(request.payload)) == expected


def test_a_batch_get_holds_its_keys() -> None:
    request = batch_get(USERS, whole(USERS), [KEY], consistent=True)
    assert request.operation == "BatchGetItem"
    assert request.payload == {
        "RequestItems": {"app": {"Keys": [KEY], "ConsistentRead": True}},
        "ReturnConsumedCapacity": "TOTAL",
    }
    assert batch_get(USERS, whole(USERS), [KEY], consistent=False).payload["RequestItems"] == {
        "app": {"Keys": [KEY]}
    }


@pytest.mark.parametrize("reply", [{"UnprocessedItems": {}}, {"UnprocessedItems": {"app": []}}])
def test_nothing_may_be_left(reply: Any) -> None:
    assert read_unprocessed_writes(USERS, [PUT, DELETE], reply) == []


def test_unprocessed_writes_are_the_entries_that_were_sent() -> None:
    reply = {"UnprocessedItems": {"app": [json.loads(DELETE.text), json.loads(PUT.text)]}}
    assert read_unprocessed_writes(USERS, [PUT, DELETE], reply) == [DELETE, PUT]


def test_an_unprocessed_number_is_found_however_it_is_written() -> None:
    entry = delete_entry(EVENTS, (1000, b"a"))
    left = {"DeleteRequest": {"Key": {"digest": {"B": "YQ=="}, "device": {"N": "1.0E3"}}}}
    assert read_unprocessed_writes(EVENTS, [entry], {"UnprocessedItems": {"app": [left]}}) == [entry]


MALFORMED_KEYS: list[Any] = [
    {},
    {"pk": {"S": "a"}},
    {"pk": {"S": "a"}, "sk": {}},
    {"pk": {"S": "a"}, "sk": "b"},
    {"pk": {"S": "a"}, "sk": None},
    {"pk": {"S": "a"}, "sk": {"N": "x"}},
    {"pk": {"S": "a"}, "sk": {"N": 5.5j}},
    {"pk": {"S": "a"}, "sk": {"L": []}},
    {"pk": {"S": "a"}, "sk": {"S": "b", "N": "1"}},
    "ab",
    None,
]


@pytest.mark.parametrize(
    "left",
    [
        "x",
        {"PutRequest": {}},
        ["x"],
        [{}],
        [{"PutRequest": {}}],
        [{"PutRequest": "x"}],
        [{"PutRequest": {"Key": KEY}}],
        [{"DeleteRequest": {"Item": KEY}}],
        [{"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"S": "z"}}}}],
        *([{"DeleteRequest": {"Key": key}}] for key in MALFORMED_KEYS),
    ],
)
def test_malformed_or_foreign_unprocessed_writes_are_unexpected(left: Any) -> None:
    with pytest.raises(UnexpectedResponseError):
        read_unprocessed_writes(USERS, [PUT, DELETE], {"UnprocessedItems": {"app": left}})


@pytest.mark.parametrize(
    "reply", [{}, {"UnprocessedItems": None}, {"UnprocessedItems": []}, {"UnprocessedItems": {"other": []}}]
)
def test_a_reply_that_does_not_tell_what_is_left_is_unexpected(reply: Any) -> None:
    with pytest.raises(UnexpectedResponseError, match="UnprocessedItems"):
        read_unprocessed_writes(USERS, [PUT], reply)


def test_found_items_are_known_by_their_keys() -> None:
    found = read_found(USERS, {"Responses": {"app": [WIRE]}})
    assert found == {PUT.identity: WIRE}
    assert read_found(USERS, {"Responses": {}}) == {}


@pytest.mark.parametrize(
    "responses",
    [None, [], {"other": []}, {"app": {}}, {"app": "x"}, *({"app": [key]} for key in MALFORMED_KEYS)],
)
def test_malformed_responses_are_unexpected(responses: Any) -> None:
    with pytest.raises(UnexpectedResponseError):
        read_found(USERS, {"Responses": responses})
    with pytest.raises(UnexpectedResponseError):
        read_found(USERS, {})


def test_unprocessed_keys_are_read() -> None:
    assert read_unprocessed_keys(USERS, {"UnprocessedKeys": {}}) == []
    assert read_unprocessed_keys(USERS, {"UnprocessedKeys": {"app": {"Keys": [KEY]}}}) == [KEY]


@pytest.mark.parametrize(
    "left",
    [None, [], {"other": {}}, {"app": []}, {"app": {}}, {"app": {"Keys": {}}}]
    + [{"app": {"Keys": [key]}} for key in MALFORMED_KEYS],
)
def test_malformed_unprocessed_keys_are_unexpected(left: Any) -> None:
    with pytest.raises(UnexpectedResponseError):
        read_unprocessed_keys(USERS, {"UnprocessedKeys": left})
