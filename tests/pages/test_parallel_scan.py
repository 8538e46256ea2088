"""A scan in segments: all of them, at once up to a bound, and none left running."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from typing import Any

import pytest

from dynarepo import InvalidCursorError, InvalidRequestError, RejectedError, attr
from dynarepo._codec import bind
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import on_fake, only_this_task_runs, other_tasks, turns
from tests.models import User
from tests.pages.paged_table import PagedTable


class Segmented:
    """A table of users that answers each segment's requests after a few turns of the loop."""

    def __init__(self, number: int = 100) -> None:
        items = [bind(User).encode(User(pk="p", sk=f"{n:04}", age=n)) for n in range(number)]
        self._table = PagedTable(items, ("pk", "sk"))
        self.under_way: set[int] = set()
        self.most_under_way = 0

    async def __call__(self, operation: str, payload: Payload) -> Payload:
        segment = payload["Segment"]
        assert segment not in self.under_way, "one segment has two pages under way"
        self.under_way.add(segment)
        self.most_under_way = max(self.most_under_way, len(self.under_way))
        await turns(1 + segment % 3)
        self.under_way.discard(segment)
        return self._table(operation, payload)


@pytest.mark.parametrize("segments", [2, 3, 7, 150])
@pytest.mark.parametrize("page_size", [None, 1, 7])
async def test_segments_together_give_every_item_once(segments: int, page_size: int | None) -> None:
    fake = FakeTransport.answering(Segmented())
    async with on_fake(fake, User) as repository:
        options: dict[str, Any] = {"segments": segments, "page_size": page_size}
        ages = [user.age async for user in repository.iter_scan_items(**options)]
        assert sorted(ages) == list(range(100))
        pages = [page async for page in repository.iter_scan(**options, where=attr("age").ge(90))]
        assert sorted(user.age for page in pages for user in page.items) == list(range(90, 100))
    assert {payload["Segment"] for _, payload in fake.requests} == set(range(segments))
    assert {payload["TotalSegments"] for _, payload in fake.requests} == {segments}


async def test_one_segment_is_a_plain_scan_that_can_be_resumed() -> None:
    items = [bind(User).encode(User(pk="p", sk=str(n))) for n in range(3)]
    fake = FakeTransport.answering(PagedTable(items, ("pk", "sk")))
    async with on_fake(fake, User) as repository:
        first = await anext(repository.iter_scan(page_size=2, segments=1))
        rest = [user.sk async for user in repository.iter_scan_items(cursor=first.cursor)]
    assert rest == ["2"]
    assert "Segment" not in fake.requests[0][1]


async def test_pages_of_segments_have_a_cursor_but_the_last_and_no_key() -> None:
    async with on_fake(FakeTransport.answering(Segmented()), User) as repository:
        pages = [page async for page in repository.iter_scan(segments=2, page_size=7)]
    assert {page.last_evaluated_key for page in pages} == {None}
    assert [page.cursor is None for page in pages] == [False] * (len(pages) - 1) + [True]


@pytest.mark.parametrize("concurrency", [1, 3, 8])
async def test_segments_are_read_at_once_up_to_the_bound(concurrency: int) -> None:
    table = Segmented()
    async with on_fake(FakeTransport.answering(table), User, batch_concurrency=concurrency) as repository:
        assert len([user async for user in repository.iter_scan_items(segments=10)]) == 100
    assert table.most_under_way == concurrency


async def test_a_segment_reads_one_page_ahead_and_no_further() -> None:
    fake = FakeTransport.answering(Segmented())
    async with (
        on_fake(fake, User) as repository,
        aclosing(repository.iter_scan(segments=2, page_size=1)) as pages,
    ):
        await anext(pages)
        await turns(200)
        assert len(fake.requests) == 2
        await anext(pages)
        await turns(200)
        assert len(fake.requests) <= 4


async def test_a_failing_segment_cancels_the_others_rq132() -> None:
    cancelled: list[int] = []

    async def answer(_operation: str, payload: Payload) -> Any:
        if payload["Segment"] == 2:
            await turns(5)
            return error_reply("ValidationException")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(payload["Segment"])
            raise

    fake = FakeTransport.answering(answer)
    async with on_fake(fake, User, deadline=3600) as repository, asyncio.timeout(5):
        with pytest.raises(RejectedError):
            await anext(repository.iter_scan(segments=4))
        assert await only_this_task_runs()
    assert sorted(cancelled) == [0, 1, 3]
    assert len(fake.requests) == 4


async def test_several_failing_segments_are_one_error() -> None:
    async with on_fake(
        FakeTransport.answering(lambda *_: error_reply("ValidationException")), User
    ) as repository:
        with pytest.raises(RejectedError):
            await anext(repository.iter_scan(segments=4))
        await turns()
        assert other_tasks() == set()


@pytest.mark.parametrize("of_items", [False, True])
@pytest.mark.parametrize("wanted", [1, 3])
async def test_leaving_early_leaves_no_task_rq129(of_items: bool, wanted: int) -> None:
    fake = FakeTransport.answering(Segmented())
    async with on_fake(fake, User) as repository:
        scan = repository.iter_scan_items if of_items else repository.iter_scan
        async with aclosing(scan(segments=4, page_size=1)) as listing:
            for _ in range(wanted):
                await anext(listing)
        assert await only_this_task_runs()
        sent = len(fake.requests)
        await turns()
        assert len(fake.requests) == sent


@pytest.mark.parametrize("of_items", [False, True])
async def test_a_plain_break_leaves_no_task_either_rq129(of_items: bool) -> None:
    """The loop's own machinery closes what was left."""
    fake = FakeTransport.answering(Segmented())
    async with on_fake(fake, User) as repository:
        scan = repository.iter_scan_items if of_items else repository.iter_scan
        async for _ in scan(segments=4, page_size=1):
            break
        gc.collect()
        await turns()
        assert other_tasks() == set()


async def test_a_cancelled_scan_leaves_no_task() -> None:
    started = asyncio.Event()

    async def answer(_operation: str, _payload: Payload) -> Any:
        started.set()
        await asyncio.Event().wait()

    async def read(repository: Any) -> None:
        async for _ in repository.iter_scan_items(segments=4):
            raise AssertionError("no segment has a page")

    fake = FakeTransport.answering(answer)
    async with on_fake(fake, User, deadline=3600) as repository, asyncio.timeout(5):
        reading = asyncio.create_task(read(repository))
        await started.wait()
        await turns()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await turns()
        assert other_tasks() == set()


@pytest.mark.parametrize(
    "options",
    [
        {"segments": 0},
        {"segments": -1},
        {"segments": True},
        {"segments": 2.0},
        {"segments": "2"},
        {"segments": 1_000_001},
        {"segments": 2, "limit": 1},
        {"segments": 2, "cursor": "x"},
        {"segments": 2, "last_evaluated_key": {"pk": "p", "sk": "s"}},
        {"segments": 2, "segment": (0, 2)},
        {"segments": 1, "segment": (0, 1)},
        {"segments": 2, "page_size": 0},
    ],
)
async def test_segments_that_make_no_sense_are_refused_at_the_call(options: dict[str, Any]) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as repository:
        with pytest.raises((InvalidRequestError, InvalidCursorError)):
            repository.iter_scan(**options)
        with pytest.raises((InvalidRequestError, InvalidCursorError)):
            repository.iter_scan_items(**options)
    assert fake.requests == []
