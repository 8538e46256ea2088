"""Calls within a capacity limit, through a whole connection; tests move the loop's clock ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from dynarepo import (
    CapacityLimit,
    CapacityLimitError,
    ConditionFailedError,
    ConnectionClosedError,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    TransactWriteItem,
    WriteOutcomeUnknownError,
)
from dynarepo._connection import Channel
from dynarepo._connection._governed import GovernedTransport
from dynarepo._request import Deadline, Request
from dynarepo._transport import LimitedTransport
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, WireReply, error_reply, lost_reply
from tests.faked import SkippedTime, longest, turns
from tests.recording_logger import RecordingLogger


class User(DynamoDBBaseModel):
    name: str = "Ada"


USER = User(pk="p", sk="s")


def taking(units: float, **members: Any) -> Payload:
    """Make a reply that says what was consumed."""
    return {"ConsumedCapacity": {"TableName": "app", "CapacityUnits": units}, **members}


@asynccontextmanager
async def connected(
    fake: FakeTransport, capacity: CapacityLimit | None = None, **options: Any
) -> AsyncIterator[DynamoDBConnection]:
    config = DynamoDBConfig(table_name="app", capacity=capacity, **options)
    async with DynamoDBConnection(config=config, logger=RecordingLogger(), transport=fake) as connection:
        yield connection


async def passing(seconds: float) -> None:
    """Let so much time pass for the running loop."""
    await SkippedTime().sleep(seconds)
    await turns()


async def sent_now(fake: FakeTransport, calls: list[Callable[[], Awaitable[object]]]) -> int:
    """Begin calls, give how many of them were sent at once, and end them."""
    tasks = [asyncio.ensure_future(call()) for call in calls]
    await turns()
    sent = len(fake.requests)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return sent


async def test_what_the_replies_say_is_kept_at_the_limit() -> None:
    fake = FakeTransport.answering(lambda *_: taking(5))
    async with connected(fake, CapacityLimit(read=10)) as connection:
        users = connection.repository(User)
        reads = [asyncio.create_task(users.get_one("p", "s")) for _ in range(6)]
        await turns()
        assert len(fake.requests) == 2
        for sent in (3, 4, 5, 6):
            await passing(0.501)
            assert len(fake.requests) == sent
        await asyncio.gather(*reads)


async def test_the_burst_is_a_number_of_seconds() -> None:
    fake = FakeTransport.answering(lambda *_: taking(5))
    async with connected(fake, CapacityLimit(read=10, burst=3)) as connection:
        users = connection.repository(User)
        assert await sent_now(fake, [lambda: users.get_one("p", "s")] * 9) == 6


async def test_reads_and_writes_have_limits_of_their_own() -> None:
    fake = FakeTransport.answering(lambda *_: taking(1))
    async with connected(fake, CapacityLimit(write=1)) as connection:
        users = connection.repository(User)
        await users.save(USER)
        assert await sent_now(fake, [lambda: users.save(USER)]) == 1
        for _ in range(50):
            await users.get_one("p", "s")


async def test_a_call_that_cannot_be_sent_in_time_is_refused_at_once() -> None:
    fake = FakeTransport.answering(lambda *_: taking(100))
    async with connected(fake, CapacityLimit(read=10)) as connection:
        users = connection.repository(User).with_options(deadline=5)
        await users.get_one("p", "s")
        with pytest.raises(CapacityLimitError) as refused:
            await users.get_one("p", "s")
    assert len(fake.requests) == 1
    assert refused.value.retryable
    assert (refused.value.operation, refused.value.table_name) == ("GetItem", "app")


async def test_waiting_counts_as_time_of_the_call() -> None:
    timeouts = []

    class Timed(FakeTransport):
        async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
            timeouts.append(timeout)
            return await super().send(operation, payload, timeout=60)

    async with connected(
        Timed(*[taking(10)] * 2), CapacityLimit(read=10), deadline=3, attempt_timeout=60
    ) as c:
        users = c.repository(User)
        await users.get_one("p", "s")
        second = asyncio.create_task(users.get_one("p", "s"))
        await turns()
        await passing(1.0)
        await second
    assert timeouts[0] > 2.9
    assert 1.5 < timeouts[1] < 2.1


async def test_each_attempt_waits_for_itself() -> None:
    fake = FakeTransport(taking(4), lost_reply(), taking(4), taking(4))
    async with connected(fake, CapacityLimit(read=10)) as connection:
        users = connection.repository(User)
        await users.get_one("p", "s")
        second = asyncio.create_task(users.get_one("p", "s"))
        await turns()
        await passing(0.05)
        assert len(fake.requests) == 2
        await passing(0.3)
        await turns()
        await second


async def test_a_lost_write_that_the_limit_does_not_repeat_in_time_stays_unknown() -> None:
    fake = FakeTransport(taking(10), lost_reply())
    async with connected(fake, CapacityLimit(write=10), deadline=1.5) as connection:
        users = connection.repository(User)
        await users.save(USER)
        second = asyncio.create_task(users.save(User(pk="p", sk="t")))
        await turns()
        await passing(1.01)
        await passing(0.03)
        with pytest.raises(WriteOutcomeUnknownError) as raised:
            await second
    assert isinstance(raised.value.__cause__, CapacityLimitError)


async def test_what_was_throttled_took_nothing_and_a_failed_condition_is_paid_for() -> None:
    fake = FakeTransport(
        taking(10), error_reply("ThrottlingException"), error_reply("ConditionalCheckFailedException")
    )
    async with connected(fake, CapacityLimit(write=10, burst=2)) as connection:
        users = connection.repository(User)
        await users.save(USER)
        second = asyncio.create_task(users.create(USER))
        await turns()
        await passing(0.06)
        with pytest.raises(ConditionFailedError):
            await second
        assert await sent_now(fake, [lambda: users.create(USER)]) == 3


async def test_a_transaction_takes_write_units_and_what_it_read() -> None:
    both = {"TableName": "app", "CapacityUnits": 30.0, "ReadCapacityUnits": 20.0, "WriteCapacityUnits": 10.0}
    fake = FakeTransport({"ConsumedCapacity": [both]})
    async with connected(fake, CapacityLimit(read=10, write=10)) as connection:
        users = connection.repository(User)
        await users.transact_write([TransactWriteItem.put(USER)])
        calls: list[Callable[[], Awaitable[object]]] = [
            lambda: users.get_one("p", "s"),
            lambda: users.save(USER),
        ]
        assert await sent_now(fake, calls) == 1


async def test_tables_are_described_whatever_the_limit() -> None:
    fake = FakeTransport(taking(1000), {"Table": {}})
    async with connected(fake, CapacityLimit(read=1, write=1)) as connection:
        users = connection.repository(User)
        await users.get_one("p", "s")
        assert await users.ping()


async def test_a_server_that_says_nothing_of_capacity_is_asked_by_the_estimate() -> None:
    fake = FakeTransport.answering(lambda *_: {})
    async with connected(fake, CapacityLimit(read=3)) as connection:
        users = connection.repository(User)
        assert await sent_now(fake, [lambda: users.get_one("p", "s")] * 5) == 3


async def test_writes_that_fail_by_their_condition_are_not_made_one_by_one_for_ever() -> None:
    under_way = 0

    async def refuse(*_: object) -> WireReply:
        nonlocal under_way
        under_way += 1
        most.append(under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return error_reply("ConditionalCheckFailedException")

    most: list[int] = []
    async with connected(FakeTransport.answering(refuse), CapacityLimit(write=100)) as connection:
        users = connection.repository(User)
        await asyncio.gather(*(users.create(USER) for _ in range(10)), return_exceptions=True)
    assert (most[0], max(most)) == (1, 9)


async def test_a_copy_has_a_limit_of_its_own_that_its_copies_share() -> None:
    fake = FakeTransport.answering(lambda *_: taking(5))
    async with connected(fake) as connection:
        users = connection.repository(User)
        slow = users.with_options(capacity=CapacityLimit(read=10))
        other = slow.with_options(deadline=8)
        assert (
            await sent_now(fake, [lambda: slow.get_one("p", "s"), lambda: other.get_one("p", "s")] * 3) == 2
        )
        for _ in range(20):
            await users.get_one("p", "s")


async def test_the_limit_of_the_connection_holds_for_its_copies_too() -> None:
    fake = FakeTransport.answering(lambda *_: taking(5))
    async with connected(fake, CapacityLimit(read=5)) as connection:
        fast = connection.repository(User).with_options(capacity={"read": 1000})
        assert await sent_now(fake, [lambda: fast.get_one("p", "s")] * 4) == 1


async def test_a_copy_may_be_without_the_limit_that_it_was_made_from() -> None:
    fake = FakeTransport.answering(lambda *_: taking(5))
    async with connected(fake) as connection:
        slow = connection.repository(User).with_options(capacity=CapacityLimit(read=1))
        free = slow.with_options(capacity=None)
        for _ in range(20):
            await free.get_one("p", "s")


async def test_a_copy_with_a_limit_does_what_others_do() -> None:
    fake = FakeTransport({"TableNames": []}, {}, {"Table": {}})
    async with connected(fake) as connection:
        slow = connection.repository(User).with_options(capacity=CapacityLimit(write=10))
        async with connection.transaction() as transaction:
            transaction.create(slow, USER)
        fake.requests.clear()
        assert (await slow.explain(lambda u: u.get_one("p", "s"))).operation == "GetItem"
        assert fake.requests == []
        within = await slow.explain(lambda u: u.with_options(capacity={"read": 1}).get_one("p", "s"))
        assert within.operation == "GetItem"
    with pytest.raises(Exception, match="closed"):
        await slow.get_one("p", "s")


async def test_a_way_with_a_limit_is_the_channel_for_all_else() -> None:
    time = SkippedTime()
    fake = FakeTransport({"Table": {}}, {"Records": []}, taking(1))
    channel = Channel(DynamoDBConfig(), RecordingLogger(), transport=fake, sleep=time.sleep, jitter=longest)
    way = channel.governed(CapacityLimit(read=1))
    with pytest.raises(ConnectionClosedError):
        way.check_open()
    async with channel:
        way.check_open()
        assert await way.control("DescribeTable", {"TableName": "app"}) == {"Table": {}}
        assert await way.stream(Request("GetRecords", {})) == {"Records": []}
        assert "ConsumedCapacity" in await way.send(Request("GetItem", {"TableName": "app"}))
        await way.idle(2.0)
        await way.pause(3.0, Deadline.after(60))
        assert way.governed(None) is channel
    assert time.waits == [2.0, 3.0]


async def test_a_batch_goes_within_the_limit_of_a_copy() -> None:
    consumed = [{"TableName": "app", "CapacityUnits": 25.0}]
    written = {"UnprocessedItems": {}, "ConsumedCapacity": consumed}
    fake = FakeTransport.answering(lambda *_: written)
    async with connected(fake) as connection:
        slow = connection.repository(User).with_options(capacity=CapacityLimit(write=25, burst=2))
        items = [User(pk="p", sk=f"{number}") for number in range(100)]
        writing = asyncio.create_task(slow.batch_write(items))
        await turns()
        assert len(fake.requests) == 2
        await passing(2.1)
        assert await writing == 100


async def test_closing_what_keeps_a_limit_closes_what_sends() -> None:
    fake = FakeTransport()
    await GovernedTransport.limited(fake, CapacityLimit(read=1), asyncio.get_running_loop()).close()
    assert fake.closed


@pytest.mark.parametrize(
    "limit", [{}, {"reads": 5}, {"read": 0}, {"write": -1}, {"read": float("inf")}, {"read": 1, "burst": 0}]
)
def test_a_limit_of_nothing_is_refused(limit: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CapacityLimit(**limit)


async def test_without_a_limit_attempts_are_made_as_if_there_were_none() -> None:
    channel = Channel(DynamoDBConfig(), RecordingLogger(), transport=FakeTransport())
    async with channel:
        assert isinstance(channel._attempts, LimitedTransport)


@pytest.mark.parametrize("said", [int("9" * 400), 1e308, -5], ids=["long", "huge", "negative"])
async def test_what_cannot_have_been_consumed_loses_no_write_and_holds_up_no_other(said: float) -> None:
    fake = FakeTransport.answering(lambda *_: taking(said))
    async with connected(fake, CapacityLimit(write=10), deadline=5) as connection:
        users = connection.repository(User)
        async with connection.accounting() as usage:
            for _ in range(3):
                await users.save(USER)
    assert usage.calls == 3
    assert usage.write_units == 0


async def test_who_waits_for_the_limit_is_told_when_the_connection_is_closed() -> None:
    fake = FakeTransport.answering(lambda *_: taking(40))
    async with connected(fake, CapacityLimit(read=10), deadline=30) as connection:
        users = connection.repository(User)
        await users.get_one("p", "s")
        waiting = asyncio.ensure_future(users.get_one("p", "s"))
        await turns()
    async with asyncio.timeout(1):
        with pytest.raises(ConnectionClosedError):
            await waiting
    assert len(fake.requests) == 1
