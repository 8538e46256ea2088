"""A sender with scripted replies, whose waits are noted and take no time."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo._connection._budget import RetryBudget
from dynarepo._connection._retry import RetryingSender
from dynarepo._observability import Call
from dynarepo._request import Deadline, Repeat, Request
from dynarepo.exceptions import (
    ConnectionClosedError,
    DynamoDBServiceError,
)
from dynarepo.testing import FakeTransport, WireReply, error_reply

FAULT = error_reply("InternalServerError", status=500)
THROTTLED = error_reply("ThrottlingException")
HTML = WireReply(200, {"content-type": "text/html"}, b"<html>")
TOKEN = {"ClientRequestToken": "t", "TransactItems": []}
CONFLICT = error_reply(
    "TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}, {"Code": "None"}]
)
REFUSED = error_reply(
    "TransactionCanceledException",
    CancellationReasons=[{"Code": "TransactionConflict"}, {"Code": "ConditionalCheckFailed"}],
)
IN_PROGRESS = error_reply("TransactionInProgressException")


class Session:
    """A retrying sender over a script, with waits that take no time."""

    def __init__(self, *script: Any, waits: int | None = None, jitter: float = 1.0) -> None:
        self.fake = FakeTransport(*script)
        self.slept: list[float] = []
        self.is_open = True
        self.waits = waits
        self.jitter = jitter
        self.attempts = 0

    async def send(self, operation: str = "GetItem", payload: dict[str, Any] | None = None) -> Any:
        repeat = Repeat(is_safe="ClientRequestToken" in (payload or {}))
        call = Call(Request(operation, payload or {}, "app", "p", "s", repeat), Deadline.after(60))
        try:
            return await self.sender().send(call)
        finally:
            self.attempts = call.attempts

    def sender(self, budget: RetryBudget | None = None) -> RetryingSender:
        return RetryingSender(
            self.fake,
            self._check_open,
            budget=budget or RetryBudget(),
            sleep=self._sleep,
            jitter=lambda low, high: low + self.jitter * high,
        )

    async def failure(self, operation: str, payload: dict[str, Any] | None = None) -> DynamoDBServiceError:
        with pytest.raises(DynamoDBServiceError) as raised:
            await self.send(operation, payload)
        return raised.value

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.waits is not None and len(self.slept) >= self.waits:
            self.is_open = False

    def _check_open(self) -> None:
        if not self.is_open:
            raise ConnectionClosedError("closed")
