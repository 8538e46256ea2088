"""A table for batches: keeps what it is sent, and leaves undone what it is told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic_core import to_json

from dynarepo._wire import Payload, WireItem
from tests.faked import turns

__all__ = ["BatchStore", "Leave", "nothing"]

Key: TypeAlias = tuple[tuple[str, Any], ...]
Leave: TypeAlias = Callable[[list[Payload]], list[Payload]]


def nothing(_entries: list[Payload]) -> list[Payload]:
    """Leave nothing undone."""
    return []


class BatchStore:
    """
    Answers batches after a few turns of the loop, and refuses what DynamoDB would.

    Attributes:
        items: What is stored, by key.
        sizes: Entries of every request, in the order of their arrival.
        most_under_way: The most requests that were under way at once.
    """

    def __init__(self, leave: Leave = nothing, *, names: tuple[str, ...] = ("pk", "sk")) -> None:
        self.leave = leave
        self.items: dict[Key, WireItem] = {}
        self.sizes: list[int] = []
        self.most_under_way = 0
        self._names = names
        self._under_way: list[set[Key]] = []

    async def __call__(self, operation: str, payload: Payload) -> Payload:
        """Answer one request."""
        ((table, wanted),) = payload["RequestItems"].items()
        assert len(to_json(payload)) <= 16 * 1024 * 1024
        if operation == "BatchGetItem":
            return await self._get(table, wanted)
        return await self._write(table, wanted)

    async def _write(self, table: str, writes: list[Payload]) -> Payload:
        self._check(writes, 25, [self.key_of(write) for write in writes])
        await self._travel({self.key_of(write) for write in writes})
        left = self.leave(writes)
        for write in writes:
            if write not in left:
                self._apply(write)
        return {"UnprocessedItems": {table: left} if left else {}}

    async def _get(self, table: str, wanted: Payload) -> Payload:
        keys = wanted["Keys"]
        self._check(keys, 100, [self._key(key) for key in keys])
        await self._travel(set())
        left = self.leave(keys)
        found = [
            self.items[self._key(key)] for key in keys if key not in left and self._key(key) in self.items
        ]
        # In no order that the caller knows.
        found.sort(key=repr, reverse=True)
        unprocessed = {table: wanted | {"Keys": left}} if left else {}
        return {"Responses": {table: found}, "UnprocessedKeys": unprocessed}

    def _check(self, entries: list[Payload], most: int, keys: list[Key]) -> None:
        assert 1 <= len(entries) <= most
        assert len(set(keys)) == len(keys), "one key twice in a request"
        self.sizes.append(len(entries))

    async def _travel(self, keys: set[Key]) -> None:
        assert not any(keys & others for others in self._under_way), "one key in two requests under way"
        self._under_way.append(keys)
        self.most_under_way = max(self.most_under_way, len(self._under_way))
        await turns(1 + len(keys) % 3)
        self._under_way.remove(keys)

    def _apply(self, write: Payload) -> None:
        if "PutRequest" in write:
            self.items[self.key_of(write)] = write["PutRequest"]["Item"]
        else:
            self.items.pop(self.key_of(write), None)

    def key_of(self, write: Payload) -> Key:
        """Give the key that a put or delete is about."""
        return self._key(
            write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"]
        )

    def _key(self, item: WireItem) -> Key:
        return tuple((name, *item[name].values()) for name in self._names)
