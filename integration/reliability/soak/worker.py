"""One of many tasks: random calls, one after the other, on items of its own and on what all share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from integration.reliability.soak.calls import Calls
from integration.reliability.soak.holdings import Findings, Holding
from integration.reliability.soak.reads import Reads
from integration.reliability.soak.shared import Shared
from integration.reliability.soak.versions import Versions
from integration.reliability.soak.writes import Writes
from integration.reliability.world import Account, Counted, World, new_owner

__all__ = ["Worker"]

_ACCOUNTS: Final = 12
_COUNTED: Final = 3


class Worker:
    """
    Makes random calls.

    Args:
        world: The way through the faults.
        shared: What all tasks write.
        calls: Makes the calls.
        findings: Where goes what is wrong.
        random: Draws what is done.
        has_tokens: Whether the server does a transaction with a client token once.
    """

    def __init__(
        self,
        world: World,
        shared: Shared,
        calls: Calls,
        findings: Findings,
        random: Random,
        *,
        has_tokens: bool,
    ) -> None:
        self._random = random
        self._number = 0
        self._owner = new_owner()
        self._accounts: Holding[Account] = Holding("account", findings, self._new_name, _ACCOUNTS)
        self._counted: Holding[Counted] = Holding("versioned item", findings, new_owner, _COUNTED)
        reads = Reads(world.accounts, self._accounts, self._owner, calls, findings, random)
        writes = Writes(world.accounts, self._accounts, self._owner, calls, findings, random)
        versions = Versions(world.counted, self._counted, calls, findings, random)
        self._weights: dict[Callable[[], Awaitable[None]], int] = {
            reads.get: 12,
            reads.batch_get: 6,
            reads.query: 6,
            reads.leave_pages: 5,
            writes.save: 10,
            writes.save_if: 5,
            writes.create: 8,
            writes.set: 8,
            writes.increment: 8,
            writes.delete: 6,
            writes.batch_write: 5,
            writes.batch_delete: 2,
            versions.write: 10,
            versions.delete: 1,
            versions.be_refused: 3,
            lambda: shared.transfer(world): 3,
            lambda: shared.audit(world): 2,
            lambda: shared.add(world): 2,
            lambda: shared.mutate(world): 1,
        }
        if has_tokens:
            self._weights |= {writes.increment_once: 6, writes.transact: 6, writes.be_cancelled: 2}

    async def work(self, until: float) -> None:
        """Make calls until a time of the loop."""
        clock = asyncio.get_running_loop().time
        operations, weights = list(self._weights), list(self._weights.values())
        while clock() < until:
            (operation,) = self._random.choices(operations, weights)
            await operation()

    async def settle(self, straight: World) -> None:
        """Judge all that is stored when nothing is under way."""
        left = self._accounts.settle(await straight.of(self._owner))
        await straight.accounts.batch_delete([(self._owner, name) for name in left])
        owners = self._counted.keys()
        stored = await straight.counted.batch_get(owners, consistent=True)
        left = self._counted.settle({each.owner: each for each in stored if each is not None})
        await straight.counted.batch_delete(left)

    def _new_name(self) -> str:
        self._number += 1
        return f"{self._number:06}"
