"""
Writing any number of items in chunks.

A chunk is cut at 25 entries or at the service's size limit, whichever comes first; chunks travel
at once up to a bound. What the service leaves unprocessed waits again, after a pause with full jitter,
and travels with what else is waiting, until its own time is over. Two entries with one key never travel
at the same time: the later one replaces the earlier one that waits, and waits for the earlier one that
is under way, so the last one wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Sequence
from typing import Final, Generic, TypeVar

from msgspec import field
from pydantic import BaseModel

from dynarepo._limits import MAX_BATCH_WRITE_BYTES, MAX_BATCH_WRITE_ITEMS
from dynarepo._pages._caller import Caller
from dynarepo._record import MutableRecord, Record
from dynarepo._request import Deadline
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


class _Waiting(Record, frozen=True):
    """An entry that is to be sent, with the rounds it was left undone and the seconds it was tried."""

    entry: WriteEntry
    rounds: int = 0
    spent: float = 0.0


class _Outcome(MutableRecord):
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
        self._waiting: dict[Identity, _Waiting] = {}
        self._waiting_bytes = 0
        self._sending: set[Identity] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = False
        self._outcome = _Outcome()

    @property
    def is_stopped(self) -> bool:
        """Whether a chunk failed, so that nothing more is sent."""
        return self._outcome.cause is not None

    async def add(self, entry: WriteEntry) -> None:
        """Take an entry, and send chunks while there are full ones."""
        self._check_not_over()
        if self.is_stopped:
            self._outcome.failed.append(entry.source)
            return
        self._replace(_Waiting(entry))
        while self._is_full() and not self.is_stopped:
            if not self._send():
                await self._change()
                self._check_not_over()

    async def finish(self) -> int:
        """Send what is left and wait for all of it; give the number of entries written."""
        while self._tasks or (self._waiting and not self.is_stopped):
            # What was left undone waits for what is under way, to travel with what that leaves.
            is_due = not self._tasks or not all(waiting.rounds for waiting in self._waiting.values())
            if not (is_due and self._send()):
                await self._change()
        self._fail(waiting.entry for waiting in self._waiting.values())
        self._raise_if_stopped()
        return self._outcome.written

    async def abandon(self) -> None:
        """Send nothing more, and let no task outlive the batch."""
        self._is_over = True
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def write_all(self, entries: Iterable[WriteEntry]) -> int:
        """Write entries that are all known: of one key only the last is sent."""
        last = list({entry.identity: entry for entry in entries}.values())
        try:
            if last and _is_one_chunk(last):
                # Nothing travels beside it, so that it needs no task, and no look at what waits.
                await self._send_chunk([_Waiting(entry) for entry in last])
            else:
                await self._add_all(last)
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

    async def _add_all(self, entries: Sequence[WriteEntry]) -> None:
        for number, entry in enumerate(entries, start=1):
            await self.add(entry)
            if self.is_stopped:
                self._fail(entries[number:])
                break

    def _check_not_over(self) -> None:
        if self._is_over:
            raise InvalidRequestError("the batch is over: its block has ended, and nothing more is sent")

    def _replace(self, new: _Waiting) -> None:
        old = self._waiting.get(new.entry.identity)
        self._waiting_bytes += new.entry.size - (0 if old is None else old.entry.size)
        self._waiting[new.entry.identity] = new

    def _is_full(self) -> bool:
        return len(self._waiting) >= MAX_BATCH_WRITE_ITEMS or self._waiting_bytes > _MAX_CHUNK_BYTES

    def _send(self) -> bool:
        """Send a chunk of what waits, unless as many as allowed are under way, or one with every key."""
        if self.is_stopped or len(self._tasks) >= self._caller.config.batch_concurrency:
            return False
        chunk = list(self._next_chunk())
        if not chunk:
            return False
        for waiting in chunk:
            del self._waiting[waiting.entry.identity]
            self._waiting_bytes -= waiting.entry.size
        identities = {waiting.entry.identity for waiting in chunk}
        self._sending |= identities
        task = asyncio.create_task(self._send_chunk(chunk))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def _next_chunk(self) -> Iterator[_Waiting]:
        free = [waiting for key, waiting in self._waiting.items() if key not in self._sending]
        size = 0
        for number, waiting in enumerate(free):
            size += waiting.entry.size
            if number and (number == MAX_BATCH_WRITE_ITEMS or size > _MAX_CHUNK_BYTES):
                return
            yield waiting

    async def _change(self) -> None:
        """Wait until a chunk under way has ended."""
        # Not gather: it would cancel the chunks when the waiting caller is cancelled.
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _send_chunk(self, chunk: list[_Waiting]) -> None:
        left = {waiting.entry.identity: waiting for waiting in chunk}
        # The time of each begins with its first request; the one that has the least left decides.
        deadline = Deadline.after(self._caller.config.deadline - max(waiting.spent for waiting in chunk))
        available = deadline.left
        try:
            entries = [waiting.entry for waiting in chunk]
            reply = await self._caller.send(batch_write(self._target, entries), deadline)
            unprocessed = read_unprocessed_writes(self._target, entries, reply)
            self._outcome.written += len(entries) - len(unprocessed)
            left = {entry.identity: left[entry.identity] for entry in unprocessed}
            if left:
                await self._caller.pause(min(waiting.rounds for waiting in left.values()), deadline)
        except (WriteOutcomeUnknownError, UnexpectedResponseError) as error:
            self._stop(error, self._outcome.unknown, left.values())
        except DynamoDBServiceError as error:
            self._stop(error, self._outcome.failed, left.values())
        except Exception as error:  # noqa: BLE001 - a fault of the transport must not pass for success
            self._stop(error, self._outcome.unknown, left.values())
        else:
            self._wait_again(left.values(), available - deadline.left)
        finally:
            self._sending -= {waiting.entry.identity for waiting in chunk}

    def _wait_again(self, undone: Iterable[_Waiting], seconds: float) -> None:
        for waiting in undone:
            # What waits with the same key came later.
            if waiting.entry.identity not in self._waiting:
                self._replace(_Waiting(waiting.entry, waiting.rounds + 1, waiting.spent + seconds))

    def _stop(self, error: Exception, listed: list[object], entries: Iterable[_Waiting]) -> None:
        listed += [waiting.entry.source for waiting in entries]
        self._outcome.cause = self._outcome.cause or error

    def _fail(self, entries: Iterable[WriteEntry]) -> None:
        self._outcome.failed += [entry.source for entry in entries]

    def _raise_if_stopped(self) -> None:
        outcome = self._outcome
        if outcome.cause is None:
            return
        raise DynamoDBBatchOperationError(
            f"the batch is incomplete: {outcome.written} written, {len(outcome.failed)} not written, "
            f"{len(outcome.unknown)} unknown: {_told(outcome.cause)}",
            failed_items=tuple(outcome.failed),
            unknown_items=tuple(outcome.unknown),
            successful_count=outcome.written,
            operation="BatchWriteItem",
            table_name=self._target.table_name,
            code=getattr(outcome.cause, "code", None),
            request_id=getattr(outcome.cause, "request_id", None),
        ) from outcome.cause


def _told(cause: Exception) -> str:
    # The text of anything else may hold values.
    return cause.message if isinstance(cause, DynamoDBServiceError) else type(cause).__name__


def _is_one_chunk(entries: Sequence[WriteEntry]) -> bool:
    return len(entries) <= MAX_BATCH_WRITE_ITEMS and sum(entry.size for entry in entries) <= _MAX_CHUNK_BYTES
