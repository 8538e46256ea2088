"""A hundred tasks work on one connection for long: nothing is lost, doubled or leaked, and nothing grows."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from random import Random
from typing import Any, Final

import pytest

from dynarepo import DynamoDBConfig, DynamoDBConnection
from dynarepo.testing import Fault, FaultProxy
from integration.reliability.profiles import Profile
from integration.reliability.scenarios import Lateness
from integration.reliability.soak.calls import Calls
from integration.reliability.soak.holdings import Findings
from integration.reliability.soak.resources import CAN_COUNT, Resources
from integration.reliability.soak.shared import Shared
from integration.reliability.soak.worker import Worker
from integration.reliability.tally import Tally
from integration.reliability.world import World
from tests.faked import other_tasks, turns

_SEED: Final = 20260101
_TASKS: Final = 100
_FAULTY: Final = 0.05

#: Faults that hold up a call for the time of an attempt.
_SLOW: Final = (Fault.SILENT, Fault.SILENT_AFTER, Fault.LATE)
_SLOW_RATE: Final = 0.001

#: Faults that only batches, or only listings, can meet.
_RARE: Final = (Fault.UNPROCESSED, Fault.EMPTY_PAGE)
_RARE_RATE: Final = 0.02

#: How long the tasks work before they rest and everything is judged.
_ROUND_SECONDS: Final = 10
_WARM_UP_SECONDS: Final = 60
_MOST_GROWTH: Final = 10_000_000


class Silent:
    """A logger that keeps nothing."""

    def debug(self, event: str, /, **fields: Any) -> None:
        """Keep nothing; so do the others."""

    info = warning = error = debug


class Soak:
    """Lets tasks work, and judges what is stored and held whenever they rest."""

    def __init__(self, config: DynamoDBConfig, straight: World, *, has_tokens: bool) -> None:
        self.findings = Findings()
        self.calls = Calls(config, self.findings)
        self.resources = Resources()
        self._straight = straight
        self._has_tokens = has_tokens
        self._shared = Shared(self.calls, self.findings, Random(_SEED), has_tokens=has_tokens)  # noqa: S311

    async def run(self, proxy: FaultProxy, world: World, rounds: int, seconds: float) -> None:
        """Let them work for some rounds."""
        await self._shared.make(self._straight)
        workers = [self._worker(world, number) for number in range(_TASKS)]
        for number in range(rounds):
            proxy.fault_randomly(_rates())
            await self._work(workers, seconds)
            if number == 0:
                self.calls.overdue = 0  # a server that was just started is slow
            proxy.fault(None)
            await _rest(proxy)
            for worker in workers:
                await worker.settle(self._straight)
            await self._shared.check(self._straight)
            self.resources.look()

    def _worker(self, world: World, number: int) -> Worker:
        random = Random(_SEED + number)  # noqa: S311
        return Worker(world, self._shared, self.calls, self.findings, random, has_tokens=self._has_tokens)

    async def _work(self, workers: list[Worker], seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        self.calls.lateness = Lateness()
        async with self.calls.lateness.watched(), asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(worker.work(until))


def _rates() -> dict[Fault, float]:
    # A connection that is being accepted while its server ends is not closed by asyncio.
    quick = [fault for fault in Fault if fault not in (*_SLOW, *_RARE, Fault.RESTART)]
    rates = dict.fromkeys(_SLOW, _SLOW_RATE)
    rates |= dict.fromkeys(quick, (_FAULTY - sum(rates.values())) / len(quick))
    return rates | dict.fromkeys(_RARE, _RARE_RATE)


async def _rest(proxy: FaultProxy) -> None:
    """Close every connection, and wait until what came over them is done."""
    async with asyncio.timeout(60):
        proxy.refuse()
        await proxy.drained()
        await turns()
        await proxy.accept()


@contextmanager
def unhandled() -> Iterator[list[dict[str, Any]]]:
    """Collect what the loop is told of errors that nobody handled."""
    loop, found = asyncio.get_running_loop(), list[dict[str, Any]]()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: found.append(context))
    try:
        yield found
    finally:
        loop.set_exception_handler(before)


@pytest.mark.skipif(not CAN_COUNT, reason="counts descriptors and memory by /proc")
async def test_a_hundred_tasks_work_for_a_long_time(
    patient_config: DynamoDBConfig, straight: World, tally: Tally, profile: Profile, backend_name: str
) -> None:
    config = patient_config.model_copy(update={"deadline": 8.0, "attempt_timeout": 2.0})
    rounds = max(3, round(profile.soak_seconds / _ROUND_SECONDS))
    seconds = profile.soak_seconds / rounds
    before, soak = other_tasks(), Soak(config, straight, has_tokens=backend_name != "embedded")
    with unhandled() as errors:
        async with FaultProxy(config, random=Random(_SEED)) as proxy:  # noqa: S311
            async with DynamoDBConnection(config=proxy.config, logger=Silent()) as connection:
                await soak.run(proxy, World.on(connection), rounds, seconds)
            await proxy.drained()
        gc.collect()
        await turns()
    left = other_tasks() - before
    made, found, resources = soak.calls.made, soak.findings, soak.resources
    columns = found.columns + Counter(leaked=len(errors) + len(left))
    tally.add(f"soak, {profile.soak_seconds:g} s, {made:,} calls", made, made - columns.total(), **columns)
    assert found.texts == []
    assert (errors, left) == ([], set())
    assert proxy.faults.total() > 0.5 * _FAULTY * proxy.seen.total()
    assert soak.calls.overdue <= made / 100
    assert resources.is_flat(resources.descriptors), resources.descriptors
    warm_up = min(ceil(rounds / 3), ceil(_WARM_UP_SECONDS / seconds))
    assert resources.growth(warm_up) <= _MOST_GROWTH
