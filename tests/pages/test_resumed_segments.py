"""A scan in segments goes on behind any of its pages, and one segment of it can be read alone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from itertools import chain, repeat
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dynarepo import (
    AsyncDynamoDBRepository,
    InvalidCursorError,
    InvalidRequestError,
    PaginationResult,
    RejectedError,
    attr,
)
from dynarepo._codec import bind
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import on_fake, only_this_task_runs, turns
from tests.models import Note, User
from tests.pages.paged_table import PagedTable

Users = AsyncDynamoDBRepository[User]

NUMBER: Final = 60
EVERY: Final = list(range(NUMBER))


_Answer = Callable[[str, Payload], Awaitable[Any]]


def serving(seed: int = 0, cuts: Iterable[int] = repeat(1_000_000)) -> _Answer:
    """Answer with users, some of them gone, and the segments in an order of the seed's."""
    drawn = random.Random(seed)  # noqa: S311 - which is no secret
    users = [User(pk="p", sk=f"{n:04}", age=n) for n in range(NUMBER)]
    gone = [User(pk="p", sk=f"{n:04}a") for n in range(0, NUMBER, 4)]
    entity = bind(User)
    table = PagedTable(map(entity.encode, users), ("pk", "sk"), cuts=cuts, ghosts=map(entity.encode, gone))

    async def answer(operation: str, payload: Payload) -> Payload:
        await turns(drawn.randrange(4))
        return table(operation, payload)

    return answer


def stored(seed: int = 0, cuts: Iterable[int] = repeat(1_000_000)) -> FakeTransport:
    """Serve them."""
    return FakeTransport.answering(serving(seed, cuts))


def ages(pages: Iterable[PaginationResult[User]]) -> list[int]:
    return [user.age for page in pages for user in page.items]


async def some(
    pages: AsyncGenerator[PaginationResult[User], None], number: int
) -> list[PaginationResult[User]]:
    """Take so many pages and leave."""
    taken: list[PaginationResult[User]] = []
    async with aclosing(pages):
        async for page in pages:
            taken.append(page)
            if len(taken) == number:
                break
    return taken


async def into(
    taken: list[PaginationResult[User]], pages: AsyncGenerator[PaginationResult[User], None]
) -> None:
    """Take all pages; those before an error stay taken."""
    async for page in pages:
        taken.append(page)  # noqa: PERF401


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    segments=st.integers(2, 9),
    page_size=st.none() | st.integers(1, 20),
    cuts=st.lists(st.integers(1, 9), max_size=20),
    seed=st.integers(0, 99),
    concurrency=st.integers(1, 10),
    later=st.integers(1, 10),
    encrypt=st.booleans(),
)
async def test_behind_every_page_comes_what_the_pages_so_far_lack(
    segments: int,
    page_size: int | None,
    cuts: list[int],
    seed: int,
    concurrency: int,
    later: int,
    encrypt: bool,
) -> None:
    options: dict[str, Any] = {"page_size": page_size}
    fake = stored(seed, chain(cuts, repeat(1_000_000)))
    async with on_fake(fake, User, batch_concurrency=concurrency, encrypt_cursors=encrypt) as users:
        pages = [page async for page in users.iter_scan(segments=segments, **options)]
        assert sorted(ages(pages)) == EVERY
        other = users.with_options(batch_concurrency=later)
        for number, page in enumerate(pages[:-1], start=1):
            rest = [more async for more in other.iter_scan(cursor=page.cursor, **options)]
            assert sorted(ages(pages[:number]) + ages(rest)) == EVERY


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    segments=st.integers(2, 9),
    page_size=st.integers(1, 9),
    stops=st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.integers(1, 10)), max_size=20),
)
async def test_a_scan_that_is_ended_again_and_again_repeats_what_came_behind_its_last_kept_cursor(
    segments: int, page_size: int, stops: list[tuple[int, bool, int]]
) -> None:
    """Each stop is a crash after so many pages: behind the cursor of the last, or before it was kept."""
    seen: list[int] = []
    repeated: Counter[int] = Counter()
    cursor: str | None = None
    async with on_fake(stored(), User) as users:
        for number, is_kept, concurrency in stops:
            scan = users.with_options(batch_concurrency=concurrency).iter_scan
            pages = await some(scan(segments=segments, page_size=page_size, cursor=cursor), number)
            kept = pages if is_kept or pages[-1].cursor is None else pages[:-1]
            seen += ages(pages)
            repeated.update(ages(pages[len(kept) :]))
            cursor = kept[-1].cursor if kept else cursor
            if kept and cursor is None:
                break
        else:
            rest = users.iter_scan_items(segments=segments, page_size=page_size, cursor=cursor)
            seen += [user.age async for user in rest]
    assert Counter(seen) == Counter(EVERY) + repeated


