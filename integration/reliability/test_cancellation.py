"""A call is cancelled at each step of the event loop: nothing of it stays, and the connection is good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Final

import pytest
import pytest_asyncio
from pydantic import BaseModel

from dynarepo import DynamoDBConfig
from integration.reliability.operations import OPERATIONS, Operation
from integration.reliability.profiles import Profile
from integration.reliability.quick_server import QuickServer
from integration.reliability.tally import Tally
from integration.reliability.world import World, connected, new_owner
from tests.faked import other_tasks, turns

_SEED: Final = 20260101
_CONNECTIONS: Final = 3

#: More steps than any call takes, so that one which never ends fails.
_MANY: Final = 1000

Quick = tuple[QuickServer, World]


@pytest_asyncio.fixture(loop_scope="session")
async def quick(request: pytest.FixtureRequest, patient_config: DynamoDBConfig) -> AsyncIterator[Quick]:
    """Connect to a server that answers at once; at the end nothing is left of either."""
    async with QuickServer(getattr(request, "param", 1)) as server:
        config = patient_config.model_copy(
            update={"endpoint_url": server.url, "max_connections": _CONNECTIONS}
        )
        async with connected(config) as world:
            yield server, world
        await turns()
        assert not server.tasks, "a connection was left open"
    assert not other_tasks(), "a task was left"


def owners(found: object) -> set[str]:
    """Name whose items these are."""
    if isinstance(found, BaseModel):
        return {getattr(found, "owner")}  # noqa: B009 - of either model
    return set().union(*map(owners, found)) if isinstance(found, list) else set()


async def strays(server: QuickServer) -> int:
    """Count the tasks that a cancelled call left."""
    await turns()
    return len(other_tasks() - server.tasks.keys())


async def mismatches(world: World) -> int:
    """Use every place and every connection, and count the replies that are somebody else's."""
    asked = [new_owner() for _ in range(_CONNECTIONS)]
    async with asyncio.timeout(5):
        found = await asyncio.gather(*(world.accounts.get_one(owner, "a") for owner in asked))
    return sum(owners(account) != {owner} for owner, account in zip(asked, found, strict=True))


async def cancelled_after(steps: int, operation: Operation, world: World) -> bool:
    """Cancel a call after so many steps; tell whether it still ran."""
    owner = new_owner()
    task = asyncio.ensure_future(operation.call(world, owner))
    for _ in range(steps):
        await asyncio.sleep(0)
    was_cancelled = task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() is was_cancelled
    assert was_cancelled or owners(task.result()) <= {owner}
    return was_cancelled


@pytest.mark.parametrize("quick", [1, 4, 16], indirect=True, ids=lambda pieces: f"{pieces} pieces")
@pytest.mark.parametrize("is_connected", [True, False], ids=["connected", "not connected"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_a_call_can_be_cancelled_at_every_step(
    operation: Operation, is_connected: bool, quick: Quick, tally: Tally
) -> None:
    server, world = quick
    cancels = leaked = 0
    for steps in range(_MANY):
        if not is_connected:
            server.drop()
            await turns()
        if not await cancelled_after(steps, operation, world):
            break
        cancels += 1
        leaked += await strays(server) + await mismatches(world)
    tally.add("cancellations at every step", cancels, cancels - leaked, leaked=leaked)
    assert 1 < cancels < _MANY - 1
    assert not leaked


async def test_calls_beside_cancelled_ones_get_their_own_replies(
    quick: Quick, tally: Tally, profile: Profile
) -> None:
    server, world = quick
    random, number, places = Random(_SEED), profile.number(10_000), asyncio.Semaphore(20)  # noqa: S311
    outcomes: list[bool | None] = []

    async def one(operation: Operation, steps: int) -> None:
        async with places:
            owner = new_owner()
            task = asyncio.ensure_future(operation.call(world, owner))
            if steps:
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
            await asyncio.wait([task])
            outcomes.append(None if task.cancelled() else owners(task.result()) <= {owner})

    drawn = [(random.choice(OPERATIONS), random.choice((0, random.randint(1, 60)))) for _ in range(number)]
    await asyncio.gather(*(one(*each) for each in drawn))
    leaked = outcomes.count(False) + await strays(server) + await mismatches(world)
    tally.add("calls beside cancelled ones", number, len(outcomes) - leaked, leaked=leaked)
    assert outcomes.count(None) > number / 10
    assert outcomes.count(True) > number / 10
    assert not leaked
