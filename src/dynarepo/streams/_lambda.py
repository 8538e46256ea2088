"""Events that AWS Lambda makes of a stream, and the answer that says from where on to repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict, TypeVar, overload

from pydantic import BaseModel

from dynarepo._codec import Source, bind, unite
from dynarepo._observability import Logger, check_logger
from dynarepo._repository import AsyncReadRepository
from dynarepo._repository._changes import change_decoder
from dynarepo._requests import Reading
from dynarepo._streams import (
    Change,
    ChangeDecoder,
    InvalidChangeError,
    MalformedRecordError,
    StreamRecord,
    called,
    check_callback,
    read_record,
)
from dynarepo.exceptions import InvalidRequestError

__all__ = ["BatchAnswer", "BatchItemFailure", "handle_event"]

T = TypeVar("T", bound=BaseModel)
A = TypeVar("A", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)

_SOURCE: Final = "aws:dynamodb"


class BatchItemFailure(TypedDict):
    """A record that was not processed."""

    itemIdentifier: str


class BatchAnswer(TypedDict):
    """What Lambda is told of a batch: the first record that was not processed, or none."""

    batchItemFailures: list[BatchItemFailure]


@overload
async def handle_event(
    event: Mapping[str, Any],
    models: AsyncReadRepository[T] | type[T],
    handler: Callable[[Change[T]], object],
    *,
    logger: Logger,
    on_invalid: Callable[[InvalidChangeError], object] | None = None,
) -> BatchAnswer: ...


@overload
async def handle_event(
    event: Mapping[str, Any],
    models: tuple[type[A], type[B]],
    handler: Callable[[Change[A | B]], object],
    *,
    logger: Logger,
    on_invalid: Callable[[InvalidChangeError], object] | None = None,
) -> BatchAnswer: ...


@overload
async def handle_event(
    event: Mapping[str, Any],
    models: tuple[type[T], ...],
    handler: Callable[[Change[T]], object],
    *,
    logger: Logger,
    on_invalid: Callable[[InvalidChangeError], object] | None = None,
) -> BatchAnswer: ...


async def handle_event(
    event: Mapping[str, Any],
    models: AsyncReadRepository[Any] | type[BaseModel] | tuple[type[BaseModel], ...],
    handler: Callable[[Change[Any]], object],
    *,
    logger: Logger,
    on_invalid: Callable[[InvalidChangeError], object] | None = None,
) -> BatchAnswer:
    """
    Process the changes of an event in their order, up to the first failure.

        def lambda_handler(event, context):
            return asyncio.run(handle_event(event, Order, on_change, logger=logger))

    The event source mapping needs `ReportBatchItemFailures`. Lambda then repeats the batch from the record on
    that the answer names, so that a handler gets each change at least once.

    Args:
        event: What Lambda calls its function with.
        models: A model that declares its keys, a tuple of models with discriminators, or a repository, which
            need not be open. Changes of other models' items are left out.
        handler: Called with each change, and awaited before the next one if it is a coroutine. What it raises
            is a failure.
        logger: Where a failure is logged: by the class of the error, as its text may hold values.
        on_invalid: Called, and awaited if it is a coroutine, with the error of a change whose item does not
            fit the model; then the next change follows. Without it, that is a failure.

    Returns:
        What the function has to return: `batchItemFailures` with the sequence number of the first record that
        was not processed, or empty.

    Raises:
        InvalidRequestError: The event is not one of a DynamoDB stream, or a handler is no function; nothing
            was processed.
        ConfigurationError: The logger is none that takes fields.
        SchemaError: A declaration is wrong.
        TableMismatchError: The stream does not have enough of an item to tell models apart.

    Sends nothing.
    """
    check_logger(logger)
    check_callback("handler", handler)
    if on_invalid is not None:
        check_callback("on_invalid", on_invalid)
    decoder = _decoder(models)
    records = _records(event)
    for record in records:
        decoder.check(record.view_type)
    for record in records:
        try:
            await _process(record, decoder, handler, on_invalid)
        except Exception as error:  # noqa: BLE001 - whatever the handler raises
            logger.error(  # noqa: TRY400 - a traceback would print values
                "dynamodb.stream.failed",
                sequence_number=record.sequence_number,
                error=type(error).__name__,
            )
            return {"batchItemFailures": [{"itemIdentifier": record.sequence_number}]}
    return {"batchItemFailures": []}


async def _process(
    record: StreamRecord,
    decoder: ChangeDecoder[Any],
    handler: Callable[[Change[Any]], object],
    on_invalid: Callable[[InvalidChangeError], object] | None,
) -> None:
    try:
        change = decoder.decode(record)
    except InvalidChangeError as error:
        if on_invalid is None:
            raise
        await called(on_invalid, error)
        return
    if change is not None:
        await called(handler, change)


def _decoder(
    models: AsyncReadRepository[Any] | type[BaseModel] | tuple[type[BaseModel], ...],
) -> ChangeDecoder[Any]:
    if isinstance(models, AsyncReadRepository):
        return change_decoder(models)
    source: Source[Any] = (
        unite([bind(model) for model in models]) if isinstance(models, tuple) else bind(models)
    )
    return ChangeDecoder(Reading.of(source))


def _records(event: Mapping[str, Any]) -> list[StreamRecord]:
    given = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(given, list):
        raise InvalidRequestError("the event is not one of a DynamoDB stream: it lacks its Records")
    records = []
    for number, raw in enumerate(given):
        try:
            record = read_record(raw)
        except MalformedRecordError as error:
            raise InvalidRequestError(
                f"the event is not one of a DynamoDB stream: record {number} {error}"
            ) from None
        if raw.get("eventSource") != _SOURCE:
            raise InvalidRequestError(
                f"the event is not one of a DynamoDB stream: record {number} is of another"
            )
        records.append(record)
    return records