async def test_a_scan_goes_on_without_being_told_its_segments() -> None:
    fake = stored()
    async with on_fake(fake, User) as users:
        (first,) = await some(users.iter_scan(segments=5, page_size=3), 1)
        rest = [user.age async for user in users.iter_scan_items(cursor=first.cursor)]
    assert sorted(ages([first]) + rest) == EVERY
    assert {payload["TotalSegments"] for _, payload in fake.requests} == {5}


async def test_segments_that_are_at_their_end_are_not_read_again() -> None:
    fake = stored()
    async with on_fake(fake, User, batch_concurrency=1) as users:
        first = await some(users.iter_scan(segments=5), 3)
        del fake.requests[:]
        rest = [page async for page in users.iter_scan(cursor=first[-1].cursor)]
    assert [payload["Segment"] for _, payload in fake.requests] == [3, 4]
    assert sorted(ages(first + rest)) == EVERY


async def test_a_failing_segment_loses_nothing_behind_the_last_cursor() -> None:
    healthy, failing = serving(), True

    async def answer(operation: str, payload: Payload) -> Any:
        if failing and payload["Segment"] == 2 and "ExclusiveStartKey" in payload:
            return error_reply("ValidationException")
        return await healthy(operation, payload)

    pages: list[PaginationResult[User]] = []
    async with on_fake(FakeTransport.answering(answer), User) as users:
        with pytest.raises(RejectedError):
            await into(pages, users.iter_scan(segments=4, page_size=2))
        assert await only_this_task_runs()
        failing = False
        rest = [page async for page in users.iter_scan(cursor=pages[-1].cursor, page_size=2)]
    assert sorted(ages(pages + rest)) == EVERY


async def test_a_cursor_is_no_longer_for_more_segments() -> None:
    lengths = []
    for segments in (10, 1000):
        async with on_fake(stored(), User) as users:
            pages = await some(users.iter_scan(segments=segments, page_size=1), 12)
            lengths.append(len(pages[-1].cursor or ""))
    assert max(lengths) < 1000


async def test_a_million_segments_are_begun_one_after_the_other() -> None:
    async with on_fake(stored(), User) as users:
        (page,) = await some(users.iter_scan(segments=1_000_000), 1)
        (more,) = await some(users.iter_scan(cursor=page.cursor), 1)
    assert more.cursor is not None


async def test_every_key_under_way_may_be_of_full_size() -> None:
    users = [User(pk="\0" * 2048, sk="\0" * 1022 + chr(n), age=n) for n in range(256, 656)]
    fake = FakeTransport.answering(PagedTable(map(bind(User).encode, users), ("pk", "sk")))
    async with on_fake(fake, User, batch_concurrency=200) as repository:
        pages = await some(repository.iter_scan(segments=200, page_size=1), 200)
        assert len(pages[-1].cursor or "") > 64 * 65_536
        rest = [page async for page in repository.iter_scan(cursor=pages[-1].cursor)]
    assert sorted(ages(pages + rest)) == list(range(256, 656))


async def cursors(users: Users) -> dict[str, str | None]:
    """Give the cursors of scans that differ in one thing each."""
    scans: dict[str, Any] = {
        "plain": users.iter_scan(page_size=3),
        "two segments": users.iter_scan(segments=2, page_size=3),
        "four segments": users.iter_scan(segments=4, page_size=3),
        "filtered, four segments": users.iter_scan(segments=4, page_size=3, where=attr("age").ge(1)),
        "first of four": users.iter_scan(segment=(0, 4), page_size=3),
        "last of four": users.iter_scan(segment=(3, 4), page_size=3),
        "first of two": users.iter_scan(segment=(0, 2), page_size=3),
    }
    return {name: (await some(pages, 1))[0].cursor for name, pages in scans.items()}


