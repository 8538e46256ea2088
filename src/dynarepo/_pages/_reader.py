"""
Reading a listing page by page.

Only the absence of DynamoDB's last key ends a key range; a page may be empty and not the last, or
full and the last. `limit` counts items returned, `page_size` items that DynamoDB reads at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Generic, TypeVar

from msgspec import field
from msgspec.structs import replace

from dynarepo._item_text import StoredItem
from dynarepo._pages._batch_get import read_batch
from dynarepo._pages._caller import Caller
from dynarepo._pages._cursor import open_cursor, seal_cursor
from dynarepo._pages._result import PaginationResult
from dynarepo._record import MutableRecord, Record
from dynarepo._request import Deadline
from dynarepo._requests import Listing, Reading, Target, check_count
from dynarepo._turns import make_all
from dynarepo._wire import WireItem
from dynarepo.exceptions import InvalidRequestError

__all__ = ["PageReader"]

R = TypeVar("R")


class _Stretch(MutableRecord):
    """
    What one page of ours consists of: replies of DynamoDB, one after the other.

    `entries` are what was listed, and have the keys; `items` are what is made into models.
    """

    items: list[StoredItem] = field(default_factory=list)
    entries: list[StoredItem] = field(default_factory=list)
    scanned: int = 0


class PageReader(Record, Generic[R], frozen=True):
    """Reads one listing; every page begins where the one before ended."""

    caller: Caller
    target: Target[Any]
    reading: Reading[R]
    listing: Listing
    page_size: int | None = None
    limit: int | None = None
    has_cursors: bool = True

    def __post_init__(self) -> None:
        check_count("page_size", self.page_size)
        check_count("limit", self.limit)

    def start(self, cursor: str | None, last_evaluated_key: Mapping[str, object] | None) -> WireItem | None:
        """Find where to begin; refuses a cursor or key that is not of this listing."""
        if cursor is not None and last_evaluated_key is not None:
            raise InvalidRequestError("cursor and last_evaluated_key say the same; give one of them")
        if cursor is not None:
            position = open_cursor(self.caller.config, self.listing.fingerprint(), cursor)
            self.listing.check_position(position)
            return position
        return None if last_evaluated_key is None else self.listing.read_position(last_evaluated_key)

    def segment(self, number: int, total: int) -> PageReader[R]:
        """Give the reader of one segment of a parallel scan, which makes the cursors of its own."""
        return replace(self, listing=self.listing.segment(number, total), has_cursors=False)

    async def read(self, start: WireItem | None) -> PaginationResult[R]:
        """Read one page, or as many as `limit` items take, within one deadline."""
        deadline = self.caller.deadline()
        stretch = _Stretch()
        position = start
        while True:
            position = await self._read_on(stretch, position, deadline, self._remaining(stretch))
            if self.limit is None or position is None or len(stretch.items) >= self.limit:
                return await self._result(stretch, position, self.limit)

    async def pages(self, start: WireItem | None) -> AsyncGenerator[PaginationResult[R], None]:
        """Read page after page, each within a deadline of its own, until the end or the limit."""
        position, left = start, self.limit
        while True:
            stretch = _Stretch()
            position = await self._read_on(stretch, position, self.caller.deadline(), left)
            page = await self._result(stretch, position, left)
            yield page
            left = None if left is None else left - page.count
            if position is None or left == 0:
                return

    async def count(self) -> int:
        """Count the items of all pages within one deadline."""
        deadline, listing, total = self.caller.deadline(), self.listing, 0
        for number in range(0 if listing.is_empty else len(listing.ranges)):
            start: WireItem | None = None
            while True:
                request = listing.request(number, start, self.page_size)
                page = listing.read(await self.caller.send(request, deadline))
                total += page.count
                start = page.last_key
                if start is None:
                    break
        return total

    def _remaining(self, stretch: _Stretch) -> int | None:
        return None if self.limit is None else self.limit - len(stretch.items)

    async def _read_on(
        self, stretch: _Stretch, start: WireItem | None, deadline: Deadline, wanted: int | None
    ) -> WireItem | None:
        """Read one page of DynamoDB, and on into the next key range where one ends; give the new position."""
        if self.listing.is_empty:
            return None
        size = self._size(wanted)
        evaluated, before = 0, len(stretch.items)
        for number in range(self.listing.range_of(start), len(self.listing.ranges)):
            room = size if size is None or evaluated >= size else size - evaluated
            request = self.listing.request(number, start, room)
            page = self.listing.read(await self.caller.send(request, deadline))
            last = await self._take(stretch, page.items, deadline, before, wanted)
            stretch.scanned += page.scanned_count
            evaluated += page.scanned_count
            if last is not None:
                return self.listing.position(last)
            if page.last_key is not None:
                return page.last_key
            is_full = size is not None and evaluated >= size and len(stretch.items) > before
            if is_full and number + 1 < len(self.listing.ranges):
                return self.listing.position(stretch.entries[-1])
            start = None
        return None

    async def _take(
        self,
        stretch: _Stretch,
        entries: list[StoredItem],
        deadline: Deadline,
        before: int,
        wanted: int | None,
    ) -> StoredItem | None:
        """
        Take what was listed; where these are keys only, read the items, and leave out what is gone.

        Returns:
            The last entry that was taken, where more are listed than are wanted; else `None`.
        """
        if not self.listing.hydrates:
            stretch.items += filter(self.reading.counts, entries) if self.listing.sifts else entries
            stretch.entries = stretch.items
            return None
        taken = 0
        while taken < len(entries) and (wanted is None or len(stretch.items) - before < wanted):
            more = None if wanted is None else wanted - (len(stretch.items) - before)
            some = entries[taken:][:more]
            await self._hydrate(stretch, some, deadline)
            taken += len(some)
        return entries[taken - 1] if 0 < taken < len(entries) else None

    async def _hydrate(self, stretch: _Stretch, entries: list[StoredItem], deadline: Deadline) -> None:
        table, reading = self.target.source.table, self.reading
        items: list[Any] = await read_batch(
            self.caller,
            self.target,
            reading,
            [table.of(self.listing.position(entry)) for entry in entries],
            lambda item: item if reading.counts(item) else None,
            consistent=self.target.consistent_read,
            deadline=deadline,
        )
        for entry, item in zip(entries, items, strict=True):
            if item is not None:
                stretch.entries.append(entry)
                stretch.items.append(item)

    def _size(self, wanted: int | None) -> int | None:
        if self.listing.has_filter or wanted is None:
            return self.page_size
        return wanted if self.page_size is None else min(wanted, self.page_size)

    async def _result(
        self, stretch: _Stretch, position: WireItem | None, wanted: int | None
    ) -> PaginationResult[R]:
        items = stretch.items
        if wanted is not None and len(items) >= wanted:
            # Behind the last item returned, not the last one read: those between would be lost.
            is_cut = len(items) > wanted
            del items[wanted:]
            if is_cut or position is not None:
                position = self.listing.position(stretch.entries[wanted - 1])
        models = await make_all(self.reading.make, items)
        return PaginationResult(
            models,
            len(models),
            stretch.scanned,
            self.listing.plain_position(position),
            self._cursor(position),
        )

    def _cursor(self, position: WireItem | None) -> str | None:
        if position is None or not self.has_cursors:
            return None
        return seal_cursor(self.caller.config, self.listing.fingerprint(), position)
