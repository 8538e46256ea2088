"""A call is cancelled at each step of the event loop: nothing of it stays, and the connection is good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import pytest
import pytest_asyncio
from pydantic import BaseModel

from dynarepo import DynamoDBConfig
from integration.reliability.cancelled_calls import CALLS, Call
from integration.reliability.profiles import Profile, chosen_profile
from integration.reliability.quick_server import QuickServer
from integration.reliability.tally import Tally
from integration.reliability.world import World, hurried, new_owner
from tests.faked import other_tasks, turns

_SEED: Final = 20260101
_CONNECTIONS: Final = 3

#: More steps than any call takes, so that one which never ends fails.
_MANY: Final = 1000

Quick = tuple[QuickServer, World]


@dataclass(frozen=True, slots=True)
class Way:
    """
    How calls come to the server and back.

    Attributes:
        transport: What carries them.
        pieces: In how many pieces a reply comes.
        is_connected: Whether there is a connection before a call begins.
        is_busy: Whether each request is throttled once.
    """

    transport: str = "direct"
    pieces: int = 1
    is_connected: bool = True
    is_busy: bool = False

    def __str__(self) -> str:
        parts = {
            self.transport: True,
            f"{self.pieces} pieces": self.pieces > 1,
            "not connected": not self.is_connected,
            "retried": self.is_busy,
        }
        return ", ".join(part for part, is_so in parts.items() if is_so)


_DIRECT: Final = Way()
_SDK: Final = Way("aioboto3")
_SHORT: Final = (_DIRECT, replace(_DIRECT, is_connected=False), replace(_DIRECT, is_busy=True), _SDK)
_FULL: Final = (
    *_SHORT,
    *(replace(_DIRECT, pieces=pieces, is_connected=is_so) for pieces in (4, 16) for is_so in (True, False)),
    replace(_SDK, is_connected=False),
    replace(_SDK, is_busy=True),
)
_WAYS: Final = _SHORT if chosen_profile().name == "short" else _FULL

#: How many calls are mixed; those of the SDK take long.
_MIXED: Final = {_DIRECT: 10_000, _SDK: 1_000}


def goal(what: str, way: Way) -> str:
    return what if way.transport == _DIRECT.transport else f"{what}, {way.transport}"


@pytest_asyncio.fixture(loop_scope="session")
async def quick(request: pytest.FixtureRequest, patient_config: DynamoDBConfig) -> AsyncIterator[Quick]:
    """Connect to a server that answers at once; at the end nothing is left of either."""
    way: Way = request.param
    async with QuickServer(way.pieces, is_busy=way.is_busy) as server:
        update = {"endpoint_url": server.url, "max_connections": _CONNECTIONS, "transport": way.transport}
        async with hurried(patient_config.model_copy(update=update)) as world:
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


async def cancelled_after(steps: int, call: Call, world: World) -> bool:
    """Cancel a call after so many steps; tell whether it still ran."""
    owner = new_owner()
    task = asyncio.ensure_future(call(world, owner))
    for _ in range(steps):
        await asyncio.sleep(0)
    was_cancelled = task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() is was_cancelled
    assert was_cancelled or owners(task.result()) <= {owner}
    return was_cancelled


@pytest.mark.parametrize(
    ("quick", "way"), [(way, way) for way in _WAYS], indirect=["quick"], ids=map(str, _WAYS)
)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_call_can_be_cancelled_at_every_step(
    call: Call, way: Way, quick: Quick, tally: Tally
) -> None:
    server, world = quick
    cancels = leaked = 0
    for steps in range(_MANY):
        if not way.is_connected:
            server.drop()
            await turns()
        if not await cancelled_after(steps, call, world):
            break
        cancels += 1
        leaked += await strays(server) + await mismatches(world)
    tally.add(goal("cancellations at every step", way), cancels, cancels - leaked, leaked=leaked)
    assert 1 < cancels < _MANY - 1
    assert not leaked


@pytest.mark.parametrize(
    ("quick", "way"), [(way, way) for way in _MIXED], indirect=["quick"], ids=map(str, _MIXED)
)
async def test_calls_beside_cancelled_ones_get_their_own_replies(
    way: Way, quick: Quick, tally: Tally, profile: Profile
) -> None:
    server, world = quick
    random, number, places = Random(_SEED), profile.number(_MIXED[way]), asyncio.Semaphore(20)  # noqa: S311
    outcomes: list[bool | None] = []

    async def one(call: Call, steps: int) -> None:
        async with places:
            owner = new_owner()
            task = asyncio.ensure_future(call(world, owner))
            if steps:
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
            await asyncio.wait([task])
            outcomes.append(None if task.cancelled() else owners(task.result()) <= {owner})

    calls = list(CALLS.values())
    drawn = [(random.choice(calls), random.choice((0, random.randint(1, 60)))) for _ in range(number)]
    await asyncio.gather(*(one(*each) for each in drawn))
    leaked = outcomes.count(False) + await strays(server) + await mismatches(world)
    tally.add(goal("calls beside cancelled ones", way), number, len(outcomes) - leaked, leaked=leaked)
    assert outcomes.count(None) > number / 10
    assert outcomes.count(True) > number / 10
    assert not leaked