@pytest.mark.parametrize(
    ("accepted", "options"),
    [
        ({"plain", "two segments", "four segments"}, {}),
        ({"plain"}, {"segments": 1}),
        ({"two segments"}, {"segments": 2}),
        ({"four segments"}, {"segments": 4}),
        ({"filtered, four segments"}, {"segments": 4, "where": attr("age").ge(1)}),
        ({"filtered, four segments"}, {"where": attr("age").ge(1)}),
        ({"first of four"}, {"segment": (0, 4)}),
        ({"last of four"}, {"segment": (3, 4)}),
        ({"first of two"}, {"segment": (0, 2)}),
    ],
)
async def test_a_cursor_goes_on_in_its_own_segments_and_in_no_others(
    accepted: set[str], options: dict[str, Any]
) -> None:
    fake = stored()
    async with on_fake(fake, User) as users:
        every = await cursors(users)
        sent = len(fake.requests)
        for name, cursor in every.items():
            if name not in accepted:
                with pytest.raises(InvalidCursorError):
                    users.iter_scan(cursor=cursor, **options)
                with pytest.raises(InvalidCursorError):
                    users.iter_scan_items(cursor=cursor, **options)
        assert len(fake.requests) == sent
        for name in accepted:
            assert [page async for page in users.iter_scan(cursor=every[name], **options)]


async def test_a_page_alone_takes_no_cursor_of_several_segments() -> None:
    fake = stored()
    async with on_fake(fake, User) as users:
        every = await cursors(users)
        sent = len(fake.requests)
        with pytest.raises(InvalidCursorError, match="iter_scan"):
            await users.scan(cursor=every["four segments"])
        with pytest.raises(InvalidCursorError):
            await users.query_by_pk("p", cursor=every["four segments"])
        with pytest.raises(InvalidRequestError):
            users.iter_scan(cursor=every["four segments"], limit=3)
        with pytest.raises(InvalidCursorError):
            users.with_options(cursor_scope="other").iter_scan(cursor=every["four segments"])
        assert len(fake.requests) == sent


@pytest.mark.parametrize("total", [1, 2, 7])
async def test_all_segments_one_by_one_are_the_whole_table(total: int) -> None:
    fake = stored()
    async with on_fake(fake, User) as users:
        found: list[int] = []
        for number in range(total):
            options: dict[str, Any] = {"segment": (number, total), "page_size": 4}
            pages = [page async for page in users.iter_scan(**options)]
            items = [user.age async for user in users.iter_scan_items(**options)]
            assert items == ages(pages)
            by_cursor, cursor = [await users.scan(**options)], None
            while (cursor := by_cursor[-1].cursor) is not None:
                by_cursor.append(await users.scan(**options, cursor=cursor))
            assert ages(by_cursor) == items
            found += items
    assert sorted(found) == EVERY
    assert {payload["TotalSegments"] for _, payload in fake.requests} == {total}


async def test_one_segment_takes_a_limit_and_a_key_as_any_scan() -> None:
    async with on_fake(stored(), User) as users:
        whole = [user.age async for user in users.iter_scan_items(segment=(1, 3))]
        page = await users.scan(segment=(1, 3), limit=4)
        rest = await users.scan(segment=(1, 3), last_evaluated_key=page.last_evaluated_key)
        limited = [user.age async for user in users.iter_scan_items(segment=(1, 3), limit=5)]
    assert ages([page, rest]) == whole
    assert ages([page]) == whole[:4]
    assert limited == whole[:5]


async def test_one_segment_of_an_index_is_read_alone() -> None:
    notes = [Note(owner="p", name=f"{n:02}", topic="t", rank=n) for n in range(9)]
    fake = FakeTransport.answering(
        PagedTable(map(bind(Note).encode, notes), ("topic", "rank", "owner", "name"))
    )
    async with on_fake(fake, Note) as repository:
        found = [note.rank async for note in repository.iter_scan_items(index="by_topic", segment=(0, 2))]
    assert found == [0, 2, 4, 6, 8]
    assert fake.requests[0][1]["IndexName"] == "by_topic"


@pytest.mark.parametrize(
    "segment",
    [
        (-1, 4),
        (4, 4),
        (0, 0),
        (0, 1_000_001),
        (True, 2),
        (0, True),
        (0.0, 2),
        ("0", 2),
        (0,),
        (0, 1, 2),
        [0, 2],
        0,
        "02",
    ],
)
async def test_a_segment_that_is_none_is_refused_at_the_call(segment: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        with pytest.raises(InvalidRequestError):
            await users.scan(segment=segment)
        with pytest.raises(InvalidRequestError):
            users.iter_scan(segment=segment)
        with pytest.raises(InvalidRequestError):
            users.iter_scan_items(segment=segment)
    assert fake.requests == []
