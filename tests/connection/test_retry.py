"""Which attempts are repeated, how long is waited between, and what the caller is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynarepo._connection._budget import RetryBudget
from dynarepo._connection._retry import RetryingSender, backoff_limit, is_read
from dynarepo._observability import Call
from dynarepo._request import Deadline, Repeat, Request, Verdict
from dynarepo.exceptions import (
    AuthenticationError,
    ConditionFailedError,
    ConnectionClosedError,
    ConnectionFailedError,
    DeadlineExceededError,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    ServiceUnavailableError,
    ThrottledError,
    TransactionConflictError,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
)
from dynarepo.testing import FakeTransport, WireReply, connection_refused, error_reply, lost_reply
from tests.connection.retrying import CONFLICT, FAULT, HTML, REFUSED, THROTTLED, TOKEN, Session


@pytest.mark.parametrize("operation", ["GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"])
@pytest.mark.parametrize("first", [lost_reply(), connection_refused(), FAULT, THROTTLED])
async def test_a_read_is_repeated_after_whatever_passes(operation: str, first: Any) -> None:
    session = Session(first, first, {"ok": 1})
    assert await session.send(operation) == {"ok": 1}
    assert session.attempts == 3


@pytest.mark.parametrize(
    "operation", ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "CreateTable"]
)
@pytest.mark.parametrize(
    "first", [connection_refused(), THROTTLED, error_reply("TransactionConflictException")]
)
async def test_a_write_is_repeated_when_the_attempt_had_no_effect(operation: str, first: Any) -> None:
    session = Session(first, {"ok": 1})
    assert await session.send(operation) == {"ok": 1}


@pytest.mark.parametrize("first", [lost_reply(), FAULT, HTML])
async def test_a_write_that_may_have_been_done_is_not_repeated(first: Any) -> None:
    session = Session(first)
    error = await session.failure("UpdateItem")
    assert type(error) is WriteOutcomeUnknownError
    assert isinstance(error.__cause__, DynamoDBServiceError)
    assert session.attempts == 1


@pytest.mark.parametrize("last", [REFUSED, error_reply("ThrottlingException")])
async def test_after_an_unclear_attempt_only_the_services_judgement_is_definite(last: Any) -> None:
    session = Session(lost_reply(), last, waits=2)
    error = await session.failure("TransactWriteItems", TOKEN)
    assert type(error) is (DynamoDBTransactionError if last is REFUSED else WriteOutcomeUnknownError)


async def test_credentials_that_expire_after_an_unclear_attempt_do_not_make_it_clear() -> None:
    session = Session(lost_reply(), error_reply("ExpiredTokenException"))
    error = await session.failure("TransactWriteItems", TOKEN)
    assert type(error) is WriteOutcomeUnknownError
    assert type(error.__cause__) is AuthenticationError


async def test_conflicting_transactions_are_repeated_with_growing_waits_rt158() -> None:
    session = Session(CONFLICT, CONFLICT, {"ok": 1})
    assert await session.send("TransactWriteItems", TOKEN) == {"ok": 1}
    assert session.slept == [0.025, 0.05]


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
async def test_throttled_transactions_are_repeated_rt160(code: str) -> None:
    cancelled = error_reply("TransactionCanceledException", CancellationReasons=[{"Code": code}])
    assert await Session(cancelled, {"ok": 1}).send("TransactWriteItems", TOKEN) == {"ok": 1}


@pytest.mark.parametrize("codes", [["TransactionConflict", "ConditionalCheckFailed"], ["ValidationError"]])
async def test_a_transaction_with_another_reason_is_not_repeated_rt159_rt160(codes: list[str]) -> None:
    cancelled = error_reply(
        "TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes]
    )
    error = await Session(cancelled).failure("TransactWriteItems", TOKEN)
    assert isinstance(error, DynamoDBTransactionError)
    assert [reason.code for reason in error.reasons if reason] == codes


async def test_a_transaction_given_up_after_conflicts_still_has_its_reasons() -> None:
    error = await Session(CONFLICT, jitter=3000.0).failure("TransactWriteItems", TOKEN)
    assert isinstance(error, DynamoDBTransactionError)
    assert error.retryable
    assert error.reasons[0] is not None


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (HTML, UnexpectedResponseError),
        (error_reply("ExpiredTokenException"), AuthenticationError),
        (error_reply("ConditionalCheckFailedException"), ConditionFailedError),
    ],
)
async def test_what_will_not_pass_is_not_repeated(reply: Any, expected: type) -> None:
    session = Session(reply)
    assert type(await session.failure("GetItem")) is expected
    assert session.attempts == 1


async def test_no_wait_begins_that_would_outlast_the_deadline() -> None:
    session = Session(THROTTLED, THROTTLED, jitter=700.0)
    error = await session.failure("PutItem")
    assert type(error) is ThrottledError
    assert session.slept == [35.0]
    assert "after 2 attempts" in str(error)


async def test_a_deadline_that_passed_sends_nothing() -> None:
    fake = FakeTransport()
    sender = RetryingSender(fake, lambda: None, budget=RetryBudget(), sleep=asyncio.sleep)
    with pytest.raises(DeadlineExceededError):
        await sender.send(Call(Request("GetItem", {}), Deadline.after(-1)))
    assert fake.requests == []


async def silence(operation: str, payload: dict[str, Any]) -> WireReply:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    ("operation", "expected"), [("GetItem", DeadlineExceededError), ("PutItem", WriteOutcomeUnknownError)]
)
async def test_silence_until_the_deadline_is_unclear_for_a_write_only_rf176(
    operation: str, expected: type
) -> None:
    sender = RetryingSender(FakeTransport(silence), lambda: None, budget=RetryBudget(), sleep=asyncio.sleep)
    with pytest.raises(DynamoDBServiceError) as raised:
        await sender.send(Call(Request(operation, {}), Deadline.after(0.2)))
    assert type(raised.value) is expected


async def test_a_reads_lost_replies_end_as_a_failed_connection() -> None:
    error = await Session(*[lost_reply()] * 3, jitter=1000.0).failure("GetItem")
    assert type(error) is ConnectionFailedError


async def test_closing_during_a_wait_ends_the_call() -> None:
    session = Session(THROTTLED, waits=1)
    assert type(await session.failure("PutItem")) is ConnectionClosedError
    assert session.attempts == 1


async def test_closing_after_an_unclear_attempt_leaves_it_unclear() -> None:
    error = await Session(lost_reply(), waits=1).failure("TransactWriteItems", TOKEN)
    assert type(error) is WriteOutcomeUnknownError


async def test_every_error_says_what_it_was_about_rf172() -> None:
    error = await Session(error_reply("AccessDeniedException")).failure("PutItem")
    assert (error.operation, error.table_name, error.pk, error.sk) == ("PutItem", "app", "p", "s")
    assert (error.code, error.request_id) == ("AccessDeniedException", "FAKE0REQUEST0ID")


async def test_a_cancellation_passes_untouched() -> None:
    reached = asyncio.Event()

    async def wait(operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        reached.set()
        await asyncio.Event().wait()
        return {}

    sending = asyncio.create_task(Session(wait).send("PutItem"))
    await reached.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10_000))
def test_waits_double_up_to_two_seconds(attempts: int) -> None:
    conflict = backoff_limit(TransactionConflictError("x"), attempts)
    throttle = backoff_limit(ThrottledError("x"), attempts)
    assert conflict == min(2.0, 0.025 * 2.0 ** min(attempts - 1, 50))
    assert throttle == min(2.0, 2 * conflict) or conflict == throttle == 2.0
    assert backoff_limit(ServiceUnavailableError("x"), attempts) == conflict


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("DescribeTable", True), ("ListTables", True), ("UpdateTable", False), ("ExecuteStatement", False)],
)
def test_reads_are_told_by_name(operation: str, expected: bool) -> None:
    assert is_read(operation) is expected


def recognised(verdict: Verdict) -> Repeat:
    return Repeat(is_safe=True, recognise=lambda _: verdict)


FAILED_CONDITION = error_reply("ConditionalCheckFailedException", Item={"a": {"S": "x"}})


async def after_a_lost_reply(*script: Any, repeat: Repeat) -> Any:
    session = Session(lost_reply(), *script)
    call = Call(Request("UpdateItem", {}, "app", repeat=repeat), Deadline.after(60))
    return await session.sender().send(call)


async def test_an_item_that_is_recognised_is_the_reply() -> None:
    reply = await after_a_lost_reply(FAILED_CONDITION, repeat=recognised(Verdict.DONE))
    assert reply == {"Attributes": {"a": {"S": "x"}}}


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.NOT_DONE, ConditionFailedError), (Verdict.UNKNOWN, WriteOutcomeUnknownError)],
)
async def test_an_item_of_somebody_else_decides_or_leaves_it_open(verdict: Verdict, expected: type) -> None:
    with pytest.raises(DynamoDBServiceError) as raised:
        await after_a_lost_reply(FAILED_CONDITION, repeat=recognised(verdict))
    assert type(raised.value) is expected


async def test_an_item_that_is_none_of_dynamodbs_leaves_it_open() -> None:
    def recognise(item: Any) -> Verdict:
        raise KeyError(item)

    with pytest.raises(WriteOutcomeUnknownError):
        await after_a_lost_reply(FAILED_CONDITION, repeat=Repeat(is_safe=True, recognise=recognise))


async def test_a_condition_that_fails_at_once_is_not_asked_about() -> None:
    session = Session(FAILED_CONDITION)
    call = Call(Request("PutItem", {}, "app", repeat=recognised(Verdict.DONE)), Deadline.after(60))
    with pytest.raises(ConditionFailedError):
        await session.sender().send(call)


async def test_an_exhausted_budget_ends_the_retries_of_all_calls() -> None:
    session = Session(*[THROTTLED] * 9)
    sender = session.sender(RetryBudget(capacity=10))
    for attempts in (3, 1):
        call = Call(Request("GetItem", {}, "app"), Deadline.after(60))
        with pytest.raises(ThrottledError):
            await sender.send(call)
        assert call.attempts == attempts


async def test_a_write_that_is_recognised_was_worth_its_retry() -> None:
    session = Session(*[lost_reply(), FAILED_CONDITION] * 3)
    sender = session.sender(RetryBudget(capacity=5))
    for _ in range(3):
        call = Call(Request("PutItem", {}, "app", repeat=recognised(Verdict.DONE)), Deadline.after(60))
        await sender.send(call)
        assert call.attempts == 2


@pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "ValidationException"])
async def test_a_refusal_is_an_answer_that_brings_retries_back(code: str) -> None:
    session = Session(THROTTLED, *[error_reply(code)] * 6, THROTTLED, {"ok": 1})
    sender = session.sender(RetryBudget(capacity=5))
    for _ in range(6):
        with pytest.raises(DynamoDBServiceError):
            await sender.send(Call(Request("PutItem", {}, "app"), Deadline.after(60)))
    assert await sender.send(Call(Request("PutItem", {}, "app"), Deadline.after(60))) == {"ok": 1}


async def test_a_page_of_somebody_else_brings_no_retries_back() -> None:
    session = Session(THROTTLED, *[HTML] * 9, THROTTLED)
    sender = session.sender(RetryBudget(capacity=5))
    for _ in range(9):
        with pytest.raises(UnexpectedResponseError):
            await sender.send(Call(Request("GetItem", {}, "app"), Deadline.after(60)))
    with pytest.raises(ThrottledError):
        await sender.send(Call(Request("GetItem", {}, "app"), Deadline.after(60)))


async def test_when_time_runs_out_in_a_wait_the_error_says_why_it_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session(THROTTLED, jitter=0.0)
    deadline = Deadline.after(60)

    async def oversleep(_: float) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time
        loop.time = lambda: before() + 61  # type: ignore[method-assign]

    monkeypatch.setattr(session, "_sleep", oversleep)
    call = Call(Request("GetItem", {}, "app"), deadline)
    with pytest.raises(ThrottledError):
        await session.sender().send(call)
    assert call.attempts == 1
