"""What errors of the library mean over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from fastapi import FastAPI
from fastapi.requests import HTTPConnection, Request
from fastapi.responses import Response
from pydantic import BaseModel

from dynarepo._codec import bind
from dynarepo._observability import Logger, check_logger
from dynarepo._requests import TransactWriteItem
from dynarepo.exceptions import (
    ConditionFailedError,
    DynamoDBBatchOperationError,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    ExpressionTooLongError,
    InvalidCursorError,
    InvalidKeyError,
    InvalidRequestError,
    InvalidValueError,
    ItemNotFoundError,
    ItemTooLargeError,
    SchemaError,
    TransientError,
    VersionConflictError,
    WriteOutcomeUnknownError,
)
from dynarepo.fastapi._problems import ProblemError, problem

__all__ = ["add_error_handlers", "status_of"]

#: The nearest class of an error decides.
_STATUS: Final[Mapping[type[BaseException], int]] = {
    InvalidCursorError: 400,
    InvalidKeyError: 422,
    InvalidValueError: 422,
    InvalidRequestError: 422,
    ExpressionTooLongError: 422,
    ItemNotFoundError: 404,
    ConditionFailedError: 409,
    VersionConflictError: 412,
    ItemTooLargeError: 413,
    TransientError: 503,
    WriteOutcomeUnknownError: 503,
    DynamoDBBatchOperationError: 503,
    DynamoDBServiceError: 500,
}

_OUTCOME_UNKNOWN: Final = "the write may have been done: read before you repeat it"
_RETRY_AFTER: Final = {"Retry-After": "1"}


def status_of(error: DynamoDBServiceError) -> int:
    """
    Give the HTTP status that says the same as an error.

    404 and 409 for what is not there and what is there, 412 for another version, 400 for a cursor, 422 for
    values that are refused, 413 for an item that is too large, 503 for what may pass or may have been done,
    and 500 for what is to be mended on this side. A cancelled transaction is 412 or 409 where a condition
    did not hold (412: its operation stated a version, or puts a model whose `class Meta` declares one), 503
    where only conflicts and throttling were the cause, else 500.
    """
    if isinstance(error, DynamoDBTransactionError):
        return _status_of_cancelled(error)
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def add_error_handlers(app: FastAPI, *, logger: Logger | None = None) -> None:
    """
    Answer every error of the library with the status of `status_of`, as `application/problem+json`.

    The detail is the error's message, which holds no values; that of a 500 is "internal error", and the error
    is logged instead. `Retry-After: 1` stands on a 503 that had no effect. Refused preconditions
    (`IfMatch`, `RequiredIfMatch`) are answered likewise. A WebSocket has no status: there, errors are left
    to the server.

    Args:
        app: The application.
        logger: Gets an event `dynamodb.request.failed` for each 500; `structlog.get_logger()` without it.

    Raises:
        ConfigurationError: The logger is none that takes fields.
    """
    log: Logger = structlog.get_logger() if logger is None else logger
    check_logger(log)

    @app.exception_handler(DynamoDBServiceError)
    async def answer(request: HTTPConnection, error: DynamoDBServiceError) -> Response:
        if not isinstance(request, Request):
            raise error
        status = status_of(error)
        if status == 500:
            _log(log, request, error)
            return problem(status, "internal error")
        detail = _OUTCOME_UNKNOWN if isinstance(error, WriteOutcomeUnknownError) else error.message
        return problem(status, detail, _RETRY_AFTER if error.retryable else None)

    @app.exception_handler(ProblemError)
    async def answer_refused(_: Request, error: ProblemError) -> Response:
        return problem(error.status_code, error.detail)


def _status_of_cancelled(error: DynamoDBTransactionError) -> int:
    failed = [reason for reason in error.reasons if reason and reason.code == "ConditionalCheckFailed"]
    if failed:
        return 412 if any(_stated_version(reason.operation) for reason in failed) else 409
    return 503 if error.retryable else 500


def _stated_version(operation: object) -> bool:
    if not isinstance(operation, TransactWriteItem):
        return False
    if operation.kind == "put":
        return operation.item is not None and _counts_versions(type(operation.item))
    return operation.version is not None


def _counts_versions(model: type[BaseModel]) -> bool:
    try:
        return bind(model).schema.version is not None
    except SchemaError:
        return False  # its declaration came as `schema=`, which the reasons do not know


def _log(logger: Logger, request: Request, error: DynamoDBServiceError) -> None:
    # The path of the route and not of the request, which holds keys.
    route = getattr(request.scope.get("route"), "path", None)
    logger.error(
        "dynamodb.request.failed",
        method=request.method,
        route=route,
        error=type(error).__name__,
        message=str(error),
    )
