"""Changes made of records."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dynarepo import DynamoDBBaseModel
from dynarepo._codec import bind, unite
from dynarepo._requests import Reading
from dynarepo._streams import Change, ChangeDecoder, read_record
from dynarepo.streams import InvalidChangeError
from tests.models import User
from tests.several_models import Customer, Order
from tests.streams.scripted_stream import raw_record, user

CUSTOMER = Customer(customer_id="a")
ORDER = Order(customer_id="a", order_id=1)


def change_of(raw: Any, *models: Any) -> Change[Any] | None:
    source = bind(models[0]) if len(models) == 1 else unite([bind(model) for model in models])
    return ChangeDecoder(Reading.of(source)).decode(read_record(raw), "shard-0")


@pytest.mark.parametrize(
    ("model", "kind", "old", "new"),
    [(Customer, "remove", CUSTOMER, None), (Order, "insert", None, ORDER)],
)
def test_an_item_that_becomes_another_models_is_gone_for_one_and_new_for_the_other(
    model: type[Any], kind: str, old: Any, new: Any
) -> None:
    change = change_of(raw_record(1, ORDER, CUSTOMER), model)
    assert change is not None
    assert (change.kind, change.old, change.new) == (kind, old, new)


def test_for_a_union_of_both_it_is_modified() -> None:
    change = change_of(raw_record(1, ORDER, CUSTOMER), Customer, Order)
    assert change is not None
    assert (change.kind, change.old, change.new) == ("modify", CUSTOMER, ORDER)


@pytest.mark.parametrize("images", [["OldImage"], ["NewImage"], ["OldImage", "NewImage"]])
def test_what_the_stream_does_not_have_is_none(images: list[str]) -> None:
    raw = raw_record(1, user(2), user(1))
    for image in images:
        del raw["dynamodb"][image]
    change = change_of(raw, User)
    assert change is not None
    assert change.kind == "modify"
    assert change.old == (None if "OldImage" in images else user(1))
    assert change.new == (None if "NewImage" in images else user(2))


@pytest.mark.parametrize(
    ("identity", "expired"),
    [
        ({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}, True),
        ({"type": "Service", "principalId": "dynamodb.amazonaws.com"}, True),
        ({"Type": "Service", "PrincipalId": "replication.dynamodb.amazonaws.com"}, False),
        ({"Type": "User", "PrincipalId": "dynamodb.amazonaws.com"}, False),
        ({}, False),
        ("x", False),
        (None, False),
    ],
)
def test_what_dynamodb_removes_for_its_expiry_says_so(identity: Any, expired: bool) -> None:
    change = change_of(raw_record(1, old=user(1), userIdentity=identity), User)
    assert change is not None
    assert change.expired is expired


def test_only_a_removal_can_be_for_expiry() -> None:
    identity = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    change = change_of(raw_record(1, user(1), userIdentity=identity), User)
    assert change is not None
    assert change.expired is False


@pytest.mark.parametrize("time", [None, "2026", True, 1e300, float("nan")])
def test_a_time_that_is_none_is_left_out(time: Any) -> None:
    raw = raw_record(1, user(1))
    raw["dynamodb"]["ApproximateCreationDateTime"] = time
    change = change_of(raw, User)
    assert change is not None
    assert change.at is None


@pytest.mark.parametrize("keys", [{"pk": {"S": "secret"}}, {"pk": {"X": "secret"}, "sk": {"S": "x"}}])
def test_a_key_that_is_none_is_refused(keys: Any) -> None:
    raw = raw_record(1, user(1))
    raw["dynamodb"]["Keys"] = keys
    with pytest.raises(InvalidChangeError, match="change 1 of shard-0") as caught:
        change_of(raw, User)
    assert "secret" not in str(caught.value)


class Nested(DynamoDBBaseModel):
    one: dict[str, str]
    several: list[dict[str, dict[str, int]]]


def test_an_empty_object_in_the_place_of_a_value_is_an_empty_map() -> None:
    whole = Nested(pk="a", sk="b", one={}, several=[{}, {"inner": {}, "full": {"n": 1}}])
    raw = raw_record(1, whole, whole)
    for image in ("OldImage", "NewImage"):
        raw["dynamodb"][image]["one"] = {}
        raw["dynamodb"][image]["several"] = {
            "L": [{}, {"M": {"inner": {}, "full": {"M": {"n": {"N": "1"}}}}}]
        }
    given = copy.deepcopy(raw)
    change = change_of(raw, Nested)
    assert change is not None
    assert (change.old, change.new) == (whole, whole)
    assert raw == given


def test_an_empty_object_is_no_text() -> None:
    raw = raw_record(1, user(1))
    raw["dynamodb"]["NewImage"]["age"] = {}
    with pytest.raises(InvalidChangeError) as caught:
        change_of(raw, User)
    assert caught.value.fields == ("age",)


@pytest.mark.parametrize("value", [{"M": []}, {"L": {}}, {"M": {}, "S": "x"}, {"L": [], "N": "1"}, [], None])
def test_what_is_no_value_is_not_made_one(value: Any) -> None:
    raw = raw_record(1, Nested(pk="a", sk="b", one={}, several=[]))
    raw["dynamodb"]["NewImage"]["one"] = value
    with pytest.raises(InvalidChangeError):
        change_of(raw, Nested)


def test_values_that_nest_too_deep_are_refused() -> None:
    raw = raw_record(1, user(1))
    value: Any = {}
    for _ in range(100_000):
        value = {"L": [value]}
    raw["dynamodb"]["NewImage"]["age"] = value
    with pytest.raises(InvalidChangeError):
        change_of(raw, User)


@pytest.mark.parametrize("key", [{"pk": {}, "sk": {"S": "x"}}, {"pk": {"S": "a"}, "sk": {}}])
def test_a_key_is_no_empty_map(key: Any) -> None:
    raw = raw_record(1, user(1))
    raw["dynamodb"]["Keys"] = key
    with pytest.raises(InvalidChangeError):
        change_of(raw, User)


def test_a_record_shows_no_value() -> None:
    record = read_record(raw_record(1, user(1, "secret"), user(2, "secret")))
    assert "sequence_number='1'" in repr(record)
    assert "secret" not in repr(record)
