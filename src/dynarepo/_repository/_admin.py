"""Tables: made from what models declare, listed, and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from dynarepo._codec import Entity, bind
from dynarepo._repository._base import Connected
from dynarepo._request import Deadline
from dynarepo._requests import table_definition, ttl_attribute
from dynarepo._schema import TableSchema
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    ConfigurationError,
    InvalidRequestError,
    SchemaError,
    TableNotFoundError,
    UnexpectedResponseError,
)

__all__ = ["TableAdmin"]

M = TypeVar("M", list[str], Payload)

_POLL_SECONDS: Final = 0.2


class TableAdmin(Connected):
    """
    Makes and deletes tables, through the control plane of the aioboto3 resource.

    Waiting is bounded by the configuration's `deadline` for each method.
    """

    async def create_table(
        self,
        *models: type[BaseModel],
        schema: TableSchema | None = None,
        table_name: str | None = None,
    ) -> str:
        """
        Create the table of one model, or of several that share it, and wait until it is active.

        Args:
            models: Models that declare their keys; their indexes are united.
            schema: The declaration of one model that has no `class Meta`.
            table_name: The table; otherwise the declaration's, otherwise the configuration's.

        Returns:
            The table's name.

        Raises:
            SchemaError: The models contradict each other.
            TableAlreadyExistsError: There is a table of this name.
            DeadlineExceededError: It is not active yet; it is still being made.

        Costs one CreateTable, DescribeTables until it is active, and one UpdateTimeToLive where a model
        declares `ttl`. On demand, unless the configuration has capacities.
        """
        if not models:
            raise InvalidRequestError("create_table needs at least one model")
        if schema is not None and len(models) > 1:
            raise InvalidRequestError("schema= goes with one model")
        entities: list[Entity[Any]] = [bind(model, schema) for model in models]
        name = self._table_name(table_name or _declared_name(entities))
        ttl = ttl_attribute(entities)
        await self._channel.control("CreateTable", table_definition(entities, name, self._config))
        # DescribeTable reads eventually: it may not know the new table yet.
        await self._wait_until_active(name, may_be_missing=True)
        if ttl is not None:
            specification = {"Enabled": True, "AttributeName": ttl}
            await self._channel.control(
                "UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": specification}
            )
        return name

    async def wait_until_active(self, table_name: str | None = None) -> None:
        """
        Wait until a table and its global indexes can be used.

        Raises:
            TableNotFoundError: There is no such table.
            DeadlineExceededError: It takes longer than the configuration's deadline.

        Costs a DescribeTable five times a second.
        """
        await self._wait_until_active(self._table_name(table_name), may_be_missing=False)

    async def delete_table(self, table_name: str | None = None) -> None:
        """
        Delete a table with everything in it, and wait until it is gone.

        Raises:
            TableNotFoundError: There is no such table.
            DeadlineExceededError: It takes longer than the configuration's deadline.

        Costs one DeleteTable, and DescribeTables until it is gone.
        """
        name = self._table_name(table_name)
        deadline = Deadline.after(self._config.deadline)
        await self._channel.control("DeleteTable", {"TableName": name})
        while await self.table_exists(name):
            await self._pause(deadline)

    async def table_exists(self, table_name: str | None = None) -> bool:
        """
        Tell whether there is a table of this name, in whatever state.

        Costs one DescribeTable.
        """
        try:
            await self._channel.control("DescribeTable", {"TableName": self._table_name(table_name)})
        except TableNotFoundError:
            return False
        return True

    async def list_tables(self) -> list[str]:
        """
        List the names of all tables of the account and region.

        Costs one ListTables for each 100 tables.
        """
        names: list[str] = []
        start: dict[str, str] = {}
        while True:
            reply = await self._channel.control("ListTables", start)
            names += _member(reply, "ListTables", "TableNames", list)
            if "LastEvaluatedTableName" not in reply:
                return names
            start = {"ExclusiveStartTableName": reply["LastEvaluatedTableName"]}

    async def _wait_until_active(self, name: str, *, may_be_missing: bool) -> None:
        deadline = Deadline.after(self._config.deadline)
        while True:
            try:
                reply = await self._channel.control("DescribeTable", {"TableName": name})
                if _is_active(_member(reply, "DescribeTable", "Table", dict)):
                    return
            except TableNotFoundError:
                if not may_be_missing:
                    raise
            await self._pause(deadline)

    def _table_name(self, name: str | None) -> str:
        found = name or self._config.table_name
        if found is None:
            raise ConfigurationError("no table is named: give table_name, or set it in the configuration")
        return found

    async def _pause(self, deadline: Deadline) -> None:
        await asyncio.sleep(min(_POLL_SECONDS, deadline.remaining()))


def _declared_name(entities: Sequence[Entity[Any]]) -> str | None:
    names = {entity.schema.table_name for entity in entities} - {None}
    if len(names) > 1:
        raise SchemaError("models that share a table declare one table_name; theirs differ")
    return next(iter(names), None)


def _is_active(table: Payload) -> bool:
    indexes = table.get("GlobalSecondaryIndexes", ())
    states = [table.get("TableStatus"), *(index.get("IndexStatus") for index in indexes)]
    return all(state == "ACTIVE" for state in states)


def _member(reply: Payload, operation: str, name: str, kind: type[M]) -> M:
    found = reply.get(name)
    if not isinstance(found, kind):
        raise UnexpectedResponseError(f"the reply lacks its {name}", operation=operation)
    return found
