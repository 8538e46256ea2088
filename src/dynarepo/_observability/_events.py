"""
One log event at the start of each operation and one at its end.

Fields are chosen one by one, and none can hold a value of an item: no message of an error, no
payload, and no count that is none. Keys go in as a hash unless the configuration says otherwise.
"""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256
from typing import Any

from dynarepo._observability._call import Call, Sender
from dynarepo._observability._logger import Logger
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    ConditionFailedError,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    TableNotFoundError,
)

__all__ = ["LoggedSender"]


class LoggedSender:
    """Logs the calls that go through to another sender."""

    def __init__(self, inner: Sender, logger: Logger) -> None:
        self._inner = inner
        self._logger = logger

    async def send(self, call: Call) -> Payload:
        """Pass the call on, with an event before and after."""
        about = _about(call)
        self._logger.debug("dynamodb.operation.started", **about)
        started = time.perf_counter()
        try:
            reply = await self._inner.send(call)
        except DynamoDBServiceError as error:
            outcome = _outcome(call, error)
            if outcome is not None:
                ending = _ending(call, started, outcome=outcome)
                self._logger.info("dynamodb.operation.completed", **about, **ending)
                raise
            # Not `exception`: a traceback would print what the caller prints anyway.
            self._logger.error(  # noqa: TRY400
                "dynamodb.operation.failed", **about, **_ending(call, started), **_error(error)
            )
            raise
        except asyncio.CancelledError:
            self._logger.info("dynamodb.operation.cancelled", **about, **_ending(call, started))
            raise
        ending = _ending(call, started, outcome="success")
        self._logger.info("dynamodb.operation.completed", **about, **ending, **_counts(reply))
        return reply


def _outcome(call: Call, error: DynamoDBServiceError) -> str | None:
    """Name an answer that is no failure: a condition that did not hold, a table that is not there."""
    if isinstance(error, DynamoDBTransactionError):
        codes = {reason.code for reason in error.reasons if reason}
        return "condition_failed" if codes == {"ConditionalCheckFailed"} else None
    if isinstance(error, ConditionFailedError):
        return "condition_failed"
    is_asked = isinstance(error, TableNotFoundError) and call.request.operation == "DescribeTable"
    return "not_found" if is_asked else None


def _about(call: Call) -> dict[str, Any]:
    request = call.request
    about: dict[str, Any] = {"operation": request.operation, "table": request.table_name}
    for name, value in (("pk", request.pk), ("sk", request.sk)):
        if value is not None:
            about[name] = value if call.log_keys else _hash(value)
    return about


def _hash(value: object) -> str:
    return sha256(str(value).encode(errors="surrogatepass")).hexdigest()[:12]


def _ending(call: Call, started: float, **fields: Any) -> dict[str, Any]:
    milliseconds = round((time.perf_counter() - started) * 1000, 3)
    return {"duration_ms": milliseconds, "attempts": call.attempts, **fields}


def _error(error: DynamoDBServiceError) -> dict[str, Any]:
    return {"error": type(error).__name__, "code": error.code, "request_id": error.request_id}


def _counts(reply: Payload) -> dict[str, Any]:
    counts: dict[str, Any] = {
        field: reply[member]
        for field, member in (("count", "Count"), ("scanned_count", "ScannedCount"))
        if type(reply.get(member)) is int
    }
    consumed = reply.get("ConsumedCapacity")
    tables = consumed if isinstance(consumed, list) else [consumed]
    units = [table.get("CapacityUnits") for table in tables if isinstance(table, dict)]
    if units:
        counts["capacity_units"] = sum(each for each in units if isinstance(each, int | float))
    return counts
