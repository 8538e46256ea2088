"""Random sequences of calls end as plain Python says, step by step; under faults, as far as can be known."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

import pytest
import pytest_asyncio

from dynarepo import DynamoDBConfig
from integration.reliability.profiles import Profile
from integration.reliability.stateful.documents import Document, Edition, Shelved
from integration.reliability.stateful.drawing import draw, model_of
from integration.reliability.stateful.passages import Passage, faulty_passage
from integration.reliability.stateful.playing import DifferenceError, play
from integration.reliability.tally import Tally
from integration.reliability.world import World, new_owner

_AT_ONCE: Final = 8

#: Names the one sequence to play.
_SEQUENCE: Final = "RELIABILITY_SEQUENCE"

Shelves = dict[type[Shelved], str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shelves(straight: World) -> AsyncIterator[Shelves]:
    """Make a table for each model."""
    admin = straight.connection.table_admin()
    name = straight.connection.config.table_name
    tables: Shelves = {Document: f"{name}-documents", Edition: f"{name}-editions"}
    for table in tables.values():
        await admin.create_table(Shelved, table_name=table)
    yield tables
    for table in tables.values():
        await admin.delete_table(table)


def seeds(number: int) -> Sequence[int]:
    chosen = os.environ.get(_SEQUENCE)
    return range(number) if chosen is None else [int(chosen)]


async def differences(
    goal: str, number: int, played: Callable[[int], Awaitable[Counter[str]]], tally: Tally
) -> tuple[list[str], Counter[str]]:
    """Play sequences, some at once; give what differs, and how the calls ended."""
    places, found, ends = asyncio.Semaphore(_AT_ONCE), list[str](), Counter[str]()

    async def one(seed: int) -> str | None:
        async with places:
            try:
                ends.update(await played(seed))
            except DifferenceError as difference:
                found.append(f"sequence {seed} ({_SEQUENCE}={seed} plays it alone), {difference}")
                return difference.column
        return None

    columns = await asyncio.gather(*map(one, seeds(number)))
    counts = Counter(column for column in columns if column is not None)
    tally.add(goal, len(columns), len(columns) - counts.total(), **counts)
    return found, ends


async def test_sequences_end_as_the_model_says(
    shelves: Shelves, straight: World, profile: Profile, tally: Tally
) -> None:
    async def played(seed: int) -> Counter[str]:
        model, prefix = model_of(seed), f"{secrets.token_hex(4)}-"
        passage = Passage(straight.connection, model, shelves[model], prefix)
        ends = await play(draw(seed), passage)
        await passage.straight.clear()
        return ends

    found, ends = await differences("stateful model", profile.sequences, played, tally)
    assert not found, found[0]
    assert ends["done"] > ends.total() / 2


@pytest.mark.differs("embedded", reason="moto does a transaction again that has a client token")
async def test_sequences_under_faults_end_as_the_model_permits(
    shelves: Shelves,
    straight: World,
    quick_config: DynamoDBConfig,
    profile: Profile,
    tally: Tally,
    backend_name: str,
) -> None:
    config = quick_config.model_copy(update={"deadline": 3.0, "attempt_timeout": 0.4})
    faults: Counter[str] = Counter()

    async def played(seed: int) -> Counter[str]:
        model, prefix = model_of(seed), f"{secrets.token_hex(4)}-"
        way = faulty_passage(config, seed, straight.connection, model, shelves[model], prefix)
        async with way as (proxy, passage):
            ends = await play(draw(seed), passage)
            faults.update(fault.name for fault in proxy.faults.elements())
        await passage.straight.clear()
        return ends

    found, ends = await differences("stateful model, faults", profile.faulty_sequences, played, tally)
    assert not found, found[0]
    assert ends["done"] > ends.total() / 2
    assert faults.total() > ends.total() / 20


async def test_a_delete_of_version_0_that_is_done_once_is_content_with_no_item(straight: World) -> None:
    assert await straight.counted.delete(new_owner(), version=0, exactly_once=True) is False
