"""Segments of a scan: each alone, all by cursors, and on behind a crash, on every item once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from dynarepo import AsyncDynamoDBRepository, DynamoDBBaseModel, InvalidCursorError, RejectedError
from integration.behaviour.stores import Stores

_NUMBER = 240


class Entry(DynamoDBBaseModel):
    """An item of the table that is scanned."""

    number: int
    text: str = "x" * 500


Entries = AsyncDynamoDBRepository[Entry]


@pytest_asyncio.fixture(loop_scope="session")
async def entries(stores: Stores) -> AsyncIterator[Entries]:
    """Give a table of its own with items in many partitions."""
    repository = await stores.fresh(Entry)
    await repository.batch_write(Entry(pk=f"p{n}", sk="a", number=n) for n in range(_NUMBER))
    yield repository


@pytest.mark.parametrize("total", [1, 4, 7])
async def test_the_segments_read_alone_give_every_item_once(entries: Entries, total: int) -> None:
    async def read(number: int) -> list[int]:
        found = entries.iter_scan_items(segment=(number, total), page_size=9)
        return [entry.number async for entry in found]

    found = await asyncio.gather(*map(read, range(total)))
    assert sorted(number for part in found for number in part) == list(range(_NUMBER))


async def test_one_segment_goes_on_behind_each_of_its_cursors(entries: Entries) -> None:
    whole = [entry.number async for entry in entries.iter_scan_items(segment=(1, 3))]
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = await entries.scan(segment=(1, 3), page_size=7, cursor=cursor)
        found += [entry.number for entry in page.items]
        if (cursor := page.cursor) is None:
            break
        with pytest.raises(InvalidCursorError):
            await entries.scan(segment=(2, 3), cursor=cursor)
    assert found == whole


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_a_parallel_scan_goes_on_behind_every_page(entries: Entries, concurrency: int) -> None:
    found: list[int] = []
    cursor: str | None = None
    repository = entries.with_options(batch_concurrency=concurrency)
    while True:
        async with aclosing(repository.iter_scan(segments=4, page_size=11, cursor=cursor)) as pages:
            page = await anext(pages)
        found += [entry.number for entry in page.items]
        if (cursor := page.cursor) is None:
            break
    assert sorted(found) == list(range(_NUMBER))


async def test_a_parallel_scan_that_fails_goes_on_behind_its_last_page(entries: Entries) -> None:
    found: list[int] = []
    cursor: str | None = None
    async with aclosing(entries.iter_scan(segments=5, page_size=10)) as pages:
        async for page in pages:
            found += [entry.number for entry in page.items]
            cursor = page.cursor
            if len(found) > _NUMBER // 3:
                break
    async for page in entries.iter_scan(cursor=cursor):
        found += [entry.number for entry in page.items]
    assert sorted(found) == list(range(_NUMBER))


async def test_the_gateway_reads_one_segment_as_well(entries: Entries, stores: Stores) -> None:
    gateway = stores.connection.table_gateway()
    numbers = [
        item["number"]
        for number in range(3)
        async for page in gateway.iter_scan(segment=(number, 3), page_size=20, table_name=entries.table_name)
        for item in page.items
    ]
    assert sorted(map(int, map(str, numbers))) == list(range(_NUMBER))


@pytest.mark.differs("dynoxide", "embedded", reason="goes on behind a key of another segment")
async def test_the_service_refuses_the_key_of_another_segment(entries: Entries, stores: Stores) -> None:
    """A bare key says nothing of its segment; that is what cursors are for."""
    page = await entries.scan(segment=(0, 4), page_size=5)
    with pytest.raises(RejectedError):
        await entries.scan(segment=(3, 4), last_evaluated_key=page.last_evaluated_key)
