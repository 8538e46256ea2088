"""
A table by its name: its key as DynamoDB describes it, and its items as they travel.

Items are never made into Python values, so that what is read is written without a loss.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast

from msgspec.structs import replace

from dynarepo._codec import Entity, KeyAttribute, PlainTable
from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel, Request
from dynarepo._item_text import plain_item
from dynarepo._pages import BatchWriter, Caller
from dynarepo._requests import (
    NativeListing,
    NativeTable,
    NativeWrite,
    Page,
    WriteEntry,
    native_entries,
    read_table,
    read_table_key,
)
from dynarepo._wire import Payload, WireItem
from dynarepo.cli._exits import CommandError, Exit

__all__ = ["RawTable"]


@dataclass(frozen=True, slots=True)
class RawTable:
    """
    A table that exists.

    Attributes:
        name: As it was given.
        description: What DescribeTable says of it.
    """

    name: str
    description: Payload = field(repr=False)
    plain: PlainTable = field(repr=False)
    caller: Caller = field(repr=False)

    @classmethod
    async def described(cls, channel: Channel, config: DynamoDBConfig, name: str) -> Self:
        """Look a table up; `TableNotFoundError` if there is none of this name."""
        table = NativeTable(name)
        reply = await channel.control("DescribeTable", {"TableName": table.name})
        return cls(name, read_table(reply), read_table_key(reply), Caller(channel, config))

    @property
    def arn(self) -> str:
        """What names it among all tables."""
        return str(self.description.get("TableArn", self.name))

    @property
    def identity(self) -> list[object]:
        """What tells it from all tables, from one too that had its name and was deleted."""
        return [self.arn, *(self.description.get(name) for name in ("TableId", "CreationDateTime"))]

    @property
    def item_count(self) -> int | None:
        """How many items it had a few hours ago, `None` where that is not known."""
        count = self.description.get("ItemCount")
        return count if isinstance(count, int) and count > 0 else None

    @property
    def key_types(self) -> Mapping[str, str]:
        """The type of each attribute of its key, the partition key first."""
        return {key.attribute: key.tag for key in self.plain.keys}

    def index_key_types(self, index: str | None) -> Mapping[str, str]:
        """Give the type of each key attribute of an index, of the table itself for `None`."""
        if index is None:
            return self.key_types
        schema = self._index_schema(index)
        partition = [each for each in schema if each["KeyType"] == "HASH"]
        if len(schema) > 2 or len(partition) != 1:
            raise CommandError(
                "the index has a key of several attributes: `dynarepo scan --model` reads it", Exit.USAGE
            )
        return self._types(schema)

    def check_model(self, entity: Entity[Any], index: str | None) -> None:
        """Refuse a model whose keys are not those of the table, or of the index."""
        _check_same(entity.name, "table", entity.table.attributes, self.key_types)
        if index is not None and index in entity.indexes:
            live = self._types(self._index_schema(index))
            _check_same(entity.name, "index", entity.indexes[index].attributes, live)

    def _index_schema(self, index: str) -> list[Payload]:
        indexes = [
            *(self.description.get("GlobalSecondaryIndexes") or ()),
            *(self.description.get("LocalSecondaryIndexes") or ()),
        ]
        schemas = {each["IndexName"]: each["KeySchema"] for each in indexes}
        if index not in schemas:
            known = ", ".join(sorted(schemas)) or "none"
            raise CommandError(f"the table has no index of this name; it has {known}", Exit.USAGE)
        return sorted(schemas[index], key=lambda each: bool(each["KeyType"] == "RANGE"))

    def _types(self, schema: list[Payload]) -> Mapping[str, str]:
        types = {
            each["AttributeName"]: each["AttributeType"] for each in self.description["AttributeDefinitions"]
        }
        return {each["AttributeName"]: types[each["AttributeName"]] for each in schema}

    async def get(self, key: WireItem, members: Payload) -> WireItem | None:
        """Read one item."""
        payload = {"TableName": self.name, "Key": key, "ReturnConsumedCapacity": "TOTAL", **members}
        reply = await self.caller.send(Request("GetItem", payload, self.name))
        return cast("WireItem | None", reply.get("Item"))

    async def page(
        self, operation: str, members: Payload, start: WireItem | None, size: int | None
    ) -> Page[WireItem]:
        """Read one page of a Query or Scan."""
        payload = {"TableName": self.name, "ReturnConsumedCapacity": "TOTAL", **members}
        listing = NativeListing(operation, self.name, payload)
        reply = await self.caller.send(listing.request(start, size))
        if members.get("Select") == "COUNT":
            # Nothing but the numbers was asked for.
            return Page([], int(reply["Count"]), int(reply["ScannedCount"]), reply.get("LastEvaluatedKey"))
        page = listing.read(reply, size)
        items = [plain_item(item) for item in page.items]
        return Page(items, page.count, page.scanned_count, page.last_key)

    async def pages(
        self, operation: str, members: Payload, *, limit: int | None = None
    ) -> AsyncGenerator[Page[WireItem], None]:
        """Read page after page until the end, or until there are so many items."""
        start: WireItem | None = None
        left = limit
        while True:
            # A filter is applied behind DynamoDB's Limit: with one, pages are whole, and the last one is cut.
            page = await self.page(operation, members, start, None if "FilterExpression" in members else left)
            start = page.last_key
            if left is not None:
                page = replace(page, items=page.items[:left], count=min(page.count, left))
                left -= page.count
            yield page
            if start is None or left == 0:
                return

    async def has_items(self) -> bool:
        """Tell whether there is an item, by reading one."""
        return (await self.page("Scan", {}, None, 1)).count > 0

    def puts(self, items: Iterable[WireItem], first: int = 1) -> list[WriteEntry]:
        """Check items that are to be put; `first` is the number of the first one, for errors."""
        writes = [NativeWrite(True, item, None, f"item {number}") for number, item in enumerate(items, first)]
        return native_entries(self.plain, writes)

    async def put_all(self, puts: list[WriteEntry]) -> None:
        """Put checked items, in batches that travel at once."""
        await BatchWriter(self.caller, NativeTable(self.name).target(self.plain)).write_all(puts)


def _check_same(model: str, noun: str, keys: Iterable[KeyAttribute], live: Mapping[str, str]) -> None:
    declared = [(key.attribute, key.tag) for key in keys]
    if declared != list(live.items()):
        raise CommandError(
            f"{model}'s keys are not those of the {noun}: declared are {_shown(declared)}, "
            f"the {noun} has {_shown(live.items())}",
            Exit.USAGE,
        )


def _shown(keys: Iterable[tuple[str, str]]) -> str:
    return " and ".join(f"{name} ({tag})" for name, tag in keys)
