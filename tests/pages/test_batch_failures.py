"""Batches of writes that fail in part: what became of every item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dynarepo import (
    DynamoDBBatchOperationError,
    RejectedError,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
)
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, WireReply, error_reply
from tests.faked import SkippedTime, on_fake
from tests.models import User
from tests.pages.batch_forms import FORMS, Form, streamed, users


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"UnprocessedItems": None},
        {"UnprocessedItems": []},
        {"UnprocessedItems": {"other": []}},
        {"UnprocessedItems": {"app": [{"PutRequest": {"Item": {"pk": {"S": "?"}, "sk": {"S": "?"}}}}]}},
        {"UnprocessedItems": {"app": [{}]}},
        {"UnprocessedItems": {"app": "all"}},
    ],
)
async def test_behind_a_reply_that_makes_no_sense_items_are_unknown_rb104(reply: Payload) -> None:
    items = users(3)
    async with on_fake(FakeTransport(reply), User) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_write(items)
    assert raised.value.unknown_items == tuple(items)
    assert (raised.value.failed_items, raised.value.successful_count) == ((), 0)
    assert isinstance(raised.value.__cause__, UnexpectedResponseError)


def failing(number: int, failure: Any) -> Callable[[str, Payload], Any]:
    """Answer request `number` with a failure, every other one with success."""
    count = iter(range(1_000))

    def answer(_operation: str, _payload: Payload) -> Any:
        return failure if next(count) == number else {"UnprocessedItems": {}}

    return answer


FAILURES = pytest.mark.parametrize(
    ("failure", "cause", "unknown"),
    [
        (error_reply("ValidationException"), RejectedError, 0),
        (WireReply(200, {}, b"<html>"), WriteOutcomeUnknownError, 25),
        (KeyError("a transport with a fault"), KeyError, 25),
    ],
    ids=["refused", "not DynamoDB", "faulty"],
)


@FORMS
@FAILURES
async def test_when_one_chunk_fails_nothing_is_sent_after_it_and_everything_is_accounted_for_rb106(
    form: Form, failure: Any, cause: type[Exception], unknown: int
) -> None:
    fake, items = FakeTransport.answering(failing(2, failure)), users(200)
    async with on_fake(fake, User, batch_concurrency=1) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_write(form(items))
    error = raised.value
    assert isinstance(error.__cause__, cause)
    assert len(fake.requests) == 3
    assert error.successful_count == 50
    assert list(error.unknown_items) == items[50 : 50 + unknown]
    left = sorted(error.failed_items, key=lambda item: item.sk)
    if form is not streamed:  # of a stream, what was not taken from it is not known
        assert left == items[50 + unknown :]
    assert left == items[50 + unknown : 50 + unknown + len(left)]


@FAILURES
async def test_chunks_under_way_beside_a_failing_one_count(
    failure: Any, cause: type[Exception], unknown: int
) -> None:
    items = users(200)
    async with on_fake(FakeTransport.answering(failing(2, failure)), User) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_write(items)
    error = raised.value
    assert isinstance(error.__cause__, cause)
    assert error.successful_count == 175
    assert [*error.unknown_items, *error.failed_items] == items[50:75]
    assert len(error.unknown_items) == unknown


async def test_a_throttled_chunk_is_sent_again_and_then_reported_as_not_written_rb105() -> None:
    time, items = SkippedTime(), users(25)
    fake = FakeTransport.answering(lambda *_: error_reply("ProvisionedThroughputExceededException"))
    async with on_fake(fake, User, time=time) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_write(items)
    assert raised.value.failed_items == tuple(items)
    assert (raised.value.unknown_items, raised.value.successful_count) == ((), 0)
    assert raised.value.code == "ProvisionedThroughputExceededException"
    assert 3 <= len(fake.requests) <= 15


async def test_a_throttle_that_ends_leaves_no_trace_rb105() -> None:
    throttled = error_reply("ThrottlingException")
    fake = FakeTransport(throttled, throttled, {"UnprocessedItems": {}})
    async with on_fake(fake, User) as repository:
        assert await repository.batch_write(users(25)) == 25


async def test_the_report_names_numbers_and_no_values() -> None:
    items = [User(pk="secret-pk", sk="secret-sk", nick="secret-nick")]
    async with on_fake(FakeTransport(error_reply("ValidationException")), User) as repository:
        with pytest.raises(DynamoDBBatchOperationError) as raised:
            await repository.batch_write(items)
    assert "0 written, 1 not written, 0 unknown" in str(raised.value)
    assert "secret" not in str(raised.value) + repr(raised.value)
