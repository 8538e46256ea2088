"""
Attempts until a reply, a definite failure or the deadline; nothing is repeated that could be done twice.

Each attempt ends in one of three ways: a reply, a failure that surely had no effect, or a failure
behind which the service may have acted. After one of the third kind a write is sent again only where its
request says that this is safe. Its outcome is known again by a success, by the item that a failed condition
returns, or by the service's own judgement of the same client token; else it stays unknown.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Final

from dynarepo._connection._budget import RetryBudget
from dynarepo._observability import Call
from dynarepo._request import Request, Verdict
from dynarepo._transport import AttemptError, Transport
from dynarepo._wire import Payload, WireItem
from dynarepo.exceptions import (
    CapacityLimitError,
    ConditionFailedError,
    ConnectionClosedError,
    DeadlineExceededError,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    ThrottledError,
    WriteOutcomeUnknownError,
)

__all__ = ["RetryingSender", "backoff_limit", "is_read", "may_repeat"]

_READS: Final = frozenset(
    {"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems", "GetShardIterator", "GetRecords"}
)

_THROTTLED_REASONS: Final = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})

_BASE_SECONDS: Final = 0.025
_THROTTLED_BASE_SECONDS: Final = 0.05
_CAP_SECONDS: Final = 2.0


def is_read(operation: str) -> bool:
    """Tell whether an operation changes nothing, however often it is done."""
    return operation in _READS or operation.startswith(("Describe", "List"))


def may_repeat(request: Request, failure: AttemptError) -> bool:
    """Tell whether another attempt is worth it and cannot double an effect."""
    if not failure.error.retryable or isinstance(failure.error, CapacityLimitError):
        return False
    return not failure.may_have_acted or is_read(request.operation) or request.repeat.is_safe


def backoff_limit(error: DynamoDBServiceError, attempts: int) -> float:
    """Give the longest wait after so many attempts; the wait itself is random below it."""
    base = _THROTTLED_BASE_SECONDS if isinstance(error, ThrottledError) else _BASE_SECONDS
    return min(_CAP_SECONDS, base * 2.0 ** min(attempts - 1, 10))


class RetryingSender:
    """
    Makes attempts through a transport.

    Args:
        transport: What makes one attempt.
        check_open: Raises `ConnectionClosedError` when nothing may be sent any more.
        budget: Bounds the retries of all calls.
        sleep: Waits between attempts.
        jitter: Chooses a number between two, as `random.uniform`.
    """

    def __init__(
        self,
        transport: Transport,
        check_open: Callable[[], None],
        *,
        budget: RetryBudget,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._transport = transport
        self._check_open = check_open
        self._budget = budget
        self._sleep = sleep
        self._jitter = jitter

    async def send(self, call: Call) -> Payload:
        """Return the reply of the first attempt that has one, or what it was where the reply was lost."""
        unknown, failure = False, None
        # With no more than this left of the time, another attempt would no longer be the same write.
        least = max(0.0, call.deadline.left - call.request.repeat.seconds)
        while True:
            try:
                reply = await self._attempt(call, least if unknown else 0.0)
            except AttemptError as attempt:
                call.throttles += _is_throttled(attempt.error)
                # That the time ran out before another attempt says less than why one was needed.
                failure = failure if failure is not None and _is_too_late(attempt) else attempt
            else:
                self._budget.succeed(retried=call.attempts > 1)
                return reply
            if failure.error.code is not None and not failure.error.retryable:
                # An answer, if not the one that was hoped for: the service is well.
                self._budget.succeed(retried=call.attempts > 1)
            if unknown and isinstance(failure.error, ConditionFailedError):
                verdict = _judged(call.request, failure.error.item)
                if verdict is Verdict.DONE:
                    return {"Attributes": failure.error.item}
                unknown = verdict is Verdict.UNKNOWN
            unknown |= failure.may_have_acted and not is_read(call.request.operation)
            delay = None if unknown and call.deadline.left <= least else self._delay(call, failure)
            if delay is None:
                error, cause = _outcome(failure.error, unknown=unknown)
                raise _placed(error, call) from cause
            await self._sleep(delay)

    async def _attempt(self, call: Call, spared: float) -> Payload:
        try:
            self._check_open()
            timeout = call.deadline.remaining(spared)  # for waiting until it can be sent, too
        except (ConnectionClosedError, DeadlineExceededError) as error:
            raise AttemptError(error, may_have_acted=False) from None
        call.attempts += 1
        return await self._transport.send(call.request.operation, call.request.payload, timeout=timeout)

    def _delay(self, call: Call, failure: AttemptError) -> float | None:
        if not may_repeat(call.request, failure):
            return None
        delay = self._jitter(0.0, backoff_limit(failure.error, call.attempts))
        return delay if delay < call.deadline.left and self._budget.take() else None


def _is_throttled(error: DynamoDBServiceError) -> bool:
    """Tell whether the service refused an attempt for its being one too many."""
    if isinstance(error, DynamoDBTransactionError):
        return any(reason is not None and reason.code in _THROTTLED_REASONS for reason in error.reasons)
    return isinstance(error, ThrottledError) and not isinstance(error, CapacityLimitError)


def _is_too_late(attempt: AttemptError) -> bool:
    return isinstance(attempt.error, DeadlineExceededError) and not attempt.may_have_acted


def _judged(request: Request, stored: WireItem | None) -> Verdict:
    try:
        return request.repeat.recognise(stored)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return Verdict.UNKNOWN  # it is no item of DynamoDB's


def _outcome(
    error: DynamoDBServiceError, *, unknown: bool
) -> tuple[DynamoDBServiceError, DynamoDBServiceError | None]:
    judged = isinstance(error, DynamoDBTransactionError) and not error.retryable
    if not unknown or judged:
        return error, None
    outcome = WriteOutcomeUnknownError(
        "the write was done or not done: read the item before you repeat it",
        code=error.code,
        request_id=error.request_id,
    )
    return outcome, error


def _placed(error: DynamoDBServiceError, call: Call) -> DynamoDBServiceError:
    request = call.request
    error.operation = request.operation
    error.table_name = request.table_name
    error.pk, error.sk = request.pk, request.sk
    if call.attempts > 1:
        error.message += f" (after {call.attempts} attempts)"
    return error
