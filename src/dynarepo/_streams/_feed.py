"""
Pages of many shards, in the order in which they arrive.

Each shard has a task, which reads one page and goes on when that is consumed. A page holds one of the places
from its request until then, so that no more of them are under way or in memory than there are places. A shard
in which there is nothing new gives its place back while it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

from dynarepo._streams._shard_reader import Page, ShardReader

__all__ = ["PageFeed"]


class PageFeed:
    """
    Reads shards at the same time.

    Args:
        places: How many pages there may be.
        idle: Waits for so many seconds.
        poll_interval: The seconds before a shard in which there was nothing new is asked again.
    """

    def __init__(self, places: int, idle: Callable[[float], Awaitable[None]], poll_interval: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._idle = idle
        self._poll_interval = poll_interval
        self._arrived: asyncio.Queue[Page | BaseException | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unfinished = 0

    @property
    def is_reading(self) -> bool:
        """Whether anything is to come."""
        return self._unfinished > 0

    def read(self, shard: ShardReader) -> None:
        """Begin to read a shard."""
        self._start(self._read(shard))

    def call_back(self, seconds: float) -> None:
        """Have `next` give `None` in so many seconds."""
        self._start(self._call_back(seconds))

    async def next(self) -> Page | None:
        """Wait for a page, or a call back."""
        arrived = await self._arrived.get()
        if isinstance(arrived, BaseException):
            raise arrived
        if arrived is None or arrived.is_last:
            self._unfinished -= 1
        return arrived

    async def close(self) -> None:
        """Stop reading, and wait until nothing is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._unfinished += 1
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._arrived.put_nowait(error)

    async def _read(self, shard: ShardReader) -> None:
        while True:
            async with self._places:
                page = await shard.read()
                if page.records or page.is_last:
                    self._arrived.put_nowait(page)
                    await page.consumed.wait()
            if page.is_last:
                return
            if page.is_idle:
                await self._idle(self._poll_interval)

    async def _call_back(self, seconds: float) -> None:
        await self._idle(seconds)
        self._arrived.put_nowait(None)
