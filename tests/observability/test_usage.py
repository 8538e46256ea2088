"""What the calls of a block did and consumed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dynarepo import (
    ConditionFailedError,
    ConnectionClosedError,
    ConsumedUnits,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    TransactWriteItem,
    Usage,
)
from dynarepo._connection import Channel
from dynarepo._observability import LoggedSender
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import SkippedTime, longest, turns
from tests.recording_logger import RecordingLogger


class User(DynamoDBBaseModel):
    name: str = "Ada"


USER = User(pk="p", sk="s")


def taking(units: float, table: str = "app", **members: Any) -> Payload:
    """Make a reply that says what was consumed."""
    return {"ConsumedCapacity": {"TableName": table, "CapacityUnits": units}, **members}


@asynccontextmanager
async def connected(fake: FakeTransport) -> AsyncIterator[DynamoDBConnection]:
    config = DynamoDBConfig(table_name="app")
    channel = Channel(config, RecordingLogger(), transport=fake, sleep=SkippedTime().sleep, jitter=longest)
    async with channel:
        yield DynamoDBConnection(config=config, logger=RecordingLogger(), channel=channel)


def totals(usage: Usage) -> tuple[int, float, float]:
    return usage.calls, usage.read_units, usage.write_units


async def test_calls_and_units_of_a_block_are_summed_by_table() -> None:
    fake = FakeTransport(taking(0.5), taking(2), taking(7, "other"), taking(100))
    async with connected(fake) as connection:
        users = connection.repository(User)
        async with connection.accounting() as usage:
            await users.get_one("p", "s")
            assert totals(usage) == (1, 0.5, 0)
            await users.save(USER)
            await connection.repository(User, table_name="other").get_one("p", "s")
        await users.get_one("p", "s")
    assert totals(usage) == (3, 7.5, 2)
    assert usage.tables == {"app": ConsumedUnits(read=0.5, write=2), "other": ConsumedUnits(read=7)}
    assert repr(usage) == (
        "Usage(calls=3, retries=0, throttles=0, read_units=7.5, write_units=2, "
        "tables={'app': 0.5 read, 2 write, 'other': 7 read, 0 write})"
    )


async def test_a_block_without_calls_counts_nothing() -> None:
    async with connected(FakeTransport()) as connection, connection.accounting() as usage:
        pass
    assert repr(usage) == "Usage(calls=0, retries=0, throttles=0, read_units=0, write_units=0, tables={})"


async def test_attempts_beyond_the_first_are_retries_and_those_refused_by_the_service_are_throttles() -> None:
    throttled = error_reply("ThrottlingException")
    busy = error_reply("TransactionCanceledException", CancellationReasons=[{"Code": "ThrottlingError"}])
    fake = FakeTransport(throttled, lost_reply(), taking(1), busy, {}, taking(1))
    async with connected(fake) as connection:
        users = connection.repository(User)
        async with connection.accounting() as usage:
            await users.get_one("p", "s")
            await users.transact_write([TransactWriteItem.put(USER)])
            await users.get_one("p", "s")
    assert (usage.calls, usage.retries, usage.throttles) == (3, 3, 2)


async def test_what_fails_or_is_cancelled_is_a_call_too() -> None:
    never = asyncio.Event()

    async def silent(*_: object) -> Payload:
        await never.wait()
        return {}

    fake = FakeTransport(error_reply("ConditionalCheckFailedException"), silent)
    async with connected(fake) as connection:
        users = connection.repository(User)
        async with connection.accounting() as usage:
            with pytest.raises(ConditionFailedError):
                await users.create(USER)
            reading = asyncio.create_task(users.get_one("p", "s"))
            await turns()
            assert usage.calls == 1
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    assert usage.calls == 2


async def test_requests_for_tables_count() -> None:
    async with connected(FakeTransport({"Table": {}})) as connection, connection.accounting() as usage:
        assert await connection.table_admin().table_exists()
    assert totals(usage) == (1, 0, 0)


async def test_each_chunk_of_a_batch_and_each_page_of_a_query_is_a_call() -> None:
    page = {
        "Items": [],
        "Count": 0,
        "ScannedCount": 0,
        "LastEvaluatedKey": {"pk": {"S": "p"}, "sk": {"S": "1"}},
    }
    written = {"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "app", "CapacityUnits": 25}]}
    last = {"Items": [], "Count": 0, "ScannedCount": 0}
    fake = FakeTransport(written, written, {**page, **taking(3)}, {**last, **taking(3)})
    async with connected(fake) as connection:
        users = connection.repository(User)
        async with connection.accounting() as usage:
            await users.batch_write(User(pk="p", sk=f"{number}") for number in range(50))
            assert [user async for user in users.iter_query_items("p")] == []
    assert totals(usage) == (4, 6, 50)


async def test_tasks_that_a_block_begins_count_for_it() -> None:
    fake = FakeTransport.answering(lambda *_: taking(1))
    async with connected(fake) as connection:
        users = connection.repository(User)
        async with connection.accounting() as usage:
            await asyncio.gather(*(users.get_one("p", "s") for _ in range(10)))
            async with asyncio.TaskGroup() as group:
                for _ in range(5):
                    group.create_task(users.get_one("p", "s"))
    assert totals(usage) == (15, 15, 0)


async def test_what_ends_behind_the_block_is_not_counted() -> None:
    going_on = asyncio.Event()

    async def slow(*_: object) -> Payload:
        await going_on.wait()
        return taking(1)

    async with connected(FakeTransport(slow, taking(1), taking(1))) as connection:
        users = connection.repository(User)
        async with connection.accounting() as usage:
            late = asyncio.create_task(users.get_one("p", "s"))
            await turns()
        async with connection.accounting() as other:
            going_on.set()
            await late
            await users.get_one("p", "s")
    assert (usage.calls, other.calls) == (0, 1)


async def test_nested_blocks_both_count() -> None:
    fake = FakeTransport.answering(lambda *_: taking(1))
    async with connected(fake) as connection:
        users = connection.repository(User)
        async with connection.accounting() as outer:
            await users.get_one("p", "s")
            async with connection.accounting() as inner:
                await asyncio.gather(*(users.get_one("p", "s") for _ in range(2)))
            await users.get_one("p", "s")
    assert (outer.calls, inner.calls) == (4, 2)


async def test_blocks_that_end_in_another_order_count_what_is_theirs() -> None:
    fake = FakeTransport.answering(lambda *_: taking(1))
    async with connected(fake) as connection:
        users = connection.repository(User)
        first, second = connection.accounting(), connection.accounting()
        one, two = await first.__aenter__(), await second.__aenter__()
        await users.get_one("p", "s")
        await first.__aexit__(None, None, None)
        await users.get_one("p", "s")
        await second.__aexit__(None, None, None)
        await users.get_one("p", "s")
    assert (one.calls, two.calls) == (1, 2)


async def test_a_block_may_end_in_another_task_than_it_began_in() -> None:
    fake = FakeTransport.answering(lambda *_: taking(1))
    async with connected(fake) as connection:
        block = connection.accounting()
        usage = await asyncio.create_task(block.__aenter__())
        await connection.repository(User).get_one("p", "s")
        await asyncio.create_task(block.__aexit__(None, None, None))
    assert usage.calls == 0


async def test_requests_of_an_application_at_the_same_time_do_not_mix() -> None:
    fake = FakeTransport.answering(lambda *_: taking(1))
    async with connected(fake) as connection:
        users = connection.repository(User)

        async def request(calls: int) -> Usage:
            async with connection.accounting() as usage:
                for _ in range(calls):
                    await asyncio.gather(users.get_one("p", "s"), asyncio.sleep(0))
            return usage

        usages = await asyncio.gather(*(request(calls) for calls in range(8)))
    assert [usage.calls for usage in usages] == list(range(8))


async def test_another_connection_does_not_count() -> None:
    fakes = [FakeTransport(taking(1)), FakeTransport(taking(1))]
    async with connected(fakes[0]) as one, connected(fakes[1]) as other, one.accounting() as usage:
        await one.repository(User).get_one("p", "s")
        await other.repository(User).get_one("p", "s")
    assert usage.calls == 1


async def test_a_copy_with_a_capacity_limit_counts() -> None:
    async with connected(FakeTransport(taking(1), taking(1))) as connection:
        slow = connection.repository(User).with_options(capacity={"read": 10})
        await slow.get_one("p", "s")
        async with connection.accounting() as usage:
            await slow.get_one("p", "s")
    assert totals(usage) == (1, 1, 0)


async def test_a_block_needs_an_open_connection() -> None:
    connection = DynamoDBConnection(config=DynamoDBConfig(table_name="app"), logger=RecordingLogger())
    with pytest.raises(ConnectionClosedError):
        async with connection.accounting():
            raise AssertionError


async def test_a_connection_may_be_closed_in_a_block() -> None:
    fake = FakeTransport(taking(1))
    async with connected(fake) as connection, connection.accounting() as usage:
        await connection.repository(User).get_one("p", "s")
        await connection._channel.close()
    assert usage.calls == 1


async def test_no_call_is_asked_for_its_block_while_none_is_open() -> None:
    async with connected(FakeTransport()) as connection:
        channel = connection._channel
        async with connection.accounting():
            assert not isinstance(channel._data, LoggedSender)
        assert isinstance(channel._data, LoggedSender)
        assert isinstance(channel._control, LoggedSender)


@pytest.mark.parametrize(
    "said",
    [None, "much", [], ["much"], {}, {"TableName": "app"}, {"TableName": 5, "CapacityUnits": "1"}],
)
async def test_a_reply_that_does_not_say_what_was_consumed_counts_as_a_call(said: Any) -> None:
    fake = FakeTransport({"ConsumedCapacity": said})
    async with connected(fake) as connection, connection.accounting() as usage:
        await connection.repository(User).get_one("p", "s")
    assert totals(usage) == (1, 0, 0)
