"""Raw access: DynamoDB's own operations on plain dicts, for what has no model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dynarepo._codec import PlainTable
from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel
from dynarepo._observability import Logger
from dynarepo._pages import BatchWriter, Caller, read_batch
from dynarepo._repository._gateway_listings import ListingGateway
from dynarepo._request import Request
from dynarepo._requests import (
    NativeTable,
    NativeWrite,
    PlainItem,
    Reading,
    check_flag,
    explain_failed_condition,
    expression_members,
    native_entries,
    native_keys,
    native_writes,
    projected_paths,
    read_batched,
    read_changed,
    read_deleted,
    read_got,
    read_table_key,
    table_of_keys,
)
from dynarepo._transport import Transport
from dynarepo._wire import Payload
from dynarepo.exceptions import ConditionFailedError

__all__ = ["TableGateway"]


class TableGateway(ListingGateway):
    """
    DynamoDB's own operations on plain dicts and with its own expressions, for what has no model.

    Values are text, `int`, `Decimal`, `bytes`, `bool`, `None`, lists, dicts with text as keys, and sets of
    text, of numbers or of bytes. A whole number comes back as an `int`, any other as a `Decimal`. A
    `float` is refused: use `Decimal`. Expressions go to DynamoDB as they are written: never make one of
    what a user typed; put that into `values`.

    Each method works on `table_name`, and without it on the configuration's table. It is opened like a
    repository, or made by `DynamoDBConnection.table_gateway`.
    """

    def __init__(
        self,
        *,
        config: DynamoDBConfig,
        logger: Logger,
        transport: Transport | None = None,
        channel: Channel | None = None,
    ) -> None:
        """
        Make a gateway.

        Args:
            config: Where the tables are, and which one is meant where a call names none; required.
            logger: A structlog logger, or anything with its methods that take fields; required.
            transport: Replaces the network, in tests.
            channel: An open connection to share; `DynamoDBConnection.table_gateway` gives it.

        Sends nothing and opens nothing.
        """
        super().__init__(config=config, logger=logger, transport=transport, channel=channel)
        self._described: dict[str, PlainTable] = {}

    async def put_item(
        self,
        item: Mapping[str, object],
        *,
        condition_expression: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, object] | None = None,
        table_name: str | None = None,
    ) -> None:
        """
        Create an item, or replace the one that has its key.

        Args:
            item: All attributes by name, the table's key among them.
            condition_expression: What must hold of the stored item; `"attribute_not_exists(pk)"`, with the
                name of the table's partition key, never replaces.
            names: What the placeholders with `#` stand for, such as `{"#status": "status"}`.
            values: What the placeholders with `:` stand for, such as `{":open": "open"}`.
            table_name: The table; otherwise the configuration's.

        Raises:
            ConfigurationError: No table is named anywhere.
            InvalidRequestError: The item is empty, or placeholders and expressions do not fit.
            InvalidValueError: A value cannot be stored, such as a float; `path` names the attribute.
            ConditionFailedError: The condition does not hold; `item` is the stored item as a dict.
            RejectedError: DynamoDB refused, for example an item without the table's key.

        Costs one PutItem: a write unit for each KB.
        """
        members = expression_members(names, values, condition_expression=condition_expression)
        await self._send(self._table(table_name).put(item, members))

    async def get_item(
        self,
        key: Mapping[str, object],
        *,
        projection_expression: str | None = None,
        names: Mapping[str, str] | None = None,
        consistent: bool | None = None,
        table_name: str | None = None,
    ) -> PlainItem | None:
        """
        Read one item.

        Args:
            key: The key attributes by name, the partition key first.
            projection_expression: Which attributes are returned, such as `"pk, #total, lines[0]"`.
            names: What the placeholders with `#` stand for.
            consistent: Read consistently, at twice the capacity; the configuration decides without it.
            table_name: The table; otherwise the configuration's.

        Returns:
            The item as a dict, or `None` if there is no such item. It is empty where the item has none
            of the attributes asked for.

        Raises:
            ConfigurationError: No table is named anywhere.
            InvalidKeyError: The key is empty, or a value cannot be a key.
            InvalidRequestError: Placeholders and expression do not fit.
            RejectedError: DynamoDB refused, for example a key that is not the table's.

        Costs one GetItem: half a read unit for each 4 KB of the whole item, a whole one if consistent.
        """
        members = expression_members(names, None, projection_expression=projection_expression)
        request = self._table(table_name).get(key, members, consistent=consistent)
        return read_got(await self._caller.send(request))

    async def update_item(
        self,
        key: Mapping[str, object],
        update_expression: str,
        *,
        values: Mapping[str, object] | None = None,
        names: Mapping[str, str] | None = None,
        condition_expression: str | None = None,
        table_name: str | None = None,
    ) -> PlainItem:
        """
        Change attributes of an item; where there is none, DynamoDB creates it of the key and the changes.

        With `condition_expression="attribute_exists(pk)"`, and the name of the table's partition key for
        `pk`, nothing is created.

        Args:
            key: The key attributes by name, the partition key first.
            update_expression: The changes, such as `"SET #status = :paid ADD visits :one"`.
            values: What the placeholders with `:` stand for.
            names: What the placeholders with `#` stand for.
            condition_expression: What must hold of the stored item.
            table_name: The table; otherwise the configuration's.

        Returns:
            The whole item as it is after the update.

        Raises:
            ConfigurationError: No table is named anywhere.
            InvalidKeyError: The key is empty, or a value cannot be a key.
            InvalidRequestError: Placeholders and expressions do not fit.
            InvalidValueError: A value cannot be stored; the message names its placeholder.
            ConditionFailedError: The condition does not hold; `item` is the stored item as a dict.
            RejectedError: DynamoDB refused, for example an expression that it does not understand.

        Costs one UpdateItem: a write unit for each KB of the larger of the item before and after.
        """
        members = expression_members(
            names,
            values,
            update_expression=update_expression,
            condition_expression=condition_expression,
        )
        return read_changed(await self._send(self._table(table_name).update(key, members)))

    async def delete_item(
        self,
        key: Mapping[str, object],
        *,
        condition_expression: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, object] | None = None,
        table_name: str | None = None,
    ) -> bool:
        """
        Delete an item.

        Args:
            key: The key attributes by name, the partition key first.
            condition_expression: What must hold of the stored item.
            names: What the placeholders with `#` stand for.
            values: What the placeholders with `:` stand for.
            table_name: The table; otherwise the configuration's.

        Returns:
            Whether there was something to delete. Without a condition, a deletion whose reply was lost is
            sent again, and may then say `False` of an item that it has deleted.

        Raises:
            ConfigurationError: No table is named anywhere.
            InvalidKeyError: The key is empty, or a value cannot be a key.
            InvalidRequestError: Placeholders and expression do not fit.
            InvalidValueError: A value cannot be encoded; the message names its placeholder.
            ConditionFailedError: The condition does not hold; `item` is the stored item as a dict.
            RejectedError: DynamoDB refused, for example a key that is not the table's.

        Costs one DeleteItem: a write unit for each KB of the item.
        """
        members = expression_members(names, values, condition_expression=condition_expression)
        return read_deleted(await self._send(self._table(table_name).delete(key, members)))

    async def batch_write_items(
        self,
        puts: Iterable[Mapping[str, object]] = (),
        deletes: Iterable[Mapping[str, object]] = (),
        *,
        table_name: str | None = None,
    ) -> int:
        """
        Put and delete any number of items; not a transaction: some may be done when others are not.

        Args:
            puts: Items to create or replace. Of several with one key, the last one wins.
            deletes: Keys of items to delete; a key without an item is no error. Of a key that is both put
                and deleted, only the delete is done.
            table_name: The table; otherwise the configuration's.

        Returns:
            How many puts and deletes were done.

        Raises:
            ConfigurationError: No table is named anywhere.
            InvalidRequestError: An item is empty. Nothing was sent, and so for the next two.
            InvalidValueError: A value cannot be stored, such as a float; `path` names the attribute.
            InvalidKeyError: A put lacks the table's key, or a delete has other attributes than that.
            DynamoDBBatchOperationError: Some were not done; it lists the dicts that were given.

        Costs one BatchWriteItem for each 25 items or 16 MB, up to `batch_concurrency` at once, each with a
        deadline of its own; what the service leaves undone is sent again. Before the first puts into a
        table, one DescribeTable tells its key, which is kept as long as the gateway; the time that it takes
        is taken from those deadlines.
        """
        table = self._table(table_name)
        writes = native_writes(puts, deletes)
        self._channel.check_open()
        if not writes:
            return 0
        caller, source = await self._source(table, writes)
        entries = native_entries(source, writes)
        return await BatchWriter(caller, table.target(source)).write_all(entries)

    async def batch_get_items(
        self,
        keys: Iterable[Mapping[str, object]],
        *,
        projection_expression: str | None = None,
        names: Mapping[str, str] | None = None,
        consistent: bool | None = None,
        table_name: str | None = None,
    ) -> list[PlainItem | None]:
        """
        Read any number of items by key.

        Args:
            keys: The key attributes of each item by name.
            projection_expression: Which attributes are returned; those of the key always are.
            names: What the placeholders with `#` stand for.
            consistent: Read consistently, at twice the capacity; the configuration decides without it.
            table_name: The table; otherwise the configuration's.

        Returns:
            The items as dicts, in the order of the keys; `None` where there is none. A key that is given
            twice is read once, and both answers are the same dict.

        Raises:
            ConfigurationError: No table is named anywhere.
            InvalidKeyError: A value cannot be a key, or the keys have different attributes.
            InvalidRequestError: Placeholders and expression do not fit.

        Costs one BatchGetItem for each 100 keys, up to `batch_concurrency` at once, each with a deadline of
        its own; what the service leaves undone is asked for again.
        """
        table = self._table(table_name)
        wanted, paths = native_keys(keys), projected_paths(projection_expression, names)
        self._channel.check_open()
        if not wanted:
            return []
        source = table_of_keys(wanted, "keys", paths)
        return await read_batch(
            self._caller,
            table.target(source),
            Reading.of(source),
            wanted,
            read_batched,
            consistent=table.consistent_read if consistent is None else check_flag("consistent", consistent),
        )

    async def _source(self, table: NativeTable, writes: Sequence[NativeWrite]) -> tuple[Caller, PlainTable]:
        """Give the table's key, and who writes: to ask for the key is a part of the call, in its time."""
        if not any(write.is_put for write in writes):
            return self._caller, table_of_keys([write.wire for write in writes], "deletes")
        if table.name in self._described:
            return self._caller, self._described[table.name]
        deadline = self._caller.deadline()
        params = {"TableName": table.name}
        reply = await self._channel.control("DescribeTable", params, deadline=deadline)
        source = self._described[table.name] = read_table_key(reply)
        return self._caller.until(deadline), source

    async def _send(self, request: Request) -> Payload:
        try:
            return await self._caller.send(request)
        except ConditionFailedError as error:
            raise explain_failed_condition(error) from None
