"""
Tables of single tests, made and deleted from code that does not await.

Fixtures that await belong to one plugin for asynchronous tests or the other. Tables are therefore made on an
event loop of their own, in a thread, and the same for tests that have no event loop.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

from pydantic import BaseModel
from structlog import make_filtering_bound_logger, wrap_logger

from dynarepo._config import DynamoDBConfig
from dynarepo._repository import TableAdmin
from dynarepo._schema import TableSchema
from dynarepo.exceptions import TableNotFoundError

__all__ = ["TableFactory", "TableMaker"]

T = TypeVar("T")
Models: TypeAlias = tuple[type[BaseModel], ...]


class TableMaker:
    """Makes and deletes tables while the caller waits, with one connection to each server."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dynarepo-tables", daemon=True)
        self._thread.start()
        self._admins: dict[DynamoDBConfig, TableAdmin] = {}

    def create(
        self,
        config: DynamoDBConfig,
        name: str,
        models: tuple[type[BaseModel], ...],
        schema: TableSchema | None,
    ) -> None:
        """Make a table; raises what `TableAdmin.create_table` does."""
        self._done(self._create(config, name, models, schema))

    def delete(self, config: DynamoDBConfig, name: str) -> None:
        """Delete a table, unless it is gone already."""
        self._done(self._delete(config, name))

    def stop(self) -> None:
        """Close the connections and end the thread."""
        self._done(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _create(
        self,
        config: DynamoDBConfig,
        name: str,
        models: tuple[type[BaseModel], ...],
        schema: TableSchema | None,
    ) -> None:
        admin = await self._admin(config)
        await admin.create_table(*models, schema=schema, table_name=name)

    async def _delete(self, config: DynamoDBConfig, name: str) -> None:
        admin = await self._admin(config)
        with suppress(TableNotFoundError):  # the test may have deleted it
            await admin.delete_table(name)

    async def _admin(self, config: DynamoDBConfig) -> TableAdmin:
        server = config.model_copy(update={"table_name": None})  # of which each test has another
        if server not in self._admins:
            silent = wrap_logger(None, wrapper_class=make_filtering_bound_logger(logging.CRITICAL))
            admin = TableAdmin(config=server, logger=silent)
            await admin.open()
            self._admins[server] = admin
        return self._admins[server]

    async def _close(self) -> None:
        for admin in self._admins.values():
            await admin.close()


class TableFactory:
    """
    Makes tables for one test, which are deleted after it.

    Args:
        maker: Makes and deletes them.
        config: The server.
    """

    def __init__(self, maker: TableMaker, config: DynamoDBConfig) -> None:
        self._maker = maker
        self._config = config
        self._made: list[str] = []

    def __call__(
        self, *models: type[BaseModel], schema: TableSchema | None = None, table_name: str | None = None
    ) -> str:
        """
        Make a table.

        Args:
            models: Models that declare their keys; several share the table.
            schema: The declaration of one model that has no `class Meta`.
            table_name: The table's name; without it, one that nobody else uses.

        Returns:
            The table's name.

        Raises:
            SchemaError: The models contradict each other.
            TableAlreadyExistsError: There is a table of this name; it is left alone.
        """
        name = _unused_name(models) if table_name is None else table_name
        if table_name is None:
            self._made.append(name)  # before: it may be there even where making it failed
        self._maker.create(self._config, name, models, schema)
        if table_name is not None:
            self._made.append(name)
        return name

    def delete_all(self) -> None:
        """
        Delete every table that was made.

        Raises:
            ExceptionGroup: Some could not be deleted; the others are.
        """
        failures: list[Exception] = []
        while self._made:
            try:
                self._maker.delete(self._config, self._made.pop())
            except Exception as failure:  # noqa: BLE001 - the other tables come first
                failures.append(failure)
        if failures:
            raise ExceptionGroup("tables of this test are left behind", failures)


def _unused_name(models: Models) -> str:
    """Name a table, for those who list them, after the test run and its first model."""
    of = re.sub(r"[^A-Za-z0-9_]", "_", models[0].__name__)[:100] if models else "table"
    return f"pytest-{of}-{uuid4().hex}"
