"""
One log event at the start of each operation and one at its end.

Fields are chosen one by one, and none can hold a value of an item: no message of an error, no
payload, and no count that is none. Keys go in as a hash unless the configuration says otherwise.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from time import perf_counter
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

__all__ = ["LoggedSender", "outcome_of"]


class LoggedSender:
    """Logs the calls that go through to another sender."""

    def __init__(self, inner: Sender, logger: Logger) -> None:
        self._inner = inner
        self._logger = logger

    async def send(self, call: Call) -> Payload:
        """Pass the call on, with an event before and after."""
        # One dictionary for both events: a logger gets a copy of it.
        fields = _about(call)
        self._logger.debug("dynamodb.operation.started", **fields)
        started = perf_counter()
        try:
            reply = await self._inner.send(call)
        except DynamoDBServiceError as error:
            _end(fields, call, started)
            outcome = outcome_of(call, error)
            if outcome is not None:
                fields["outcome"] = outcome
                self._logger.info("dynamodb.operation.completed", **fields)
            else:
                # Not `exception`: a traceback would print what the caller prints anyway.
                self._logger.error("dynamodb.operation.failed", **fields, **_error(error))  # noqa: TRY400
            raise
        except asyncio.CancelledError:
            _end(fields, call, started)
            self._logger.info("dynamodb.operation.cancelled", **fields)
            raise
        _end(fields, call, started)
        fields["outcome"] = "success"
        _count(fields, reply)
        self._logger.info("dynamodb.operation.completed", **fields)
        return reply


def outcome_of(call: Call, error: DynamoDBServiceError) -> str | None:
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
    fields: dict[str, Any] = {"operation": request.operation, "table": request.table_name}
    if request.pk is not None:
        fields["pk"] = request.pk if call.log_keys else _hash(request.pk)
    if request.sk is not None:
        fields["sk"] = request.sk if call.log_keys else _hash(request.sk)
    return fields


def _hash(value: object) -> str:
    return sha256(str(value).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _end(fields: dict[str, Any], call: Call, started: float) -> None:
    fields["duration_ms"] = round((perf_counter() - started) * 1000, 3)
    fields["attempts"] = call.attempts


def _error(error: DynamoDBServiceError) -> dict[str, Any]:
    return {"error": type(error).__name__, "code": error.code, "request_id": error.request_id}


def _count(fields: dict[str, Any], reply: Payload) -> None:
    if type(reply.get("Count")) is int:
        fields["count"] = reply["Count"]
    if type(reply.get("ScannedCount")) is int:
        fields["scanned_count"] = reply["ScannedCount"]
    consumed = reply.get("ConsumedCapacity")
    if type(consumed) is dict:
        units = consumed.get("CapacityUnits")
        fields["capacity_units"] = units if isinstance(units, int | float) else 0
    elif type(consumed) is list:
        tables = [table.get("CapacityUnits") for table in consumed if isinstance(table, dict)]
        if tables:
            fields["capacity_units"] = sum(each for each in tables if isinstance(each, int | float))
