"""Tables made from models when a test first asks for one, on a connection that all tests share."""

from __future__ import annotations

import secrets
from typing import Any, TypeVar

from pydantic import BaseModel

from dynarepo import AsyncDynamoDBRepository, DynamoDBConnection

__all__ = ["SentOperations", "Stores"]

T = TypeVar("T", bound=BaseModel)


class SentOperations:
    """A logger that keeps the names of the operations that were sent."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def debug(self, event: str, /, **fields: Any) -> None:
        if event == "dynamodb.operation.started":
            self.names.append(fields["operation"])

    def info(self, event: str, /, **fields: Any) -> None:
        """Keep nothing; so do the others."""

    warning = error = info


class Stores:
    """
    One repository for each model, each in a table of its own.

    Tests share a table, so each keeps to partition keys of its own; one that scans asks for a `fresh` table.
    """

    def __init__(self, connection: DynamoDBConnection) -> None:
        self.connection = connection
        self._admin = connection.table_admin()
        self._tables: dict[type[BaseModel], str] = {}
        self._fresh: list[str] = []

    async def of(self, model: type[T]) -> AsyncDynamoDBRepository[T]:
        """Give the repository of a model, whose table is made the first time."""
        if model not in self._tables:
            self._tables[model] = await self._make(model)
        return self.connection.repository(model, table_name=self._tables[model])

    async def fresh(self, model: type[T]) -> AsyncDynamoDBRepository[T]:
        """Give a repository on an empty table that no other test uses."""
        name = await self._make(model)
        self._fresh.append(name)
        return self.connection.repository(model, table_name=name)

    async def drop(self) -> None:
        """Delete every table that was made."""
        for name in (*self._tables.values(), *self._fresh):
            await self._admin.delete_table(name)

    async def _make(self, model: type[BaseModel]) -> str:
        name = f"integration-{model.__name__}-{secrets.token_hex(4)}"
        return await self._admin.create_table(model, table_name=name)
