"""
Attempts until a reply, a definite failure or the deadline; nothing is repeated that could be done twice.

Each attempt ends in one of three ways: a reply, a failure that surely had no effect, or a failure
behind which the service may have acted. Once a write had an attempt of the third kind, only the
service's own judgement of the same client token can make its outcome known again.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Final

from dynarepo._observability import Call
from dynarepo._request import Request
from dynarepo._transport import AttemptError, Transport
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    ConnectionClosedError,
    DeadlineExceededError,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    ThrottledError,
    WriteOutcomeUnknownError,
)

__all__ = ["RetryingSender", "backoff_limit", "is_read", "may_repeat"]

_READS: Final = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})

_BASE_SECONDS: Final = 0.025
_THROTTLED_BASE_SECONDS: Final = 0.05
_CAP_SECONDS: Final = 2.0


def is_read(operation: str) -> bool:
    """Tell whether an operation changes nothing, however often it is done."""
    return operation in _READS or operation.startswith(("Describe", "List"))


def may_repeat(request: Request, failure: AttemptError) -> bool:
    """Tell whether another attempt is worth it and cannot double an effect."""
    if not failure.error.retryable:
        return False
    # The service does a transaction with the same token once.
    return not failure.may_have_acted or is_read(request.operation) or "ClientRequestToken" in request.payload


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
        sleep: Waits between attempts.
        jitter: Chooses a number between two, as `random.uniform`.
    """

    def __init__(
        self,
        transport: Transport,
        check_open: Callable[[], None],
        *,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._transport = transport
        self._check_open = check_open
        self._sleep = sleep
        self._jitter = jitter

    async def send(self, call: Call) -> Payload:
        """Return the reply of the first attempt that has one."""
        unknown = False
        while True:
            try:
                return await self._attempt(call)
            except AttemptError as attempt:
                failure = attempt
            unknown |= failure.may_have_acted and not is_read(call.request.operation)
            delay = self._delay(call, failure)
            if delay is None:
                error, cause = _outcome(failure.error, unknown=unknown)
                raise _placed(error, call) from cause
            await self._sleep(delay)

    async def _attempt(self, call: Call) -> Payload:
        try:
            self._check_open()
            timeout = call.deadline.remaining()
        except (ConnectionClosedError, DeadlineExceededError) as error:
            raise AttemptError(error, may_have_acted=False) from None
        call.attempts += 1
        return await self._transport.send(call.request.operation, call.request.payload, timeout=timeout)

    def _delay(self, call: Call, failure: AttemptError) -> float | None:
        if not may_repeat(call.request, failure):
            return None
        delay = self._jitter(0.0, backoff_limit(failure.error, call.attempts))
        return delay if delay < call.deadline.left else None


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
