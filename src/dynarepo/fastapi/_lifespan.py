"""One connection for the application, from its start to its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, TypeAlias

from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection
from pydantic import BaseModel

from dynarepo._config import DynamoDBConfig
from dynarepo._observability import Logger, OpenTelemetry
from dynarepo._repository import DynamoDBConnection
from dynarepo._transport import Transport
from dynarepo.exceptions import ConfigurationError

__all__ = ["Connection", "connection_of", "dynamodb_lifespan"]


def dynamodb_lifespan(
    *,
    config: DynamoDBConfig,
    logger: Logger,
    transport: Transport | None = None,
    telemetry: OpenTelemetry | None = None,
    verify: Sequence[type[BaseModel]] = (),
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """
    Make a lifespan that opens one connection at start-up and closes it at the end.

        app = FastAPI(lifespan=dynamodb_lifespan(config=config, logger=structlog.get_logger()))

    In a lifespan of your own: `async with dynamodb_lifespan(config=config, logger=logger)(app): ...`. The
    connection is `app.state.dynamodb`, and routes get it by `Connection` and `repository`.

    Args:
        config: Where the tables are; required.
        logger: A structlog logger; required.
        transport: Replaces the network, in tests.
        telemetry: An `OpenTelemetry()` that makes spans and metrics of all calls.
        verify: Models with a `class Meta` whose tables must be as they declare, or the application does not
            start; `TableAdmin.verify` compares them.

    Returns:
        What FastAPI takes as `lifespan=`. While it runs it raises what `DynamoDBConnection.open` and
        `TableAdmin.verify` raise, and `ConfigurationError` where the application has a connection already.

    Costs no request, but for `verify` one DescribeTable and one DescribeTimeToLive for each table.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if hasattr(app.state, "dynamodb"):
            raise ConfigurationError("app.state.dynamodb is taken: an application has one dynamodb_lifespan")
        opened = DynamoDBConnection(config=config, logger=logger, transport=transport, telemetry=telemetry)
        async with opened as connection:
            await _verify(connection, verify)
            app.state.dynamodb = connection
            try:
                yield
            finally:
                del app.state.dynamodb

    return lifespan


def connection_of(request: HTTPConnection) -> DynamoDBConnection:
    """
    Give the connection of the application that a request came to; `Connection` is the dependency.

    `Depends(connection_of)` works as well, and is slower: FastAPI calls plain functions in a thread.

    Args:
        request: The request, or the WebSocket.

    Raises:
        ConfigurationError: The application's lifespan is not that of `dynamodb_lifespan`, or does not run.
    """
    connection = getattr(request.app.state, "dynamodb", None)
    if not isinstance(connection, DynamoDBConnection):
        raise ConfigurationError(
            "the application has no connection: make it with FastAPI(lifespan=dynamodb_lifespan(...)), "
            "and have its lifespan run"
        )
    return connection


async def _connection(request: HTTPConnection) -> DynamoDBConnection:
    return connection_of(request)


#: The application's connection as a parameter of a route, for transactions and union repositories.
Connection: TypeAlias = Annotated[DynamoDBConnection, Depends(_connection)]


async def _verify(connection: DynamoDBConnection, models: Sequence[type[BaseModel]]) -> None:
    by_table: dict[str, list[type[BaseModel]]] = {}
    for model in models:
        by_table.setdefault(connection.read_repository(model).table_name, []).append(model)
    tables = connection.table_admin()
    for table_name, sharing in by_table.items():
        await tables.verify(*sharing, table_name=table_name)
