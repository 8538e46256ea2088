"""
Each fault, at the first, second and every attempt of each operation.

A call ends in a success with exactly one effect, in an error without an effect, or in
`WriteOutcomeUnknownError`; in time, and never in an error that is not of the library.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

import pytest

from dynarepo import DynamoDBConfig
from dynarepo.exceptions import TransientError
from dynarepo.testing import Fault
from integration.reliability.operations import OPERATIONS, Operation
from integration.reliability.scenarios import Lateness, Met, Scenario, complaint, ended
from integration.reliability.tally import Tally
from integration.reliability.world import World, new_owner, world_behind

_AT_ONCE: Final = 8
_ON_OTHER_TRANSPORT: Final = {"get_one", "query", "create", "update with increment", "update exactly once"}
_FAULTS: Final = (None, *Fault)


def _name(fault: Fault | None) -> str:
    return "refused connection" if fault is None else fault.name


def _operations(fault: Fault | None, backend_name: str) -> list[Operation]:
    chosen = [each for each in OPERATIONS if not each.has_token or backend_name != "embedded"]
    if fault is Fault.EMPTY_PAGE:
        return [operation for operation in chosen if operation.is_listing]
    if fault is Fault.UNPROCESSED:
        return [operation for operation in chosen if operation.is_batch]
    return chosen


class Matrix:
    """Plays scenarios, some at once, and counts how they end."""

    def __init__(self, config: DynamoDBConfig, straight: World, tally: Tally) -> None:
        self._config = config
        self._straight = straight
        self._tally = tally
        self._lateness = Lateness()

    async def complaints(self, goal: str, scenarios: list[Scenario]) -> list[str]:
        """Play all and give what is wrong."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def played(scenario: Scenario) -> tuple[str, str] | None:
            async with places:
                end = await ended(scenario, self._config, self._straight, self._lateness)
            found = complaint(scenario.operation, end)
            return found and (found[0], f"{scenario}: {found[1]}")

        async with self._lateness.watched():
            ends = await asyncio.gather(*map(played, scenarios))
        found = [each for each in ends if each is not None]
        columns = Counter(column for column, _ in found)
        self._tally.add(goal, len(scenarios), len(scenarios) - len(found), **columns)
        return [text for _, text in found]


@pytest.mark.parametrize("fault", _FAULTS, ids=_name)
async def test_a_call_is_done_once_or_fails_without_effect_or_says_that_it_is_unknown(
    fault: Fault | None, quick_config: DynamoDBConfig, straight: World, tally: Tally, backend_name: str
) -> None:
    scenarios = [Scenario(each, fault, met) for each in _operations(fault, backend_name) for met in Met]
    matrix = Matrix(quick_config, straight, tally)
    assert await matrix.complaints("fault matrix", scenarios) == []


@pytest.mark.parametrize("fault", _FAULTS, ids=_name)
async def test_so_it_is_on_the_other_transport(
    fault: Fault | None, quick_config: DynamoDBConfig, straight: World, tally: Tally, backend_name: str
) -> None:
    """The first attempt will do: what follows it is the same on both."""
    config = quick_config.model_copy(
        update={"transport": "aioboto3", "attempt_timeout": 0.5, "deadline": 2.0}
    )
    chosen = [each for each in _operations(fault, backend_name) if each.name in _ON_OTHER_TRANSPORT]
    matrix = Matrix(config, straight, tally)
    scenarios = [Scenario(each, fault, Met.FIRST) for each in chosen]
    assert await matrix.complaints("fault matrix, aioboto3", scenarios) == []


async def test_calls_that_wait_for_a_connection_end_in_time(
    quick_config: DynamoDBConfig, tally: Tally
) -> None:
    config, clock = quick_config.model_copy(update={"max_connections": 1}), asyncio.get_running_loop().time
    lateness, number = Lateness(), 10
    async with lateness.watched(), world_behind(config) as (proxy, world):
        proxy.fault(lambda operation, number: Fault.SILENT)
        due = clock() + config.deadline
        calls = [world.accounts.get_one(new_owner(), "a") for _ in range(number)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        late = clock() - due - lateness.since(due - 0.1)
    in_time = [isinstance(each, TransientError) and late <= 0.1 for each in found]
    tally.add("calls in a full pool", number, sum(in_time), leaked=number - sum(in_time))
    assert all(in_time)
