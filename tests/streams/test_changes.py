"""Following a stream: order, shards, waiting."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from dynarepo import (
    RejectedError,
    ServiceUnavailableError,
)
from dynarepo.streams import (
    Change,
    ChangeKind,
    StreamTrimmedError,
)
from dynarepo.testing import error_reply
from tests.faked import SkippedTime, on_fake, only_this_task_runs, turns
from tests.models import User
from tests.streams.following import all_of, until
from tests.streams.scripted_stream import ROOT, ScriptedStream, age_of, reading, user


async def test_changes_come_with_their_items_and_their_place(stream: ScriptedStream) -> None:
    stream.add(user(1))
    stream.add(user(2), user(1))
    stream.add(old=user(2))
    stream.end()
    inserted, modified, removed = await all_of(stream)
    assert inserted == Change(
        ChangeKind.INSERT, {"pk": "a", "sk": "x"}, None, user(1), "1", ROOT, inserted.at, expired=False
    )
    assert list(inserted.key) == ["pk", "sk"]
    assert inserted.at is not None
    assert inserted.at.isoformat() == "2026-01-01T00:00:01+00:00"
    assert (modified.kind, modified.old, modified.new) == ("modify", user(1), user(2))
    assert (removed.kind, removed.old, removed.new, removed.expired) == ("remove", user(2), None, False)


async def test_all_pages_of_a_shard_are_read(stream: ScriptedStream) -> None:
    for number in range(7):
        stream.add(user(number))
    stream.end()
    assert [age_of(change) for change in await all_of(stream)] == list(range(7))
    assert len(stream.asked("GetShardIterator")) == 1


async def test_a_page_is_as_large_as_is_asked_for(stream: ScriptedStream) -> None:
    stream.end()
    await all_of(stream, page_size=7)
    await all_of(stream)
    assert [payload.get("Limit") for payload in stream.asked("GetRecords")] == [7, None]


async def test_children_are_read_when_their_parent_is_finished(stream: ScriptedStream) -> None:
    for number in range(3):
        stream.add(user(number))
    left, right = stream.split()
    stream.add(user(3), shard=left)
    stream.add(user(4), shard=right)
    (only,) = stream.split(left, children=1)
    stream.add(user(5), shard=only)
    stream.end()
    changes = await all_of(stream)
    assert [age_of(change) for change in changes][:3] == [0, 1, 2]
    places = [change.shard_id for change in changes]
    assert sorted(map(age_of, changes)) == [0, 1, 2, 3, 4, 5]
    assert places.index(left) < places.index(only)
    before = [payload.get("ShardId") for _, payload in stream.transport.requests]
    assert before.index(left) > before.index(ROOT)


async def test_children_wait_until_the_last_change_of_their_parent_is_processed(
    stream: ScriptedStream,
) -> None:
    stream.add(user(0))
    (child,) = stream.split(children=1)
    stream.add(user(1), shard=child)
    stream.end()
    async with reading(stream, User) as users, aclosing(users.changes(start="oldest")) as changes:
        assert age_of(await anext(changes)) == 0
        await turns()
        assert [payload["ShardId"] for payload in stream.asked("GetShardIterator")] == [ROOT]
        assert age_of(await anext(changes)) == 1


async def test_shards_that_split_while_they_are_read_are_found(stream: ScriptedStream) -> None:
    stream.add(user(0))
    async with reading(stream, User) as users, aclosing(users.changes(start="oldest")) as changes:
        assert age_of(await anext(changes)) == 0
        waiting = asyncio.ensure_future(anext(changes))
        await turns()
        left, right = stream.split()
        stream.add(user(1), shard=right)
        assert age_of(await waiting) == 1
        stream.add(user(2), shard=left)
        assert age_of(await anext(changes)) == 2


async def test_children_that_are_not_described_yet_are_looked_for_again(stream: ScriptedStream) -> None:
    stream.add(user(0))
    (child,) = stream.split(children=1)
    stream.add(user(1), shard=child)
    stream.hidden.add(child)
    time = SkippedTime()
    async with (
        reading(stream, User, time=time) as users,
        aclosing(users.changes(start="oldest")) as changes,
    ):
        assert age_of(await anext(changes)) == 0
        waiting = asyncio.ensure_future(anext(changes))
        await until(lambda: len(stream.asked("DescribeStream")) == 9)
        stream.hidden.clear()
        assert age_of(await waiting) == 1
    # Longer and longer, as a description costs many requests.
    assert time.waits[:7] == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


async def test_a_stream_whose_shards_are_not_made_yet_is_waited_for(stream: ScriptedStream) -> None:
    stream.hidden.add(ROOT)
    async with reading(stream, User) as users, aclosing(users.changes(start="latest")) as changes:
        waiting = asyncio.ensure_future(anext(changes))
        await turns(50)
        stream.add(user(1))
        stream.hidden.clear()
        assert age_of(await waiting) == 1


async def test_a_stream_that_is_switched_off_ends_when_it_is_read_whole(stream: ScriptedStream) -> None:
    stream.add(user(1))
    stream.split()
    stream.end()
    assert [age_of(change) for change in await all_of(stream)] == [1]


async def test_a_start_at_the_latest_leaves_out_what_was_before(stream: ScriptedStream) -> None:
    stream.add(user(1))
    left, _ = stream.split()
    stream.add(user(2), shard=left)
    async with reading(stream, User) as users, aclosing(users.changes(start="latest")) as changes:
        waiting = asyncio.ensure_future(anext(changes))
        await turns(50)
        stream.add(user(3), shard=left)
        assert age_of(await waiting) == 3
        (child,) = stream.split(left, children=1)
        stream.add(user(4), shard=child)
        assert age_of(await anext(changes)) == 4
    kinds = {payload["ShardId"]: payload["ShardIteratorType"] for payload in stream.asked("GetShardIterator")}
    assert kinds == {"shard-1": "LATEST", "shard-2": "LATEST", "shard-3": "TRIM_HORIZON"}


async def test_an_iterator_that_is_too_old_is_begun_anew_behind_the_last_record(
    stream: ScriptedStream,
) -> None:
    for number in range(4):
        stream.add(user(number))
    async with reading(stream, User) as users, aclosing(users.changes(start="oldest")) as changes:
        found = [age_of(await anext(changes)), age_of(await anext(changes))]
        stream.expire_iterators()
        found += [age_of(await anext(changes)), age_of(await anext(changes))]
    assert found == [0, 1, 2, 3]
    assert stream.asked("GetShardIterator")[-1]["SequenceNumber"] == "2"


async def test_an_iterator_that_is_too_old_before_anything_came_loses_nothing(stream: ScriptedStream) -> None:
    """It was at the latest; another one at the latest would leave out what came in between."""
    async with reading(stream, User) as users, aclosing(users.changes(start="latest")) as changes:
        waiting = asyncio.ensure_future(anext(changes))
        await turns(50)
        stream.expire_iterators()
        stream.add(user(1))
        stream.shards[ROOT].records[0]["dynamodb"]["ApproximateCreationDateTime"] = 4_000_000_000
        assert age_of(await waiting) == 1
    assert [payload["ShardIteratorType"] for payload in stream.asked("GetShardIterator")] == [
        "LATEST",
        "TRIM_HORIZON",
    ]


async def test_iterators_that_are_always_too_old_are_an_error(stream: ScriptedStream) -> None:
    stream.failures["GetRecords"] = [error_reply("ExpiredIteratorException")] * 3
    with pytest.raises(RejectedError, match="ExpiredIteratorException"):
        await all_of(stream)


async def test_records_that_were_dropped_while_they_were_behind_are_an_error(stream: ScriptedStream) -> None:
    for number in range(8):
        stream.add(user(number))
    async with reading(stream, User) as users, aclosing(users.changes(start="oldest")) as changes:
        assert age_of(await anext(changes)) == 0
        stream.drop(records=5)
        assert age_of(await anext(changes)) == 1
        with pytest.raises(StreamTrimmedError, match=f"what follows in {ROOT} was dropped") as caught:
            await anext(changes)
    assert caught.value.code == "TrimmedDataAccessException"


async def test_the_oldest_is_begun_anew_when_it_is_dropped_meanwhile(stream: ScriptedStream) -> None:
    stream.add(user(1))
    stream.end()
    stream.failures["GetRecords"] = [error_reply("TrimmedDataAccessException")]
    assert [age_of(change) for change in await all_of(stream)] == [1]
    stream.failures["GetRecords"] = [error_reply("TrimmedDataAccessException")] * 3
    with pytest.raises(StreamTrimmedError):
        await all_of(stream)


async def test_throttling_is_retried(stream: ScriptedStream) -> None:
    stream.add(user(1))
    stream.end()
    for operation in ("DescribeStream", "GetShardIterator", "GetRecords"):
        stream.failures[operation] = [
            error_reply("LimitExceededException"),
            error_reply("ThrottlingException"),
        ]
    assert [age_of(change) for change in await all_of(stream)] == [1]


async def test_what_no_retry_mends_is_raised_and_nothing_is_left(stream: ScriptedStream) -> None:
    stream.failures["GetRecords"] = [error_reply("InternalServerError", status=500)] * 1000
    async with reading(stream, User) as users:
        with pytest.raises(ServiceUnavailableError):
            await anext(users.changes(start="oldest"))
        assert await only_this_task_runs()


async def test_a_shard_without_news_is_asked_again_at_intervals(stream: ScriptedStream) -> None:
    time = SkippedTime()
    async with (
        reading(stream, User, time=time) as users,
        aclosing(users.changes(start="oldest", poll_interval=3)) as changes,
    ):
        waiting = asyncio.ensure_future(anext(changes))
        await until(lambda: len(time.waits) == 3)
        stream.add(user(1))
        assert age_of(await waiting) == 1
    assert set(time.waits) == {3.0}


async def test_the_interval_is_random_from_its_half_up(stream: ScriptedStream) -> None:
    time, bounds = SkippedTime(), set()

    def jitter(low: float, high: float) -> float:
        bounds.add((low, high))
        return high

    async with (
        on_fake(stream.transport, User, time=time, jitter=jitter) as users,
        aclosing(users.changes(start="oldest")) as changes,
    ):
        waiting = asyncio.ensure_future(anext(changes))
        await until(lambda: bool(time.waits))
        stream.add(user(1))
        await waiting
    assert bounds == {(0.5, 1.0)}


async def test_a_consumer_that_is_busy_has_one_page_of_a_shard_in_hand(stream: ScriptedStream) -> None:
    for number in range(10):
        stream.add(user(number))
    async with reading(stream, User) as users, aclosing(users.changes(start="oldest")) as changes:
        await anext(changes)
        await turns(100)
        assert len(stream.asked("GetRecords")) == 1


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_pages_of_so_many_shards_are_read_at_once(stream: ScriptedStream, concurrency: int) -> None:
    for name in stream.split(children=9):
        for number in range(5):
            stream.add(user(number), shard=name)
    stream.end()
    async with (
        reading(stream, User) as users,
        aclosing(users.changes(start="oldest", concurrency=concurrency)) as changes,
    ):
        await anext(changes)
        await turns(100)
        assert len(stream.asked("GetRecords")) == 1 + concurrency  # the root's one is consumed
        assert len([change async for change in changes]) == 44


async def test_shards_without_news_leave_the_others_their_place(stream: ScriptedStream) -> None:
    names = stream.split(children=5)
    async with (
        reading(stream, User) as users,
        aclosing(users.changes(start="oldest", concurrency=1)) as changes,
    ):
        for name in reversed(names):
            stream.add(user(1), shard=name)
            assert (await anext(changes)).shard_id == name


async def test_explain_says_what_would_be_asked_first(stream: ScriptedStream) -> None:
    async with reading(stream, User) as users:
        explanation = await users.explain(lambda u: u.changes(start="oldest"))
    assert explanation.operation == "DescribeTable"
    assert stream.transport.requests == []
