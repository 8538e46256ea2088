"""Batches of which the service leaves parts undone: everything is written, in not too many requests."""

from __future__ import annotations

from math import ceil
from typing import Final

from dynarepo import DynamoDBConfig
from dynarepo.testing import Fault
from integration.reliability.profiles import Profile
from integration.reliability.tally import Tally
from integration.reliability.world import Account, World, new_owner, world_behind

_SEED: Final = 20260101
_UNPROCESSED: Final = 0.3
_THROTTLED: Final = 0.05
_CHUNK: Final = 25


async def requests_for(items: list[Account], config: DynamoDBConfig) -> int:
    """Write items while 30 % of the puts are left undone and 5 % of the requests throttled."""
    async with world_behind(config, seed=_SEED, unprocessed=_UNPROCESSED) as (proxy, world):
        proxy.fault_randomly({Fault.THROTTLED: _THROTTLED, Fault.UNPROCESSED: 1 - _THROTTLED})
        assert await world.accounts.batch_write(items) == len(items)
    return proxy.seen["BatchWriteItem"]


async def test_everything_is_written(
    patient_config: DynamoDBConfig, straight: World, tally: Tally, profile: Profile
) -> None:
    owner, number = new_owner(), profile.number(10_000)
    items = [Account(owner=owner, name=f"{each:05}", amount=each) for each in range(number)]
    requests = await requests_for(items, patient_config)
    stored = await straight.of(owner)
    right = sum(stored.get(item.name) == item for item in items)
    goal = f"puts in batches, {requests / ceil(number / _CHUNK):.2f} requests for 25"
    tally.add(goal, number, right, lost=number - right, doubled=max(0, len(stored) - number))
    assert right == len(stored) == number


async def test_it_takes_at_most_twice_the_requests(patient_config: DynamoDBConfig) -> None:
    owner, number = new_owner(), 1_000
    items = [Account(owner=owner, name=f"{each:05}") for each in range(number)]
    assert await requests_for(items, patient_config) <= 2 * ceil(number / _CHUNK)
