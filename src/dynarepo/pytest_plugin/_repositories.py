"""Repositories of single tests, and the connection that they are on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic import BaseModel

from dynarepo._config import DynamoDBConfig
from dynarepo._repository import AsyncDynamoDBRepository, DynamoDBConnection
from dynarepo._schema import TableSchema
from dynarepo.pytest_plugin._tables import TableFactory
from dynarepo.testing import CapturedEvents, FakeTransport, RecordingTransport

__all__ = ["RepositoryFactory", "opened_connection"]

M = TypeVar("M", bound=BaseModel)


class RepositoryFactory:
    """
    Makes repositories for one test, each on a table of its own.

    Args:
        connection: The connection they are on.
        tables: Makes their tables; without it, as on a fake, there are none.
    """

    def __init__(self, connection: DynamoDBConnection, tables: TableFactory | None) -> None:
        self._connection = connection
        self._tables = tables

    def __call__(
        self,
        model: type[M],
        *,
        schema: TableSchema | None = None,
        table_name: str | None = None,
        **options: Any,
    ) -> AsyncDynamoDBRepository[M]:
        """
        Make a repository, and its table.

        Args:
            model: Any Pydantic model that declares its keys, or comes with a `schema`.
            schema: The declaration, where the model has no `class Meta`.
            table_name: A table that is there already, such as one that several models share; without it, a
                table is made, and the name that a declaration has is not used.
            options: Those of `with_options`, such as `consistent_read`.

        Returns:
            A repository that is open for as long as the test's connection.

        Raises:
            SchemaError: The declaration is wrong; the message names what.
        """
        if table_name is None and self._tables is not None:
            table_name = self._tables(model, schema=schema)
        repository = self._connection.repository(model, schema=schema, table_name=table_name)
        return repository.with_options(**options) if options else repository


@asynccontextmanager
async def opened_connection(
    config: DynamoDBConfig, transport: FakeTransport | RecordingTransport, events: CapturedEvents
) -> AsyncIterator[DynamoDBConnection]:
    """Open a connection on the running event loop, and close it."""
    if isinstance(transport, RecordingTransport):
        await transport.open()  # out of the time of the first request
    connection = DynamoDBConnection(config=config, logger=events.logger, transport=transport)
    async with connection:
        yield connection
