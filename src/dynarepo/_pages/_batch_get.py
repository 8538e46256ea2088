"""
Reading any number of keys in chunks of 100, several at once, in the order asked.

What the service leaves undone travels with the next chunk, or, at the end, together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from math import ceil
from typing import Any, TypeVar

from pydantic import BaseModel

from dynarepo._item_text import StoredItem
from dynarepo._limits import MAX_BATCH_GET_KEYS
from dynarepo._pages._at_once import all_at_once
from dynarepo._pages._caller import Caller
from dynarepo._request import Deadline
from dynarepo._requests import (
    Identity,
    Reading,
    Target,
    batch_get,
    read_found,
    read_unprocessed_keys,
)
from dynarepo._wire import WireItem
from dynarepo.exceptions import UnexpectedResponseError

__all__ = ["read_batch"]

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")


async def read_batch(
    caller: Caller,
    target: Target[T],
    reading: Reading[Any],
    keys: Sequence[WireItem],
    make: Callable[[StoredItem], R | None],
    *,
    consistent: bool,
    deadline: Deadline | None = None,
) -> list[R | None]:
    """
    Read keys; each is fetched once however often it is asked for.

    Args:
        caller: What to send through.
        target: The table.
        reading: What of the items is fetched.
        keys: The keys, encoded.
        make: Makes of a stored item what is returned.
        consistent: Read consistently.
        deadline: The end of all of it; without one, each request that brings something begins another.

    Returns:
        One entry for each key, `None` where there is no item.
    """
    identify = target.source.table.identity
    asked = [identify(key) for key in keys]
    wanted = dict(zip(asked, keys, strict=True))
    found: dict[Identity, R | None] = {}
    waiting = _Waiting(iter(wanted.values()))

    async def read() -> None:
        ends, rounds = deadline or caller.deadline(), 0
        while chunk := waiting.take():
            reply = await caller.send(batch_get(target, reading, chunk, consistent=consistent), ends)
            items = read_found(target, reply)
            for key, item in items.items():
                found[key] = make(item)
            left = read_unprocessed_keys(target, reply)
            if not {identify(key) for key in left} <= wanted.keys():
                raise UnexpectedResponseError(
                    "the reply leaves keys unprocessed that were not asked for", operation="BatchGetItem"
                )
            # A reply is cut at 16 MB: what follows is read at once, a pause is for a busy table only.
            if items:
                ends, rounds = deadline or caller.deadline(), 0
            elif left:
                await caller.pause(rounds, ends)
                rounds += 1
            waiting.put_back(left)

    readers = min(caller.config.batch_concurrency, ceil(len(wanted) / MAX_BATCH_GET_KEYS))
    if readers == 1:
        await read()  # Nothing runs beside it, so that it needs no task.
    else:
        await all_at_once([read() for _ in range(readers)])
    return [found.get(each) for each in asked]


class _Waiting:
    """Keys to ask for: those that were never asked for, and those that were left undone."""

    def __init__(self, fresh: Iterator[WireItem]) -> None:
        self._fresh = fresh
        self._left: list[WireItem] = []
        self._under_way = 0

    def take(self) -> list[WireItem]:
        """Give the next chunk; none where all is done, or is better left to a chunk that is under way."""
        fresh = list(islice(self._fresh, MAX_BATCH_GET_KEYS - len(self._left[:MAX_BATCH_GET_KEYS])))
        if self._under_way and not fresh and len(self._left) < MAX_BATCH_GET_KEYS:
            return []
        chunk = [*self._left[:MAX_BATCH_GET_KEYS], *fresh]
        del self._left[:MAX_BATCH_GET_KEYS]
        self._under_way += bool(chunk)
        return chunk

    def put_back(self, left: Sequence[WireItem]) -> None:
        """End a chunk; what it left undone travels with the next."""
        self._left += left
        self._under_way -= 1
