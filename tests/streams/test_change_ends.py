"""A stream that is left, and what ends in an error."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from dynarepo import (
    ConnectionClosedError,
    InvalidRequestError,
    UnexpectedResponseError,
)
from dynarepo.streams import (
    MemoryCheckpoints,
    StreamNotFoundError,
)
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import on_fake, only_this_task_runs, other_tasks, turns
from tests.models import User
from tests.streams.following import all_of
from tests.streams.scripted_stream import ScriptedStream, reading, user


async def test_leaving_the_loop_leaves_no_task(stream: ScriptedStream) -> None:
    for name in stream.split(children=3):
        stream.add(user(1), shard=name)
    async with reading(stream, User) as users:
        async with aclosing(users.changes(start="oldest")) as changes:
            await anext(changes)
            assert other_tasks()
        assert await only_this_task_runs()


async def test_breaking_out_of_the_loop_leaves_no_task_either(stream: ScriptedStream) -> None:
    stream.add(user(1))
    async with reading(stream, User) as users:
        async for _ in users.changes(start="oldest"):
            break
        await turns()
        assert await only_this_task_runs()


async def test_a_consumer_that_is_cancelled_while_it_waits_leaves_no_task(stream: ScriptedStream) -> None:
    async with reading(stream, User) as users:
        changes = users.changes(start="oldest")
        waiting = asyncio.ensure_future(anext(changes))
        await turns(50)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await only_this_task_runs()


async def test_leaving_while_a_request_is_under_way_cancels_it(stream: ScriptedStream) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def never(operation: str, payload: Any) -> Any:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    left, _ = stream.split()
    stream.add(user(1), shard=left)
    async with reading(stream, User) as users, aclosing(users.changes(start="oldest")) as changes:
        await anext(changes)
        stream.failures["GetRecords"] = [never]
        await begun.wait()
    assert cancelled.is_set()


async def test_a_connection_that_is_closed_meanwhile_is_an_error(stream: ScriptedStream) -> None:
    stream.add(user(1))
    async with reading(stream, User) as users:
        changes = users.changes(start="oldest")
        await anext(changes)
        await users._channel.close()
        with pytest.raises(ConnectionClosedError):
            await anext(changes)


async def test_a_table_without_a_stream_is_an_error() -> None:
    fake = FakeTransport({"Table": {"TableStatus": "ACTIVE"}})
    async with on_fake(fake, User) as users:
        with pytest.raises(StreamNotFoundError, match="the table has no stream: make it with create_table"):
            await anext(users.changes(start="oldest"))


async def test_a_stream_that_is_gone_is_an_error(stream: ScriptedStream) -> None:
    stream.failures["DescribeStream"] = [error_reply("ResourceNotFoundException")]
    with pytest.raises(StreamNotFoundError, match="is gone") as caught:
        await all_of(stream)
    assert caught.value.operation == "DescribeStream"


@pytest.mark.parametrize(
    ("operation", "reply", "complaint"),
    [
        ("DescribeStream", {}, "lacks its StreamDescription"),
        ("DescribeStream", {"StreamDescription": {"Shards": 1}}, "lacks its Shards"),
        ("DescribeStream", {"StreamDescription": {"Shards": [{}]}}, "no ShardId"),
        ("GetShardIterator", {}, "lacks its ShardIterator"),
        ("GetRecords", {}, "lacks its Records"),
        ("GetRecords", {"Records": [{"eventName": "OTHER"}]}, "record 0 has no eventName"),
    ],
)
async def test_a_reply_that_is_not_dynamodbs_is_refused(
    stream: ScriptedStream, operation: str, reply: Any, complaint: str
) -> None:
    stream.failures[operation] = [reply]
    with pytest.raises(UnexpectedResponseError, match=complaint):
        await all_of(stream)


@pytest.mark.parametrize(
    "options",
    [
        {"start": "first"},
        {"page_size": 0},
        {"page_size": 1001},
        {"concurrency": 0},
        {"concurrency": True},
        {"checkpoint_every": 0},
        {"poll_interval": 0},
        {"poll_interval": "1"},
        {"poll_interval": 61},
        {"checkpoints": 5},
        {"checkpoints": MemoryCheckpoints},
        {"checkpoints": {}},
        {"on_invalid": 3},
    ],
)
async def test_arguments_out_of_range_are_refused_at_once(options: dict[str, Any]) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        with pytest.raises(InvalidRequestError):
            users.changes(**{"start": "oldest", **options})
    assert fake.requests == []
