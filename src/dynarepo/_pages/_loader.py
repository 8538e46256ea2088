"""
Loading one key, many at a time: what is asked for in one turn of the event loop is read together.

The first load of a turn opens a batch and has it begin when the turn is over; those that follow join it. A
batch is of one table, whichever repositories of a connection ask, so that the trouble of one table is not
that of another. It shares stored items and no models: each load decodes its own, and its errors are its own.

Nothing is kept from one batch to the next.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Hashable, Iterable
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from dynarepo._connection import Channel
from dynarepo._item_text import StoredItem
from dynarepo._pages._batch_get import read_batch
from dynarepo._pages._caller import Caller
from dynarepo._requests import Identity, Reading, Target, identity
from dynarepo._wire import WireItem

__all__ = ["load"]

R = TypeVar("R")

_Waiter: TypeAlias = "asyncio.Future[StoredItem | None]"

#: The batches of each connection that have not begun.
_OPEN: WeakKeyDictionary[Channel, dict[Hashable, _Batch]] = WeakKeyDictionary()


async def load(
    caller: Caller, target: Target[Any], reading: Reading[R], key: WireItem, *, consistent: bool
) -> R | None:
    """
    Read a key together with all others that are loaded in this turn of the event loop.

    Args:
        caller: What to send through; its deadline covers everything.
        target: The table.
        reading: What is made of the item.
        key: The key, encoded.
        consistent: Read consistently.

    Returns:
        What is made of the item, for this caller alone; `None` where there is no item.
    """
    caller.check_open()
    batches = _OPEN.setdefault(caller.channel, {})
    alike = _alike(caller, target, reading, consistent=consistent)
    batch = batches.get(alike)
    if batch is None:
        batch = batches[alike] = _Batch(caller, target, reading, consistent=consistent)
        asyncio.get_running_loop().call_soon(_begin, batches, alike)
    item = await batch.item(key)
    return None if item is None else reading.found(item)


def _begin(batches: dict[Hashable, _Batch], alike: Hashable) -> None:
    batches.pop(alike).begin()


def _alike(caller: Caller, target: Target[Any], reading: Reading[Any], *, consistent: bool) -> Hashable:
    """Give what loads must have in common to be read by one request."""
    config, paths = caller.config, reading.reader.paths
    keys = tuple((key.attribute, key.tag) for key in target.source.table.attributes)
    part = None if paths is None else (frozenset(paths), reading.marks)
    return target.table_name, keys, consistent, part, config.deadline, config.batch_concurrency


class _Batch:
    """The loads of one turn that are alike, and the one task that reads for them."""

    def __init__(
        self, caller: Caller, target: Target[Any], reading: Reading[Any], *, consistent: bool
    ) -> None:
        self._caller = caller
        self._target = target
        self._reading = reading
        self._consistent = consistent
        self._deadline = caller.deadline()
        self._keys: dict[Identity, WireItem] = {}
        self._waiters: dict[Identity, set[_Waiter]] = {}
        self._task: asyncio.Task[None] | None = None

    async def item(self, key: WireItem) -> StoredItem | None:
        """Ask for a key; a caller that is cancelled takes its question back."""
        name = identity(self._target.source, key)
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self._keys[name] = key
        self._waiters.setdefault(name, set()).add(waiter)
        try:
            return await waiter
        finally:
            self._leave(name, waiter)

    def begin(self) -> None:
        """Read what is still asked for."""
        if self._waiters:
            self._task = asyncio.create_task(self._read({name: self._keys[name] for name in self._waiters}))
            # Not in the task: one that is cancelled before its first step does nothing at all.
            self._task.add_done_callback(self._end)

    def _end(self, _: asyncio.Task[None]) -> None:
        for waiter in self._pending():
            waiter.cancel()

    def _leave(self, name: Identity, waiter: _Waiter) -> None:
        waiters = self._waiters[name]
        waiters.discard(waiter)
        if not waiters:
            del self._waiters[name]
        if not self._waiters and self._task is not None:
            self._task.cancel()

    async def _read(self, keys: dict[Identity, WireItem]) -> None:
        try:
            items: list[Any] = await read_batch(
                self._caller,
                self._target,
                self._reading,
                list(keys.values()),
                _as_stored,
                consistent=self._consistent,
                deadline=self._deadline,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the callers' to see
            for waiter in self._pending():
                waiter.set_exception(_own(error))
        else:
            for name, item in zip(keys, items, strict=True):
                for waiter in self._waiters.get(name, ()):
                    if not waiter.done():
                        waiter.set_result(item)

    def _pending(self) -> Iterable[_Waiter]:
        return [waiter for waiters in self._waiters.values() for waiter in waiters if not waiter.done()]


def _as_stored(item: StoredItem) -> StoredItem:
    return item


def _own(error: Exception) -> Exception:
    """Give one caller an error of its own: an exception takes on the traceback of whoever raises it."""
    try:
        own = copy.copy(error)
    except Exception:  # noqa: BLE001 - one that is not ours need not be able to
        return error
    own.__cause__ = error
    return own
