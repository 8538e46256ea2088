"""
Reading one shard, page by page, from a position to its end.

An iterator is good for 15 minutes. One that is too old is replaced by another behind the last record that was
read, so that nothing is read twice or not at all.
"""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec import field

from dynarepo._record import Record
from dynarepo._streams._calls import Batch, StreamCalls, is_expired, is_trimmed
from dynarepo._streams._errors import StreamTrimmedError
from dynarepo._streams._positions import END, since_time
from dynarepo._streams._records import StreamRecord
from dynarepo.exceptions import RejectedError

__all__ = ["Page", "ShardReader"]

#: The oldest record may be dropped between two requests, and an iterator can be too old once.
_ATTEMPTS: Final = 3


class Page(Record, frozen=True, eq=False):
    """
    Records of one shard in their order.

    Attributes:
        shard_id: The shard.
        records: What was read; may be empty.
        position: The position behind it; empty where that is still the one before.
        is_idle: Whether nothing came, not even what does not count.
        consumed: Set when the shard may be read on.
    """

    shard_id: str
    records: tuple[StreamRecord, ...]
    position: str
    is_idle: bool
    consumed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_last(self) -> bool:
        """Whether it is the end of the shard."""
        return self.position == END


class ShardReader:
    """
    Reads one shard.

    Args:
        calls: Sends the requests.
        stream_arn: The stream.
        shard_id: The shard.
        position: Where to begin; `None` for the beginning of the shard.
        latest: Begin behind the latest record; `position` says what to go back to.
    """

    def __init__(
        self,
        calls: StreamCalls,
        stream_arn: str,
        shard_id: str,
        position: str | None,
        *,
        latest: bool = False,
    ) -> None:
        self.shard_id = shard_id
        self._calls = calls
        self._stream_arn = stream_arn
        self._position = "" if position is None else position
        self._after = self._position if self._position.isdigit() else None
        self._since: int | None = None
        self._latest = latest
        self._iterator: str | None = None

    async def read(self) -> Page:
        """
        Read the next page.

        Raises:
            StreamTrimmedError: What comes next is no longer kept.
        """
        batch = await self._batch()
        self._iterator = batch.next_iterator
        records = tuple(record for record in batch.records if self._counts(record))
        if batch.records:
            self._after, self._latest = batch.records[-1].sequence_number, False
        if batch.next_iterator is None:
            return Page(self.shard_id, records, END, not batch.records)
        position = records[-1].sequence_number if records else ""
        return Page(self.shard_id, records, position, not batch.records)

    async def _batch(self) -> Batch:
        left = _ATTEMPTS
        while True:
            left -= 1
            try:
                if self._iterator is None:
                    self._iterator = await self._begin()
                return await self._calls.records(self._iterator)
            except RejectedError as error:
                self._iterator = None
                if is_trimmed(error) and (self._after is not None or not left):
                    raise _trimmed(self.shard_id, error) from None
                if not is_trimmed(error) and (not is_expired(error) or not left):
                    raise

    async def _begin(self) -> str:
        if self._after is not None:
            return await self._ask("AFTER_SEQUENCE_NUMBER", self._after)
        if self._latest:
            self._latest = False  # a later one would leave out what came in between
            return await self._ask("LATEST")
        self._since = since_time(self._position)
        return await self._ask("TRIM_HORIZON")

    async def _ask(self, kind: str, after: str | None = None) -> str:
        return await self._calls.iterator(self._stream_arn, self.shard_id, kind, after)

    def _counts(self, record: StreamRecord) -> bool:
        return self._since is None or record.at is None or record.at.timestamp() >= self._since


def _trimmed(shard_id: str, error: RejectedError) -> StreamTrimmedError:
    return StreamTrimmedError(
        f"changes are lost: what follows in {shard_id} was dropped, 24 hours after it was written",
        operation=error.operation,
        table_name=error.table_name,
        code=error.code,
        request_id=error.request_id,
    )
