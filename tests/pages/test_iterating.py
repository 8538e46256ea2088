"""Iterating asks for a page when the loop wants it, and leaves nothing behind when the loop ends."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from itertools import repeat
from typing import Any

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    ConnectionClosedError,
    DeadlineExceededError,
    InvalidItemError,
    SortKeyCondition,
    UnexpectedResponseError,
)
from dynarepo._codec import bind
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import SkippedTime, on_fake, other_tasks, turns
from tests.models import User
from tests.pages.paged_table import PagedTable

Repository = AsyncDynamoDBRepository[User]
Iterate = Callable[[Repository], AsyncGenerator[Any, None]]

ITERATIONS: dict[str, Iterate] = {
    "pages of a query": lambda users: users.iter_query("p", page_size=1),
    "items of a query": lambda users: users.iter_query_items("p", page_size=1),
    "items of two ranges": lambda users: users.iter_query_items("p", SortKeyCondition.ne("5"), page_size=1),
    "pages of a scan": lambda users: users.iter_scan(page_size=1),
    "items of a scan": lambda users: users.iter_scan_items(page_size=1),
}
EVERY_ITERATION = pytest.mark.parametrize("iterate", ITERATIONS.values(), ids=ITERATIONS.keys())


def nine_users() -> FakeTransport:
    items = [bind(User).encode(User(pk="p", sk=str(n))) for n in range(9)]
    return FakeTransport.answering(PagedTable(items, ("pk", "sk")))


@EVERY_ITERATION
async def test_nothing_is_sent_before_the_first_page_is_wanted(iterate: Iterate) -> None:
    fake = nine_users()
    async with on_fake(fake, User) as repository:
        listing = iterate(repository)
        await turns()
        assert fake.requests == []
        await anext(listing)
        await turns()
        assert len(fake.requests) == 1
        await listing.aclose()


@EVERY_ITERATION
async def test_leaving_a_loop_sends_nothing_more_and_leaves_no_task_rq129(iterate: Iterate) -> None:
    fake = nine_users()
    async with on_fake(fake, User) as repository:
        async for _ in iterate(repository):
            break
        gc.collect()
        await turns()
        assert other_tasks() == set()
    assert len(fake.requests) == 1


@EVERY_ITERATION
async def test_an_exception_in_a_loop_sends_nothing_more_and_leaves_no_task_rq130(iterate: Iterate) -> None:
    async def read(repository: Repository) -> None:
        async with aclosing(iterate(repository)) as listing:
            async for _ in listing:
                raise ZeroDivisionError

    fake = nine_users()
    async with on_fake(fake, User) as repository:
        with pytest.raises(ZeroDivisionError):
            await read(repository)
        assert other_tasks() == set()
    assert len(fake.requests) == 1


@EVERY_ITERATION
async def test_a_failing_page_ends_the_loop_with_its_error(iterate: Iterate) -> None:
    pages = iter(range(10))
    table = PagedTable([bind(User).encode(User(pk="p", sk=str(n))) for n in range(9)], ("pk", "sk"))

    def answer(operation: str, payload: Payload) -> Any:
        return table(operation, payload) if next(pages) < 2 else {"Count": 1, "ScannedCount": 1}

    async with on_fake(FakeTransport.answering(answer), User) as repository:
        with pytest.raises(UnexpectedResponseError):
            async for _ in iterate(repository):
                pass


async def test_each_page_of_an_iteration_has_a_deadline_of_its_own() -> None:
    """The loop may take longer than that for each page."""
    time = SkippedTime()
    async with on_fake(nine_users(), User, deadline=1) as repository:
        async for _ in repository.iter_query("p", page_size=1):
            await time.sleep(2)
        assert len(time.waits) == 10


async def test_a_limited_query_and_a_count_have_one_deadline_for_all_their_pages() -> None:
    time = SkippedTime()
    items = [bind(User).encode(User(pk="p", sk=str(n))) for n in range(9)]
    table = PagedTable(items, ("pk", "sk"), cuts=repeat(1))

    async def slowly(operation: str, payload: Payload) -> Any:
        await time.sleep(0.3)
        return table(operation, payload)

    async with on_fake(FakeTransport.answering(slowly), User, deadline=1) as repository:
        assert (await repository.query_by_pk("p", limit=3)).count == 3
        with pytest.raises(DeadlineExceededError):
            await repository.query_by_pk("p", limit=9)
        with pytest.raises(DeadlineExceededError):
            await repository.count("p")
        assert await repository.with_options(deadline=10).count("p") == 9


async def test_a_cancelled_iteration_sends_nothing_more() -> None:
    started = asyncio.Event()

    async def answer(_operation: str, _payload: Payload) -> Any:
        started.set()
        await asyncio.Event().wait()

    fake = FakeTransport.answering(answer)

    async def read(repository: Repository) -> None:
        async for _ in repository.iter_query_items("p"):
            raise AssertionError("there is no item")

    async with on_fake(fake, User) as repository:
        reading = asyncio.create_task(read(repository))
        await started.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await turns()
        assert other_tasks() == set()
    assert len(fake.requests) == 1


async def test_an_iteration_ends_when_the_connection_is_closed() -> None:
    fake = nine_users()
    async with on_fake(fake, User) as repository:
        listing = repository.iter_query("p", page_size=1)
        await anext(listing)
    with pytest.raises(ConnectionClosedError):
        await anext(listing)
    assert len(fake.requests) == 1


async def test_an_item_that_does_not_fit_the_model_is_an_error_and_never_left_out() -> None:
    items = [{"pk": {"S": "p"}, "sk": {"S": "s"}, "age": {"S": "old"}}]
    fake = FakeTransport.answering(PagedTable(items, ("pk", "sk")))
    async with on_fake(fake, User) as repository:
        with pytest.raises(InvalidItemError):
            await repository.query_by_pk("p")
        assert await repository.count("p") == 1


async def test_a_throttled_page_is_asked_for_again() -> None:
    page = {"Items": [], "Count": 0, "ScannedCount": 0}
    fake = FakeTransport(
        error_reply("ThrottlingException"), error_reply("InternalServerError", status=500), page
    )
    async with on_fake(fake, User) as repository:
        assert (await repository.query_by_pk("p")).items == []
    assert len({repr(request) for request in fake.requests}) == 1


@pytest.mark.parametrize(
    ("condition", "number"), [(None, 9), (SortKeyCondition.ne("5"), 8), (SortKeyCondition.ge("5"), 4)]
)
async def test_counting_sums_all_pages_and_reads_no_items_rq131(
    condition: SortKeyCondition | None, number: int
) -> None:
    items = [bind(User).encode(User(pk="p", sk=str(n))) for n in range(9)]
    fake = FakeTransport.answering(PagedTable(items, ("pk", "sk"), cuts=[2] * 20))
    async with on_fake(fake, User) as repository:
        assert await repository.count("p", condition) == number
    assert {payload["Select"] for _, payload in fake.requests} == {"COUNT"}
    assert len(fake.requests) > number // 2
