"""The way of a sequence to its items: straight to the server, or through faults of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Final

from dynarepo import DynamoDBConfig, DynamoDBConnection
from dynarepo.testing import Fault, FaultProxy
from integration.reliability.stateful.desk import Desk, Step
from integration.reliability.stateful.documents import Shelved, State
from integration.reliability.world import connected

__all__ = ["FaultyPassage", "Passage", "faulty_passage"]

#: Faults that hold up a call for the time of an attempt.
_SLOW: Final = (Fault.SILENT, Fault.SILENT_AFTER, Fault.LATE)
_SLOW_RATE: Final = 0.005
_RATE: Final = 0.01
#: Those that only batches, or only listings, can meet.
_RARE: Final = (Fault.UNPROCESSED, Fault.EMPTY_PAGE)
_RARE_RATE: Final = 0.25


class Passage:
    """
    Makes the calls of a sequence.

    Args:
        connection: Leads straight to the server.
        model: The model of the sequence.
        table_name: Its table.
        prefix: What tells its shelves from those of other sequences.

    Attributes:
        is_faulty: Whether calls may fail.
    """

    is_faulty = False

    def __init__(
        self, connection: DynamoDBConnection, model: type[Shelved], table_name: str, prefix: str
    ) -> None:
        self._model = model
        self._table_name = table_name
        self._prefix = prefix
        self.straight = self._desk(connection)

    async def called(self, step: Step, state: State) -> tuple[object, Exception | None]:
        """Make the call of a step; give what it returned or raised once nothing of it is under way."""
        try:
            return await step.call(await self._way(), state), None
        except Exception as error:  # noqa: BLE001 - judged by the player, the foreign ones too
            return None, error

    async def _way(self) -> Desk:
        return self.straight

    def _desk(self, connection: DynamoDBConnection) -> Desk:
        repository = connection.repository(self._model, table_name=self._table_name)
        return Desk(connection, repository, self._prefix)


class FaultyPassage(Passage):
    """Makes the calls of a sequence through a proxy."""

    is_faulty = True

    def __init__(
        self,
        connection: DynamoDBConnection,
        model: type[Shelved],
        table_name: str,
        prefix: str,
        proxy: FaultProxy,
    ) -> None:
        super().__init__(connection, model, table_name, prefix)
        self._proxy = proxy
        self._stack = AsyncExitStack()
        self._open: Desk | None = None

    async def called(self, step: Step, state: State) -> tuple[object, Exception | None]:
        """Make it; what was given up may be done late, so that the connection is closed and opened again."""
        clock = asyncio.get_running_loop().time
        began = clock()
        returned, error = await super().called(step, state)
        if error is not None or clock() - began >= self._proxy.config.attempt_timeout:
            await self.close()
        return returned, error

    async def close(self) -> None:
        """Close the connection, and wait until what came over it is done."""
        await self._stack.aclose()
        self._open = None
        await self._proxy.drained()

    async def _way(self) -> Desk:
        if self._open is None:
            self._stack = AsyncExitStack()
            world = await self._stack.enter_async_context(connected(self._proxy.config))
            self._open = self._desk(world.connection)
        return self._open


@asynccontextmanager
async def faulty_passage(
    config: DynamoDBConfig,
    seed: int,
    connection: DynamoDBConnection,
    model: type[Shelved],
    table_name: str,
    prefix: str,
) -> AsyncIterator[tuple[FaultProxy, FaultyPassage]]:
    """Put a proxy before the server that draws its faults by a seed."""
    async with FaultProxy(config, random=Random(seed)) as proxy:  # noqa: S311
        proxy.fault_randomly(_rates())
        passage = FaultyPassage(connection, model, table_name, prefix, proxy)
        try:
            yield proxy, passage
        finally:
            await passage.close()


def _rates() -> dict[Fault, float]:
    # A connection that is being accepted while its server ends is not closed by asyncio.
    quick = [fault for fault in Fault if fault not in (*_SLOW, *_RARE, Fault.RESTART)]
    rates = dict.fromkeys(quick, _RATE) | dict.fromkeys(_SLOW, _SLOW_RATE)
    return rates | dict.fromkeys(_RARE, _RARE_RATE)
