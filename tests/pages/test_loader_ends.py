"""Loads that are cancelled, or whose connection is closed."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dynarepo import (
    AsyncDynamoDBRepository,
    ConnectionClosedError,
    DynamoDBConfig,
    RejectedError,
)
from dynarepo._connection import Channel
from dynarepo._pages import _loader
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import on_fake, only_this_task_runs, other_tasks, turns
from tests.models import User
from tests.pages.loading import key, users_stored
from tests.recording_logger import RecordingLogger


class Held:
    """Holds back every reply until it is let go, and notes what was cancelled."""

    def __init__(self, store: Callable[[str, Payload], Awaitable[Any]]) -> None:
        self._store = store
        self.let_go = asyncio.Event()
        self.cancelled = 0

    async def __call__(self, operation: str, payload: Payload) -> Any:
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return await self._store(operation, payload)


async def test_a_cancelled_caller_does_not_harm_the_others() -> None:
    held = Held(users_stored())
    fake = FakeTransport.answering(held)
    async with on_fake(fake, User) as users:
        tasks = [asyncio.create_task(users.load(key(n))) for n in (1, 1, 2, 3)]
        await turns()
        for task in (tasks[0], tasks[2]):
            task.cancel()
        await turns()
        assert held.cancelled == 0
        held.let_go.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert await only_this_task_runs()
    assert [type(each) for each in found] == [asyncio.CancelledError, User, asyncio.CancelledError, User]
    assert len(fake.requests) == 1


async def test_when_all_callers_are_cancelled_so_is_the_request() -> None:
    held = Held(users_stored())
    async with on_fake(FakeTransport.answering(held), User) as users:
        tasks = [asyncio.create_task(users.load(key(n))) for n in (1, 1, 2)]
        await turns()
        for number, task in enumerate(tasks, start=1):
            task.cancel()
            await turns()
            assert held.cancelled == (number == 3)
        assert other_tasks() == set()


@pytest.mark.parametrize("reply", [None, "ValidationException"])
async def test_a_caller_may_be_cancelled_at_any_turn(reply: str | None) -> None:
    for turn in range(30):
        store = users_stored()
        held = Held(store if reply is None else lambda *_: _answered(error_reply("ValidationException")))
        async with on_fake(FakeTransport.answering(held), User) as users, asyncio.timeout(5):
            tasks = [asyncio.create_task(users.load(key(n))) for n in (1, 2)]
            held.let_go.set()
            await turns(turn)
            tasks[0].cancel()
            _, other = await asyncio.gather(*tasks, return_exceptions=True)
        assert type(other) is (User if reply is None else RejectedError)


@pytest.mark.parametrize("number", [2, 20])
async def test_a_batch_that_is_cancelled_from_outside_cancels_its_callers(number: int) -> None:
    """As when the loop ends; after two turns the task of the batch is made and has not begun."""
    held = Held(users_stored())
    async with on_fake(FakeTransport.answering(held), User) as users, asyncio.timeout(5):
        tasks = [asyncio.create_task(users.load(key(n))) for n in (1, 2)]
        await turns(number)
        assert other_tasks() - set(tasks)
        for task in other_tasks() - set(tasks):
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [asyncio.CancelledError] * 2


async def test_a_key_whose_callers_are_cancelled_before_the_batch_begins_is_not_asked_for() -> None:
    store = users_stored()
    async with on_fake(FakeTransport.answering(store), User) as users:
        stays, leaves = users.load(key(1)), users.load(key(2))
        stays.send(None), leaves.send(None)  # both have joined the batch, which has not begun
        leaves.close()
        await turns()
        assert store.sizes == [1]
        stays.close()
        gone = users.load(key(3))
        gone.send(None)
        gone.close()
        await turns()
        assert other_tasks() == set()
    assert store.sizes == [1]


async def test_a_caller_that_no_longer_waits_when_the_error_comes_leaves_no_trace() -> None:
    unseen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unseen.append(context))
    held = Held(lambda *_: _answered(error_reply("ValidationException")))
    async with on_fake(FakeTransport.answering(held), User) as users:
        tasks = [asyncio.create_task(users.load(key(n))) for n in (1, 2)]
        await turns()
        held.let_go.set()
        for _ in range(20):
            await asyncio.sleep(0)
            tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        tasks.clear()
        gc.collect()
        await turns()
    assert unseen == []


async def _answered(reply: Any) -> Any:
    return reply


async def test_closing_ends_the_loads_that_wait_for_their_turn() -> None:
    fake = FakeTransport.answering(users_stored())
    async with on_fake(fake, User) as users:
        tasks = [asyncio.create_task(users.load(key(n))) for n in (1, 2)]
        await asyncio.sleep(0)
        await users._channel.close()
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert await only_this_task_runs()
    assert [type(error) for error in errors] == [ConnectionClosedError] * 2
    assert errors[0] is not errors[1]
    assert fake.requests == []


async def test_closing_ends_the_loads_whose_batch_was_left_undone() -> None:
    store = users_stored()
    fake = FakeTransport.answering(store)

    def leave(keys: list[Payload]) -> list[Payload]:
        closing.append(asyncio.create_task(users._channel.close()))
        return keys

    closing: list[asyncio.Task[None]] = []
    store.leave = leave
    async with on_fake(fake, User) as users:
        errors = await asyncio.gather(users.load(key(1)), users.load(key(2)), return_exceptions=True)
        await asyncio.gather(*closing)
        assert await only_this_task_runs()
    assert [type(error) for error in errors] == [ConnectionClosedError] * 2
    assert store.sizes == [2]


async def test_a_load_after_the_end_is_refused() -> None:
    async with on_fake(FakeTransport(), User) as users:
        pass
    with pytest.raises(ConnectionClosedError):
        await users.load(key(1))


async def test_a_connection_is_not_kept_alive_by_what_was_loaded() -> None:
    config = DynamoDBConfig(table_name="app")
    channel = Channel(config, RecordingLogger(), transport=FakeTransport.answering(users_stored()))
    async with channel:
        users = AsyncDynamoDBRepository(User, config=config, logger=RecordingLogger(), channel=channel)
        await users.load(key(1))
        assert _loader._OPEN[channel] == {}
        await turns()  # the task of the batch ends one turn after its loads
    seen = weakref.ref(channel)
    del channel, users
    gc.collect()
    assert seen() is None
