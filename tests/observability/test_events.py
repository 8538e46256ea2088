"""The log events of operations."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

import pytest

from dynarepo import DynamoDBConfig, TableAdmin
from dynarepo._observability import Call, LoggedSender
from dynarepo._request import Deadline, Request
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    DynamoDBTransactionError,
    ItemAlreadyExistsError,
    ThrottledError,
    TransactionReason,
)
from dynarepo.testing import FakeTransport, error_reply
from tests.recording_logger import RecordingLogger


class Replying:
    """A sender that makes two attempts and then ends as told."""

    def __init__(self, ending: Payload | BaseException) -> None:
        self.ending = ending

    async def send(self, call: Call) -> Payload:
        call.attempts += 2
        if isinstance(self.ending, BaseException):
            raise self.ending
        return self.ending


async def events_of(
    ending: Payload | BaseException, *, log_keys: bool = False, **request: Any
) -> list[tuple[str, str, dict[str, Any]]]:
    logger = RecordingLogger()
    call = Call(Request("Query", {}, "app", **request), Deadline.after(1), log_keys=log_keys)
    sender = LoggedSender(Replying(ending), logger)
    if isinstance(ending, BaseException):
        with pytest.raises(type(ending)) as raised:
            await sender.send(call)
        assert raised.value is ending
    else:
        assert await sender.send(call) is ending
    for _, _, fields in logger.events:
        assert fields.pop("duration_ms", 0.0) >= 0
    return logger.events


async def test_a_success_is_a_detail_at_its_start_and_information_at_its_end() -> None:
    reply = {"Count": 2, "ScannedCount": 5, "Items": [], "ConsumedCapacity": {"CapacityUnits": 1.5}}
    assert await events_of(reply) == [
        ("debug", "dynamodb.operation.started", {"operation": "Query", "table": "app"}),
        (
            "info",
            "dynamodb.operation.completed",
            {
                "operation": "Query",
                "table": "app",
                "attempts": 2,
                "outcome": "success",
                "count": 2,
                "scanned_count": 5,
                "capacity_units": 1.5,
            },
        ),
    ]


async def test_the_capacity_of_several_tables_is_added_up() -> None:
    reply = {"ConsumedCapacity": [{"CapacityUnits": 1.0}, {"CapacityUnits": 2.5}, {"TableName": "app"}]}
    assert (await events_of(reply))[-1][2]["capacity_units"] == 3.5


async def test_a_failure_is_an_error_with_class_and_code_and_without_its_message() -> None:
    error = ThrottledError("SECRET", code="ThrottlingException", request_id="R")
    level, event, fields = (await events_of(error))[-1]
    assert (level, event) == ("error", "dynamodb.operation.failed")
    assert fields == {
        "operation": "Query",
        "table": "app",
        "attempts": 2,
        "error": "ThrottledError",
        "code": "ThrottlingException",
        "request_id": "R",
    }


async def test_a_condition_that_fails_is_a_completed_operation() -> None:
    level, event, fields = (await events_of(ItemAlreadyExistsError("there", item={"pk": "SECRET"})))[-1]
    assert (level, event) == ("info", "dynamodb.operation.completed")
    assert fields == {"operation": "Query", "table": "app", "attempts": 2, "outcome": "condition_failed"}


async def test_a_table_that_is_asked_for_and_not_there_is_a_completed_operation() -> None:
    logger = RecordingLogger()
    fake = FakeTransport(error_reply("ResourceNotFoundException"))
    config = DynamoDBConfig(table_name="app")
    async with TableAdmin(config=config, logger=logger, transport=fake) as admin:
        assert not await admin.table_exists()
    level, event, fields = logger.events[-1]
    assert (level, event, fields["outcome"]) == ("info", "dynamodb.operation.completed", "not_found")


async def test_a_cancelled_operation_has_an_end_too() -> None:
    assert (await events_of(asyncio.CancelledError()))[-1][:2] == ("info", "dynamodb.operation.cancelled")


@pytest.mark.parametrize("key", ["USER#1", 5, b"\x00", "\ud800"])
async def test_keys_are_hashed(key: object) -> None:
    hashed = sha256(str(key).encode(errors="surrogatepass")).hexdigest()[:12]
    for _, _, fields in await events_of({}, pk=key, sk=key):
        assert (fields["pk"], fields["sk"]) == (hashed, hashed)


async def test_keys_are_logged_as_they_are_when_asked_for() -> None:
    assert (await events_of({}, log_keys=True, pk="USER#1"))[0][2]["pk"] == "USER#1"


@pytest.mark.parametrize(
    ("codes", "level"),
    [
        (("ConditionalCheckFailed",), "info"),
        (("ConditionalCheckFailed", "TransactionConflict"), "error"),
        (("ValidationError",), "error"),
    ],
)
async def test_a_cancelled_transaction_is_information_where_conditions_alone_did_not_hold(
    codes: tuple[str, ...], level: str
) -> None:
    reasons = tuple(TransactionReason(index, code) for index, code in enumerate(codes))
    events = await events_of(DynamoDBTransactionError("cancelled", reasons=(None, *reasons)))
    assert events[-1][0] == level
