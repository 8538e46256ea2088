"""
Reading a native listing page by page.

The key of the table is not known here, so a page cannot be cut behind an item: the service is never
asked for more items than are left of the limit, and its own last key is where it goes on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from dynarepo._item_text import StoredItem
from dynarepo._pages._caller import Caller
from dynarepo._pages._result import PaginationResult
from dynarepo._record import Record
from dynarepo._request import Deadline
from dynarepo._requests import NativeListing, Page, PlainItem, check_count
from dynarepo._turns import make_all
from dynarepo._wire import WireItem

__all__ = ["NativeReader"]


class NativeReader(Record, frozen=True):
    """Reads one listing; every page begins where the one before ended."""

    caller: Caller
    listing: NativeListing
    page_size: int | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        check_count("page_size", self.page_size)
        check_count("limit", self.limit)

    async def read(self, last_evaluated_key: Mapping[str, object] | None) -> PaginationResult[PlainItem]:
        """Read one page, or as many as `limit` items take, within one deadline."""
        position, deadline = self.listing.start(last_evaluated_key), self.caller.deadline()
        pages: list[Page[StoredItem]] = []
        found = 0
        while True:
            left = None if self.limit is None else self.limit - found
            pages.append(await self._page(position, left, deadline))
            found += pages[-1].count
            position = pages[-1].last_key
            if self.limit is None or position is None or found == self.limit:
                return await self._result(pages)

    def pages(
        self, last_evaluated_key: Mapping[str, object] | None
    ) -> AsyncGenerator[PaginationResult[PlainItem], None]:
        """Read page after page, each within a deadline of its own, until the end or the limit."""
        return self._pages(self.listing.start(last_evaluated_key))

    async def _pages(self, position: WireItem | None) -> AsyncGenerator[PaginationResult[PlainItem], None]:
        left = self.limit
        while True:
            page = await self._page(position, left, self.caller.deadline())
            yield await self._result([page])
            position = page.last_key
            left = None if left is None else left - page.count
            if position is None or left == 0:
                return

    async def _page(self, start: WireItem | None, left: int | None, deadline: Deadline) -> Page[StoredItem]:
        size = min((number for number in (self.page_size, left) if number is not None), default=None)
        reply = await self.caller.send(self.listing.request(start, size), deadline)
        return self.listing.read(reply, size)

    async def _result(self, pages: list[Page[StoredItem]]) -> PaginationResult[PlainItem]:
        items = await make_all(self.listing.plain, [item for page in pages for item in page.items])
        last_key = pages[-1].last_key
        return PaginationResult(
            items,
            len(items),
            sum(page.scanned_count for page in pages),
            None if last_key is None else self.listing.plain(last_key),
        )
