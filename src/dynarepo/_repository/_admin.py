"""Tables: made from what models declare or from explicit shapes, changed, compared, listed and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel

from dynarepo._codec import Entity, bind
from dynarepo._repository._live_table import LiveTable
from dynarepo._repository._table_streams import TableStreams
from dynarepo._requests import (
    StreamView,
    TableDifference,
    billing_differences,
    explicit_definition,
    index_addition,
    index_definition,
    index_removal,
    index_status,
    is_active,
    read_table_names,
    stream_definition,
    table_definition,
    table_differences,
    ttl_attribute,
    ttl_change,
    ttl_differences,
)
from dynarepo._schema import TableSchema
from dynarepo.exceptions import (
    InvalidRequestError,
    RejectedError,
    SchemaError,
    TableMismatchError,
)

__all__ = ["TableAdmin"]

#: Parts of a definition in DynamoDB's own shapes.
Shapes: TypeAlias = Sequence[Mapping[str, object]]


class TableAdmin(TableStreams):
    """
    Makes, changes, compares and deletes tables, through the control plane of the aioboto3 resource.

    Waiting is bounded by the configuration's `deadline` for each method.
    """

    async def create_table(
        self,
        *models: type[BaseModel],
        schema: TableSchema | None = None,
        table_name: str | None = None,
        key_schema: Shapes | None = None,
        attribute_definitions: Shapes | None = None,
        global_indexes: Shapes | None = None,
        local_indexes: Shapes | None = None,
        stream: StreamView | None = None,
        wait: bool = True,
    ) -> str:
        """
        Create the table of one model, of several that share it, or of none, and wait until it is active.

        Args:
            models: Models that declare their keys; their indexes are united.
            schema: The declaration of one model that has no `class Meta`.
            table_name: The table; otherwise the declaration's, otherwise the configuration's.
            key_schema: Instead of models, the table's key in DynamoDB's shape, such as
                `[{"AttributeName": "id", "KeyType": "HASH"}]`.
            attribute_definitions: With it, the type of each attribute of a key, such as
                `[{"AttributeName": "id", "AttributeType": "S"}]`.
            global_indexes: With it, DynamoDB's `GlobalSecondaryIndexes`.
            local_indexes: With it, DynamoDB's `LocalSecondaryIndexes`.
            stream: What a stream is to have of each item that is changed: `keys_only`, `new_image`,
                `old_image` or `new_and_old_images`. Without it, the table has no stream.
            wait: Without it, return at once. The table cannot be used yet, and expiry, which needs an active
                table, is left to `enable_ttl`.

        Returns:
            The table's name.

        Raises:
            SchemaError: The models contradict each other.
            InvalidRequestError: The shapes are those of no table, or come together with models.
            TableAlreadyExistsError: There is a table of this name.
            DeadlineExceededError: It is not active yet; it is still being made.

        Costs one CreateTable, DescribeTables until it is active, and one UpdateTimeToLive where a model
        declares `ttl`. On demand, unless the configuration has capacities.
        """
        given = {
            "key_schema": key_schema,
            "attribute_definitions": attribute_definitions,
            "global_indexes": global_indexes,
            "local_indexes": local_indexes,
        }
        shapes = {name: shape for name, shape in given.items() if shape is not None}
        if shapes and (models or schema is not None):
            raise InvalidRequestError(f"create_table takes models, or {' and '.join(shapes)}, not both")
        if shapes:
            ttl, table = None, self._live(table_name)
            definition = explicit_definition(shapes, table.name, self._config)
        else:
            entities, table = self._declared("create_table without key_schema", models, schema, table_name)
            ttl = ttl_attribute(entities)
            definition = table_definition(entities, table.name, self._config)
        await table.change("CreateTable", definition | stream_definition(stream))
        if wait:
            # DescribeTable reads eventually: it may not know the new table yet.
            await table.wait_until(is_active, may_be_missing=True)
            if ttl is not None:
                await table.change("UpdateTimeToLive", ttl_change(ttl, table.name, enabled=True))
        return table.name

    async def wait_until_active(self, table_name: str | None = None) -> None:
        """
        Wait until a table and its global indexes can be used.

        Raises:
            TableNotFoundError: There is no such table, or it was made a moment ago without waiting.
            DeadlineExceededError: It takes longer than the configuration's deadline.

        Costs a DescribeTable five times a second.
        """
        await self._live(table_name).wait_until(is_active)

    async def delete_table(self, table_name: str | None = None) -> None:
        """
        Delete a table with everything in it, and wait until it is gone.

        Raises:
            TableNotFoundError: There is no such table.
            DeadlineExceededError: It takes longer than the configuration's deadline.

        Costs one DeleteTable, and DescribeTables until it is gone.
        """
        table = self._live(table_name)
        await table.change("DeleteTable", {"TableName": table.name})
        await table.wait_until_gone()

    async def table_exists(self, table_name: str | None = None) -> bool:
        """
        Tell whether there is a table of this name, in whatever state.

        Costs one DescribeTable.
        """
        return await self._live(table_name).exists()

    async def list_tables(self) -> list[str]:
        """
        List the names of all tables of the account and region.

        Costs one ListTables for each 100 tables.
        """
        names: list[str] = []
        start: dict[str, str] = {}
        while True:
            reply = await self._channel.control("ListTables", start)
            names += read_table_names(reply)
            if "LastEvaluatedTableName" not in reply:
                return names
            start = {"ExclusiveStartTableName": reply["LastEvaluatedTableName"]}

    async def ttl_attribute(self, table_name: str | None = None) -> str | None:
        """
        Give the name of the attribute by which items expire, `None` where they do not.

        Counts an attribute that is being enabled, which AWS may take an hour for.

        Raises:
            TableNotFoundError: There is no such table.

        Costs one DescribeTimeToLive.
        """
        return await self._live(table_name).ttl()

    async def enable_ttl(self, attribute: str, table_name: str | None = None) -> None:
        """
        Let items expire by an attribute; harmless where they do already.

        Args:
            attribute: Its stored name. Items hold the time in it as a number of seconds since 1970.
            table_name: The table; otherwise the configuration's.

        Raises:
            RejectedError: Items expire by another attribute, which `disable_ttl` has to end first; or the
                last change is not an hour ago.
            TableInUseError: The table is not active.
            TableNotFoundError: There is no such table.

        Costs one DescribeTimeToLive and, unless expiry is on, one UpdateTimeToLive.
        """
        table = self._live(table_name)
        change = ttl_change(attribute, table.name, enabled=True)
        enabled = await table.ttl()
        if enabled is None:
            await table.change("UpdateTimeToLive", change)
        elif enabled != attribute:
            raise RejectedError(
                f"items expire by {enabled}, and a table has one such attribute: call disable_ttl first",
                operation="UpdateTimeToLive",
                table_name=table.name,
            )

    async def disable_ttl(self, table_name: str | None = None) -> None:
        """
        Let items expire no more; harmless where they do not.

        Raises:
            RejectedError: The last change is not an hour ago.
            TableNotFoundError: There is no such table.

        Costs one DescribeTimeToLive and, where expiry is on, one UpdateTimeToLive.
        """
        table = self._live(table_name)
        enabled = await table.ttl()
        if enabled is not None:
            await table.change("UpdateTimeToLive", ttl_change(enabled, table.name, enabled=False))

    async def add_index(
        self,
        model: type[BaseModel],
        index_name: str,
        *,
        schema: TableSchema | None = None,
        table_name: str | None = None,
        wait: bool = True,
    ) -> None:
        """
        Add a global index that a model declares to its table, and wait until it is active.

        DynamoDB reads the whole table to build an index, which takes long on a large one: minutes, or hours.
        The waiting ends at the configuration's `deadline`, and the building goes on. Where the table has the
        index as it is declared, nothing is changed, so that another call waits on.

        Args:
            model: A model that declares the index.
            index_name: The index.
            schema: The declaration, where the model has no `class Meta`.
            table_name: The table; otherwise the declaration's, otherwise the configuration's.
            wait: Without it, return at once; `wait_until_active` waits later.

        Raises:
            InvalidRequestError: The model declares no such global index.
            TableMismatchError: The table has another key, type of an attribute, or index of this name.
            ConfigurationError: The table has provisioned capacity, and the configuration states none.
            TableNotFoundError: There is no such table.
            TableInUseError: The table is being changed.
            DeadlineExceededError: The index is not active yet; it is still being built.

        Costs one UpdateTable, and DescribeTables until the index is active. The building takes write capacity
        for each item that has the index's key.
        """
        (entity,), table = self._declared("add_index", (model,), schema, table_name)
        definition = index_definition(entity, index_name, table.name)
        live = await table.described()
        differences = list(table_differences(definition, live))
        _check_same(table.name, (found for found in differences if found.kind == "different"))
        if any(found.kind == "missing" for found in differences):
            await table.change("UpdateTable", index_addition(definition, live, self._config))
        if wait:
            await table.wait_until(lambda now: index_status(now, index_name) == "ACTIVE")

    async def remove_index(
        self, index_name: str, table_name: str | None = None, *, wait: bool = True
    ) -> None:
        """
        Remove a global index from a table, and wait until it is gone; items stay in the table.

        Args:
            index_name: The index.
            table_name: The table; otherwise the configuration's.
            wait: Without it, return at once.

        Raises:
            TableNotFoundError: There is no such table, or no such index of it.
            TableInUseError: The table is being changed.
            DeadlineExceededError: It is not gone yet; it is still being removed.

        Costs one UpdateTable, and DescribeTables until the index is gone.
        """
        table = self._live(table_name)
        await table.change("UpdateTable", index_removal(index_name, table.name))
        if wait:
            await table.wait_until(lambda now: index_status(now, index_name) is None)

    async def diff(
        self,
        *models: type[BaseModel],
        schema: TableSchema | None = None,
        table_name: str | None = None,
    ) -> tuple[TableDifference, ...]:
        """
        Compare a table with what models declare: keys, types of attributes, indexes, expiry.

        Billing is compared only where the configuration states capacities, and then by its mode: how many
        units there are now is left to auto scaling.

        Args:
            models: The models that share the table. What none of them declares is `unexpected`.
            schema: The declaration of one model that has no `class Meta`.
            table_name: The table; otherwise the declaration's, otherwise the configuration's.

        Returns:
            The differences, each with a text for people; none where the table is as declared.

        Raises:
            SchemaError: The models contradict each other.
            TableNotFoundError: There is no such table.

        Costs one DescribeTable and one DescribeTimeToLive.
        """
        return await self._differences(*self._declared("diff", models, schema, table_name))

    async def verify(
        self,
        *models: type[BaseModel],
        schema: TableSchema | None = None,
        table_name: str | None = None,
    ) -> None:
        """
        Make sure, at start-up, that a table has what models declare; the arguments are those of `diff`.

        What the table has beyond it is no error: another model may declare it.

        Raises:
            TableMismatchError: Something is missing or different; `differences` and the message say what.
            SchemaError: The models contradict each other.
            TableNotFoundError: There is no such table.

        Costs one DescribeTable and one DescribeTimeToLive.
        """
        entities, table = self._declared("verify", models, schema, table_name)
        differences = await self._differences(entities, table)
        _check_same(table.name, (found for found in differences if found.kind != "unexpected"))

    async def _differences(
        self, entities: Sequence[Entity[Any]], table: LiveTable
    ) -> tuple[TableDifference, ...]:
        definition = table_definition(entities, table.name, self._config)
        declared_ttl = ttl_attribute(entities)
        live = await table.described()
        return (
            *table_differences(definition, live),
            *ttl_differences(declared_ttl, await table.ttl()),
            *billing_differences(self._config, live),
        )

    def _declared(
        self,
        method: str,
        models: Sequence[type[BaseModel]],
        schema: TableSchema | None,
        table_name: str | None,
    ) -> tuple[list[Entity[Any]], LiveTable]:
        """Bind models that share a table, and find the table."""
        if not models:
            raise InvalidRequestError(f"{method} needs at least one model")
        if schema is not None and len(models) > 1:
            raise InvalidRequestError("schema= goes with one model")
        entities: list[Entity[Any]] = [bind(model, schema) for model in models]
        names = {entity.schema.table_name for entity in entities} - {None}
        if not table_name and len(names) > 1:
            raise SchemaError("models that share a table declare one table_name; theirs differ")
        return entities, self._live(next(iter(names), None) if table_name is None else table_name)


def _check_same(table_name: str, differences: Iterable[TableDifference]) -> None:
    found = tuple(differences)
    if found:
        said = "; ".join(map(str, found))
        raise TableMismatchError(
            f"the table is not as the models declare it: {said}", differences=found, table_name=table_name
        )
