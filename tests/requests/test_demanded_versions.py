"""A version that an update or a delete demands: its condition, what is none, and what a failure says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dynarepo import attr
from dynarepo._request import Request
from dynarepo._requests import (
    Explanation,
    Guard,
    TransactWriteItem,
    delete_item,
    explain_failed_update,
    transact_write,
    update_item,
)
from dynarepo.exceptions import (
    ConditionFailedError,
    InvalidRequestError,
    ItemNotFoundError,
    VersionConflictError,
)
from tests.key_models import User, target
from tests.requests.counted import COUNTED

ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}, "age": {"N": "1"}}


def conditions(request: Request) -> list[str]:
    """Give the conditions of a request, with its values."""
    lines = Explanation.of(request).show(values=True).splitlines()
    return [line.split(": ", 1)[1] for line in lines if "ConditionExpression" in line]


@pytest.mark.parametrize(("version", "text"), [(3, "v = 3"), (0, "attribute_not_exists(v) OR v = 0")])
def test_a_delete_of_a_version_demands_it_and_asks_for_the_item_that_failed(version: int, text: str) -> None:
    request = delete_item(COUNTED, "a", "b", None, Guard(version=version))
    assert conditions(request) == [text]
    assert request.payload["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


@pytest.mark.parametrize(("version", "text"), [(3, "v = 3"), (0, "(attribute_not_exists(v) OR v = 0)")])
def test_an_update_of_a_version_demands_it_and_that_there_is_an_item(version: int, text: str) -> None:
    request = update_item(COUNTED, "a", "b", {"age": 1}, None, Guard(exists=True, version=version))
    assert conditions(request) == [f"attribute_exists(pk) AND {text}"]


def test_a_condition_stands_beside_the_version_of_a_delete() -> None:
    request = delete_item(COUNTED, "a", "b", lambda u: (u.age == 1) | (u.age == 2), Guard(version=0))
    assert conditions(request) == ["(attribute_not_exists(v) OR v = 0) AND (age = 1 OR age = 2)"]


def test_operations_of_a_transaction_demand_the_version_that_they_are_given() -> None:
    operations = [
        TransactWriteItem.update("a", "1", {"age": 1}, version=3),
        TransactWriteItem.delete("a", "2", version=4, where=attr("age").eq(1)),
        TransactWriteItem.delete("a", "3", version=0),
        TransactWriteItem.delete("a", "4"),
    ]
    request, stored = transact_write([(COUNTED, operation) for operation in operations])
    assert conditions(request) == [
        "attribute_exists(pk) AND v = 3",
        "v = 4 AND age = 1",
        "attribute_not_exists(v) OR v = 0",
    ]
    assert stored == [None] * 4


def with_version(bound: Any, version: Any) -> list[Callable[[], object]]:
    """Give every way to demand a version."""
    return [
        lambda: delete_item(bound, "a", "b", None, Guard(version=version)),
        lambda: update_item(bound, "a", "b", {"age": 1}, None, Guard(exists=True, version=version)),
        lambda: transact_write([(bound, TransactWriteItem.delete("a", "b", version=version))]),
        lambda: transact_write([(bound, TransactWriteItem.update("a", "b", {"age": 1}, version=version))]),
    ]


@pytest.mark.parametrize("version", [-1, True, False, 1.0, "1", b"1"])
def test_a_version_that_can_be_no_version_is_refused(version: Any) -> None:
    for write in with_version(COUNTED, version):
        with pytest.raises(InvalidRequestError, match="whole number"):
            write()


@pytest.mark.parametrize("version", [0, 1])
def test_a_version_of_a_model_that_declares_none_is_refused(version: int) -> None:
    """Also 0, which is a number and not "no version"."""
    for write in with_version(target(User), version):
        with pytest.raises(InvalidRequestError, match="User declares no version; leave out version="):
            write()


def test_an_update_of_a_version_says_that_there_is_no_item() -> None:
    error = explain_failed_update(COUNTED, ConditionFailedError("failed"), 3)
    assert type(error) is ItemNotFoundError


def test_an_update_of_a_version_that_is_another_is_a_conflict() -> None:
    failed = ConditionFailedError("failed", item=ITEM | {"v": {"N": "4"}})
    error = explain_failed_update(COUNTED, failed, 3)
    assert isinstance(error, VersionConflictError)
    assert (error.expected, error.found) == (3, 4)
