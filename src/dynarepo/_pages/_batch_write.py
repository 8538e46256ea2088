"""
Writing any number of items in chunks.

A chunk is cut at 25 entries or at the service's size limit, whichever comes first; chunks travel
at once up to a bound. What the service leaves unprocessed is sent again after a pause with full
jitter, until the chunk's deadline. Two entries with one key never travel at the same time: the later
one replaces the earlier one that still waits, and waits for the earlier one that is under way, so
the last one wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from dynarepo._limits import MAX_BATCH_WRITE_BYTES, MAX_BATCH_WRITE_ITEMS
from dynarepo._pages._caller import Caller
from dynarepo._requests import Identity, Target, WriteEntry, batch_write, read_unprocessed_writes
from dynarepo.exceptions import (
    DynamoDBBatchOperationError,
    DynamoDBServiceError,
    InvalidRequestError,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
)

__all__ = ["BatchWriter"]

S = TypeVar("S")
T = TypeVar("T", bound=BaseModel)

#: What the entries of one request may have; the rest is room for its envelope.
_MAX_CHUNK_BYTES: Final = MAX_BATCH_WRITE_BYTES - 4096


@dataclass(slots=True)
class _Outcome:
    """What became of the entries so far; `cause` is what stopped the batch."""

    written: int = 0
    failed: list[object] = field(default_factory=list)
    unknown: list[object] = field(default_factory=list)
    cause: Exception | None = None


class BatchWriter(Generic[T]):
    """Takes entries one by one and sends them in chunks while it fills."""

    def __init__(self, caller: Caller, target: Target[T]) -> None:
        caller.check_open()
        self._caller = caller
        self._target = target
        self._pending: dict[Identity, WriteEntry] = {}
        self._pending_bytes = 0
        self._sending: dict[Identity, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._is_over = False
        self._outcome = _Outcome()

    @property
    def is_stopped(self) -> bool:
        """Whether a chunk failed, so that nothing more is sent."""
        return self._outcome.cause is not None

    async def add(self, entry: WriteEntry) -> None:
        """Take an entry, and send a chunk when one is full."""
        while self._pending and self._bytes_with(entry) > _MAX_CHUNK_BYTES:
            await self._send_pending()
        self._check_not_over()
        replaced = self._pending.pop(entry.identity, None)
        if replaced is not None:
            self._pending_bytes -= replaced.size
        self._pending[entry.identity] = entry
        self._pending_bytes += entry.size
        if len(self._pending) == MAX_BATCH_WRITE_ITEMS:
            await self._send_pending()

    async def finish(self) -> int:
        """Send what is left and wait for all of it; give the number of entries written."""
        while self._pending or self._tasks:
            if self._pending:
                await self._send_pending()
            await self._wait_for(self._tasks)
        self._raise_if_stopped()
        return self._outcome.written

    async def abandon(self) -> None:
        """Send nothing more, and let no task outlive the batch."""
        self._is_over = True
        self._pending.clear()
        for task in self._tasks:
            task.cancel()
        await self._wait_for(self._tasks)

    async def write_all(self, entries: Iterable[WriteEntry]) -> int:
        """Write entries that are all known: of one key only the last is sent."""
        last = list({entry.identity: entry for entry in entries}.values())
        try:
            for number, entry in enumerate(last, start=1):
                await self.add(entry)
                if self.is_stopped:
                    self._fail(last[number:])
                    break
            return await self.finish()
        finally:
            await self.abandon()

    async def write_stream(self, sources: AsyncIterable[S], encode: Callable[[S], WriteEntry]) -> int:
        """Write entries as they come, with no more than a few chunks in memory."""
        try:
            async for source in sources:
                await self.add(encode(source))
                if self.is_stopped:
                    break
            return await self.finish()
        finally:
            await self.abandon()

    def _bytes_with(self, entry: WriteEntry) -> int:
        replaced = self._pending.get(entry.identity)
        return self._pending_bytes + entry.size - (0 if replaced is None else replaced.size)

    def _check_not_over(self) -> None:
        if self._is_over:
            raise InvalidRequestError("the batch is over: its block has ended, and nothing more is sent")

    async def _send_pending(self) -> None:
        chunk = self._pending
        self._pending, self._pending_bytes = {}, 0
        # One at a time, in the order in which they filled, also when several tasks add entries.
        async with self._turn:
            await self._wait_for({self._sending[key] for key in chunk if key in self._sending})
            while len(self._tasks) >= self._caller.config.batch_concurrency:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            self._check_not_over()
            if self.is_stopped:
                self._fail(chunk.values())
                return
            task = asyncio.create_task(self._send_chunk(list(chunk.values())))
            self._tasks.add(task)
            self._sending |= dict.fromkeys(chunk, task)
            task.add_done_callback(lambda done: self._forget(done, chunk))

    def _forget(self, task: asyncio.Task[None], chunk: Iterable[Identity]) -> None:
        self._tasks.discard(task)
        for key in chunk:
            del self._sending[key]

    async def _send_chunk(self, entries: list[WriteEntry]) -> None:
        deadline, left, rounds = self._caller.deadline(), entries, 0
        try:
            while True:
                reply = await self._caller.send(batch_write(self._target, left), deadline)
                unprocessed = read_unprocessed_writes(self._target, left, reply)
                self._outcome.written += len(left) - len(unprocessed)
                left = unprocessed
                if not left:
                    return
                await self._caller.pause(rounds, deadline)
                rounds += 1
        except (WriteOutcomeUnknownError, UnexpectedResponseError) as error:
            self._stop(error, self._outcome.unknown, left)
        except DynamoDBServiceError as error:
            self._stop(error, self._outcome.failed, left)
        except Exception as error:  # noqa: BLE001 - a fault of the transport must not pass for success
            self._stop(error, self._outcome.unknown, left)

    def _stop(self, error: Exception, listed: list[object], entries: Iterable[WriteEntry]) -> None:
        listed += [entry.source for entry in entries]
        self._outcome.cause = self._outcome.cause or error

    def _fail(self, entries: Iterable[WriteEntry]) -> None:
        self._outcome.failed += [entry.source for entry in entries]

    async def _wait_for(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        # Not gather: it would cancel the chunks under way when the waiting caller is cancelled.
        pending = set(tasks)
        if pending:
            await asyncio.wait(pending)

    def _raise_if_stopped(self) -> None:
        outcome = self._outcome
        if outcome.cause is None:
            return
        raise DynamoDBBatchOperationError(
            f"the batch is incomplete: {outcome.written} written, {len(outcome.failed)} not written, "
            f"{len(outcome.unknown)} unknown",
            failed_items=tuple(outcome.failed),
            unknown_items=tuple(outcome.unknown),
            successful_count=outcome.written,
            operation="BatchWriteItem",
            table_name=self._target.table_name,
            code=getattr(outcome.cause, "code", None),
            request_id=getattr(outcome.cause, "request_id", None),
        ) from outcome.cause
