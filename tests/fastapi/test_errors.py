"""What each error is over HTTP."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from pydantic import BaseModel
from structlog.testing import capture_logs

import dynarepo
from dynarepo import (
    DynamoDBServiceError,
    DynamoDBTransactionError,
    TransactionReason,
    TransactWriteItem,
    attr,
)
from dynarepo.fastapi import add_error_handlers, status_of
from tests.fastapi.serving import PROBLEM, serving
from tests.models import FRAME_SCHEMA, Frame, Setting
from tests.recording_logger import RecordingLogger

#: Every error that has a constructor of one message, and its status.
STATUS: dict[type[DynamoDBServiceError], int] = {
    dynarepo.InvalidCursorError: 400,
    dynarepo.ItemNotFoundError: 404,
    dynarepo.ItemAlreadyExistsError: 409,
    dynarepo.ConditionFailedError: 409,
    dynarepo.VersionConflictError: 412,
    dynarepo.ItemTooLargeError: 413,
    dynarepo.InvalidKeyError: 422,
    dynarepo.InvalidValueError: 422,
    dynarepo.InvalidRequestError: 422,
    dynarepo.ExpressionTooLongError: 422,
    dynarepo.DynamoDBServiceError: 500,
    dynarepo.RequestRefusedError: 500,
    dynarepo.ConfigurationError: 500,
    dynarepo.ConnectionClosedError: 500,
    dynarepo.SchemaError: 500,
    dynarepo.RejectedError: 500,
    dynarepo.TableNotFoundError: 500,
    dynarepo.TableAlreadyExistsError: 500,
    dynarepo.TableInUseError: 500,
    dynarepo.ItemCollectionTooLargeError: 500,
    dynarepo.IdempotencyMismatchError: 500,
    dynarepo.AuthenticationError: 500,
    dynarepo.InvalidItemError: 500,
    dynarepo.WrongModelError: 500,
    dynarepo.TableMismatchError: 500,
    dynarepo.UnexpectedResponseError: 500,
    dynarepo.DynamoDBTransactionError: 500,
    dynarepo.TransientError: 503,
    dynarepo.ThrottledError: 503,
    dynarepo.CapacityLimitError: 503,
    dynarepo.TransactionConflictError: 503,
    dynarepo.ServiceUnavailableError: 503,
    dynarepo.ConnectionFailedError: 503,
    dynarepo.DeadlineExceededError: 503,
    dynarepo.WriteOutcomeUnknownError: 503,
    dynarepo.DynamoDBBatchOperationError: 503,
}


class Counted(BaseModel):
    """Has a version."""

    name: str
    version: int = 0

    class Meta:
        partition_key = "name"
        version = "version"


def raising(error: Exception, *, logger: RecordingLogger | None = None) -> FastAPI:
    """Make an application with a route that raises an error."""
    app = FastAPI()
    add_error_handlers(app, logger=logger)

    @app.get("/things/{name}")
    async def route(name: str) -> None:
        raise error

    return app


async def reply_to(error: Exception) -> httpx.Response:
    async with serving(raising(error, logger=RecordingLogger())) as client:
        return await client.get("/things/secret")


def named(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def test_every_error_is_known_here() -> None:
    errors = {
        kind
        for kind in vars(dynarepo).values()
        if inspect.isclass(kind) and issubclass(kind, DynamoDBServiceError)
    }
    assert set(STATUS) == errors


@pytest.mark.parametrize(("kind", "status"), STATUS.items(), ids=named)
async def test_an_error_becomes_a_problem_with_its_status(
    kind: Callable[[str], DynamoDBServiceError], status: int
) -> None:
    reply = await reply_to(kind("what is wrong"))
    assert (reply.status_code, reply.headers["content-type"]) == (status, PROBLEM)
    problem = reply.json()
    assert set(problem) == {"type", "title", "status", "detail"}
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"] == HTTPStatus(status).phrase


def test_an_error_of_ones_own_has_the_status_of_the_nearest_known() -> None:
    class QuotaError(dynarepo.ConditionFailedError):
        pass

    assert status_of(QuotaError("x")) == 409


@pytest.mark.parametrize("kind", [kind for kind, status in STATUS.items() if status < 500], ids=named)
async def test_the_detail_is_the_message_alone(kind: Callable[..., DynamoDBServiceError]) -> None:
    error = kind("what is wrong", table_name="app", code="Code", request_id="R1", pk="secret")
    assert (await reply_to(error)).json()["detail"] == "what is wrong"


async def test_a_value_that_is_refused_is_named_by_its_path() -> None:
    reply = await reply_to(dynarepo.InvalidValueError("is too deep", path="lines[2]"))
    assert reply.json()["detail"] == "lines[2]: is too deep"


@pytest.mark.parametrize("kind", [kind for kind, status in STATUS.items() if status == 500], ids=named)
async def test_an_error_of_this_side_is_not_explained_to_users(
    kind: Callable[..., DynamoDBServiceError],
) -> None:
    reply = await reply_to(kind("what is wrong", table_name="app"))
    assert reply.json()["detail"] == "internal error"
    assert "wrong" not in reply.text


@pytest.mark.parametrize("kind", STATUS, ids=named)
async def test_what_surely_had_no_effect_says_when_to_try_again(
    kind: Callable[[str], DynamoDBServiceError],
) -> None:
    error = kind("what is wrong")
    expected = "1" if isinstance(error, dynarepo.TransientError) else None
    assert (await reply_to(error)).headers.get("retry-after") == expected


async def test_a_write_whose_outcome_is_unknown_says_that_it_may_have_been_done() -> None:
    reply = await reply_to(dynarepo.WriteOutcomeUnknownError("x"))
    assert reply.json()["detail"] == "the write may have been done: read before you repeat it"


# Transactions, by their reasons.

CHECK = TransactWriteItem.check("x", where=attr("name").exists())
PUT = TransactWriteItem.put(Setting(name="x"))
PUT_COUNTED = TransactWriteItem.put(Counted(name="x"))
CREATE_COUNTED = TransactWriteItem.create(Counted(name="x"))
PUT_BY_SCHEMA = TransactWriteItem.put(Frame(film="x", digest=b"x"))
UPDATE = TransactWriteItem.update("x", changes={"level": 1})
UPDATE_VERSION = TransactWriteItem.update("x", changes={"level": 1}, version=3)
DELETE_VERSION_0 = TransactWriteItem.delete("x", version=0)

CONDITION = "ConditionalCheckFailed"


def cancelled(*failed: tuple[str, object], retryable: bool = False) -> DynamoDBTransactionError:
    """Make a cancelled transaction whose first operation was not the cause."""
    reasons = [TransactionReason(index, code, op) for index, (code, op) in enumerate(failed, 1)]
    return DynamoDBTransactionError("it was cancelled", reasons=(None, *reasons), retryable=retryable)


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (cancelled((CONDITION, CHECK)), 409, None),
        (cancelled((CONDITION, PUT)), 409, None),
        (cancelled((CONDITION, PUT_BY_SCHEMA)), 409, None),
        (cancelled((CONDITION, CREATE_COUNTED)), 409, None),
        (cancelled((CONDITION, UPDATE)), 409, None),
        (cancelled((CONDITION, None)), 409, None),
        (cancelled((CONDITION, PUT_COUNTED)), 412, None),
        (cancelled((CONDITION, UPDATE_VERSION)), 412, None),
        (cancelled((CONDITION, DELETE_VERSION_0)), 412, None),
        (cancelled((CONDITION, CHECK), (CONDITION, UPDATE_VERSION)), 412, None),
        (cancelled((CONDITION, CHECK), ("TransactionConflict", UPDATE_VERSION)), 409, None),
        (cancelled(("TransactionConflict", UPDATE_VERSION), retryable=True), 503, "1"),
        (cancelled(("ThrottlingError", PUT), retryable=True), 503, "1"),
        (cancelled(("ValidationError", PUT)), 500, None),
        (cancelled(), 500, None),
    ],
)
async def test_a_cancelled_transaction_has_the_status_of_its_reasons(
    error: DynamoDBTransactionError, status: int, retry_after: str | None
) -> None:
    reply = await reply_to(error)
    assert (reply.status_code, reply.headers.get("retry-after")) == (status, retry_after)
    assert reply.json()["detail"] == ("internal error" if status == 500 else "it was cancelled")


def test_a_frame_declares_nothing_itself() -> None:
    """So that the case above is one of a declaration beside the model."""
    assert FRAME_SCHEMA.version is None
    assert not hasattr(Frame, "Meta")


# What is logged, and what is left alone.


async def test_an_error_of_this_side_is_logged_without_the_keys_of_the_path() -> None:
    logger = RecordingLogger()
    error = dynarepo.TableNotFoundError("no such table", table_name="app")
    async with serving(raising(error, logger=logger)) as client:
        await client.get("/things/secret")
    assert logger.events == [
        (
            "error",
            "dynamodb.request.failed",
            {
                "method": "GET",
                "route": "/things/{name}",
                "error": "TableNotFoundError",
                "message": "no such table [table=app]",
            },
        )
    ]


async def test_an_error_of_the_request_is_not_logged() -> None:
    logger = RecordingLogger()
    async with serving(raising(dynarepo.ItemNotFoundError("x"), logger=logger)) as client:
        await client.get("/things/secret")
    assert logger.events == []


async def test_without_a_logger_structlogs_own_is_used() -> None:
    with capture_logs() as events:
        async with serving(raising(dynarepo.SchemaError("no key"))) as client:
            await client.get("/things/secret")
    assert [(event["event"], event["message"]) for event in events] == [("dynamodb.request.failed", "no key")]


async def test_other_errors_are_left_alone() -> None:
    with pytest.raises(ZeroDivisionError):
        await reply_to(ZeroDivisionError())


async def test_without_handlers_errors_are_as_ever() -> None:
    app = FastAPI()

    @app.get("/")
    async def route() -> None:
        raise dynarepo.ItemNotFoundError("x")

    async with serving(app) as client:
        with pytest.raises(dynarepo.ItemNotFoundError):
            await client.get("/")


async def test_errors_on_a_web_socket_are_left_to_the_server() -> None:
    app = FastAPI()
    add_error_handlers(app, logger=RecordingLogger())

    @app.websocket("/")
    async def route(socket: WebSocket) -> None:
        raise dynarepo.ItemNotFoundError("x")

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b"", "subprotocols": []}
    with pytest.raises(dynarepo.ItemNotFoundError):
        await app(scope, receive, send)


def test_a_logger_of_logging_is_refused_at_once() -> None:
    with pytest.raises(dynarepo.ConfigurationError, match="structlog"):
        add_error_handlers(FastAPI(), logger=logging.getLogger("app"))  # type: ignore[arg-type]
