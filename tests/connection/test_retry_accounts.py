"""What an end after several attempts tells the caller, and what it gives back to the budget."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from dynarepo._connection._budget import RetryBudget
from dynarepo._connection._retry import RetryingSender
from dynarepo._observability import Call
from dynarepo._request import Deadline, Repeat, Request, Verdict
from dynarepo._wire import Payload, WireItem
from dynarepo.exceptions import DynamoDBServiceError, WriteOutcomeUnknownError
from dynarepo.testing import FakeTransport, error_reply, lost_reply

FAULT = error_reply("InternalServerError", status=500)
THROTTLED = error_reply("ThrottlingException")
STORED: WireItem = {"a": {"S": "x"}}
FAILED_CONDITION = error_reply("ConditionalCheckFailedException", Item=STORED)


async def at_once(_: float) -> None:
    """Wait for nothing."""


def sending(*script: Any, budget: RetryBudget | None = None) -> RetryingSender:
    return RetryingSender(
        FakeTransport(*script),
        lambda: None,
        budget=budget or RetryBudget(),
        sleep=at_once,
        jitter=lambda low, _: low,
    )


def call_of(operation: str, repeat: Repeat | None = None) -> Call:
    request = Request(operation, {}, "app", "p", "s", repeat or Repeat(is_safe=False))
    return Call(request, Deadline.after(60))


async def failure(sender: RetryingSender, call: Call) -> DynamoDBServiceError:
    with pytest.raises(DynamoDBServiceError) as raised:
        await sender.send(call)
    return raised.value


async def attempts(sender: RetryingSender, operation: str) -> int:
    """Do an operation, with a reply or without, and give the attempts it took."""
    call = call_of(operation)
    with suppress(DynamoDBServiceError):
        await sender.send(call)
    return call.attempts


async def test_an_unknown_outcome_has_the_code_and_the_request_of_the_last_answer() -> None:
    error = await failure(sending(FAULT), call_of("UpdateItem"))
    assert type(error) is WriteOutcomeUnknownError
    assert (error.code, error.request_id) == ("InternalServerError", "FAKE0REQUEST0ID")


async def test_the_number_of_attempts_is_told_behind_the_services_words() -> None:
    once = await failure(sending(error_reply("ValidationException", message="no")), call_of("GetItem"))
    again = await failure(
        sending(THROTTLED, error_reply("ValidationException", message="no")), call_of("GetItem")
    )
    assert again.message == f"{once.message} (after 2 attempts)"


async def test_the_write_is_recognised_by_the_item_that_the_service_returned() -> None:
    def recognise(stored: WireItem | None) -> Verdict:
        return Verdict.DONE if stored == STORED else Verdict.UNKNOWN

    sender = sending(lost_reply(), FAILED_CONDITION)
    reply: Payload = await sender.send(call_of("UpdateItem", Repeat(is_safe=True, recognise=recognise)))
    assert reply == {"Attributes": STORED}


async def test_a_retry_that_is_answered_brings_back_what_it_took() -> None:
    sender = sending(*[THROTTLED, {"ok": 1}] * 3, budget=RetryBudget(capacity=5))
    assert [await attempts(sender, "GetItem") for _ in range(3)] == [2, 2, 2]


@pytest.mark.parametrize("answer", [{"ok": 1}, error_reply("ConditionalCheckFailedException")])
async def test_an_answer_at_once_brings_back_less_than_a_retry_takes(answer: Any) -> None:
    sender = sending(THROTTLED, THROTTLED, answer, THROTTLED, budget=RetryBudget(capacity=5))
    assert [await attempts(sender, name) for name in ("GetItem", "PutItem", "GetItem")] == [2, 1, 1]
