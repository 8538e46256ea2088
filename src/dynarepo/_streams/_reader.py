"""
Reading a stream: every change at least once, and those of one key in their order.

A change counts as processed when its consumer comes back for the next one; only then may its position be
saved. Positions are saved after every so many changes, at the end of each page, and when the consumer leaves.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Final, Generic, Literal, TypeVar

from pydantic import BaseModel

from dynarepo._record import Record
from dynarepo._streams._callbacks import called, check_callback
from dynarepo._streams._calls import Description, StreamCalls
from dynarepo._streams._change import Change
from dynarepo._streams._errors import InvalidChangeError
from dynarepo._streams._feed import PageFeed
from dynarepo._streams._lineage import Lineage
from dynarepo._streams._positions import CheckpointStore, Progress, since
from dynarepo._streams._records import ChangeDecoder, StreamRecord
from dynarepo._streams._shard_reader import ShardReader
from dynarepo.exceptions import ConnectionClosedError, InvalidRequestError

__all__ = ["Start", "StreamOptions", "StreamReader"]

R = TypeVar("R", bound=BaseModel)

Start = Literal["latest", "oldest"]

_LONGEST_LOOK_SECONDS: Final = 30.0


class StreamOptions(Record, frozen=True):
    """How one consumer reads; `changes` of a repository describes each."""

    start: Start
    concurrency: int
    checkpoints: CheckpointStore
    on_invalid: Callable[[InvalidChangeError], object] | None = None
    checkpoint_every: int = 100
    poll_interval: float = 1.0

    def __post_init__(self) -> None:
        if self.start not in ("latest", "oldest"):
            raise InvalidRequestError("start is 'latest' or 'oldest'")
        for name in ("checkpoint_every", "concurrency"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise InvalidRequestError(f"{name} is a whole number from 1")
        if self.on_invalid is not None:
            check_callback("on_invalid", self.on_invalid)
        store = self.checkpoints
        methods = [getattr(store, name, None) for name in ("load", "save")]
        if isinstance(store, type) or not all(map(callable, methods)):
            raise InvalidRequestError(
                "checkpoints takes an object with load and save, such as dynarepo.streams.TableCheckpoints"
            )
        seconds = self.poll_interval
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= 60:
            raise InvalidRequestError("poll_interval is a number of seconds up to 60")


class StreamReader(Generic[R]):
    """
    Reads the latest stream of a table once, from its start or checkpoints on.

    Args:
        calls: Sends the requests.
        decoder: Makes changes of records.
        options: How to read.
    """

    def __init__(self, calls: StreamCalls, decoder: ChangeDecoder[R], options: StreamOptions) -> None:
        self._calls = calls
        self._decoder = decoder
        self._options = options
        self._feed = PageFeed(options.concurrency, calls.idle, options.poll_interval)
        self._stream_arn = ""
        self._start: Start = options.start
        self._new: frozenset[str] = frozenset()
        self._looks = 0
        self._will_look = False

    async def changes(self) -> AsyncGenerator[Change[R], None]:
        """Give change after change; ends only when the stream is switched off and read whole."""
        self._stream_arn = await self._calls.find()
        progress = await self._progress()
        lineage = Lineage(progress.positions)
        try:
            await self._look(lineage, progress)
            while self._feed.is_reading:
                page = await self._feed.next()
                if page is not None:
                    try:
                        for record in page.records:
                            change = await self._decoded(record, page.shard_id)
                            if change is not None:
                                yield change
                                await progress.processed(page.shard_id, change.sequence_number)
                        progress.reach(page.shard_id, page.position)
                    finally:
                        with suppress(ConnectionClosedError):
                            await progress.save()
                    page.consumed.set()
                self._will_look = self._will_look and page is not None
                if page is None or page.is_last:
                    await self._look(lineage, progress)
        finally:
            await self._feed.close()

    async def _progress(self) -> Progress:
        store = self._options.checkpoints
        kept = await store.load(self._stream_arn)
        return Progress(store, self._stream_arn, kept, self._options.checkpoint_every)

    async def _look(self, lineage: Lineage, progress: Progress) -> None:
        """Look for shards that can be read now, and look again later where there will be others."""
        described = await self._calls.describe(self._stream_arn)
        self._decoder.check(described.view_type)
        if not progress.positions:
            await self._begin(described, progress)
        lineage.update(described.shards)
        found = lineage.take_readable()
        for shard_id in found:
            position = progress.positions.get(shard_id)
            latest = shard_id in self._new
            self._feed.read(ShardReader(self._calls, self._stream_arn, shard_id, position, latest=latest))
        await progress.forget(lineage.forgettable())
        self._looks = 0 if found else self._looks + 1
        more = described.goes_on and (not self._feed.is_reading or lineage.waits_for_children())
        if more and not self._will_look:
            self._will_look = True
            seconds = self._options.poll_interval * 2.0 ** min(self._looks, 10)
            self._feed.call_back(min(_LONGEST_LOOK_SECONDS, seconds))

    async def _begin(self, described: Description, progress: Progress) -> None:
        latest = since(time.time()) if self._start == "latest" else None
        begun = Lineage.beginning(described.shards, latest)
        for shard_id, position in begun.items():
            progress.reach(shard_id, position)
        await progress.save()
        self._new = frozenset(shard_id for shard_id, position in begun.items() if position == latest)
        self._start = "oldest"  # what is not there yet is new

    async def _decoded(self, record: StreamRecord, shard_id: str) -> Change[R] | None:
        try:
            return self._decoder.decode(record, shard_id)
        except InvalidChangeError as error:
            if self._options.on_invalid is None:
                raise
            await called(self._options.on_invalid, error)
            return None
