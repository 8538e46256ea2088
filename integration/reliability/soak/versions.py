"""Random writes of a task's own items that count their versions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random

from dynarepo import AsyncDynamoDBRepository
from dynarepo.exceptions import ItemNotFoundError, VersionConflictError
from integration.reliability.soak.calls import Calls
from integration.reliability.soak.holdings import Findings, Holding
from integration.reliability.world import Counted

__all__ = ["Versions"]


class Versions:
    """
    Writes items that count their versions; each is an owner of its own.

    Args:
        counted: The way to them.
        held: What is known of them.
        calls: Makes the calls.
        findings: Where goes what is wrong.
        random: Draws what is done.
    """

    def __init__(
        self,
        counted: AsyncDynamoDBRepository[Counted],
        held: Holding[Counted],
        calls: Calls,
        findings: Findings,
        random: Random,
    ) -> None:
        self._counted = counted
        self._held = held
        self._calls = calls
        self._findings = findings
        self._random = random
        self._number = 0

    async def write(self) -> None:
        """Make the next version of an item, or the first."""
        owner = self._random.choice(list(self._held.known))
        before = self._held.known[owner]
        if before is None:
            item = self._next(Counted(owner=owner))
            ways: list[tuple[str, Callable[[], Awaitable[object]]]] = [
                ("create, versioned", lambda: self._counted.create(item.model_copy(update={"version": 0}))),
                ("save, version 0", lambda: self._counted.save(item.model_copy(update={"version": 0}))),
            ]
        else:
            item = self._next(before)
            stale = item.model_copy(update={"version": before.version})
            changes = {"amount": item.amount, "writer": item.writer}
            ways = [
                ("save, versioned", lambda: self._counted.save(stale)),
                ("mutate", lambda: self._counted.mutate(owner, change=lambda _: stale)),
                (
                    "update, versioned",
                    lambda: self._counted.update(owner, changes=changes, version=stale.version),
                ),
            ]
        await self._write(owner, item, *self._random.choice(ways))

    async def delete(self) -> None:
        """Delete an item of its version."""
        owner = self._random.choice(list(self._held.known))
        before = self._held.known[owner]
        if before is not None:
            await self._write(
                owner, None, "delete, versioned", lambda: self._counted.delete(owner, version=before.version)
            )

    async def be_refused(self) -> None:
        """Write on a version that is not the stored one."""
        owner = self._random.choice(list(self._held.known))
        before = self._held.known[owner]
        found = 0 if before is None else before.version
        version = found + self._random.choice((1, 2))
        stale = Counted(owner=owner, amount=-1, writer="stale", version=version)
        ways: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("save, stale", lambda: self._counted.save(stale)),
            ("delete, stale", lambda: self._counted.delete(owner, version=version)),
            ("update, stale", lambda: self._counted.update(owner, changes={"amount": -1}, version=version)),
        ]
        what, call = self._random.choice(ways)
        outcome = await self._calls.make(what, call())
        match outcome.error:
            case VersionConflictError() | ItemNotFoundError() as error:
                self._held.find(owner, error.item, what)
            case None:
                self._findings.add("doubled", f"{what} was done")
            case _ if outcome.is_unknown:
                self._held.become_unknown(owner, before)
            case _ if not outcome.is_without_effect:
                self._calls.foreign(outcome)

    async def _write(
        self, owner: str, after: Counted | None, what: str, call: Callable[[], Awaitable[object]]
    ) -> None:
        outcome = await self._calls.make(what, call())
        if outcome.error is None:
            if outcome.returned != (True if after is None else after):
                self._findings.add("lost", f"{what} returned another item than it stored")
            self._held.become(owner, after, is_settled=outcome.is_settled)
        elif outcome.is_unknown:
            self._held.become_unknown(owner, after)
        elif not outcome.is_without_effect:
            self._calls.foreign(outcome)

    def _next(self, item: Counted) -> Counted:
        self._number += 1
        changed = {"amount": item.amount + 1, "writer": f"{self._number}", "version": item.version + 1}
        return item.model_copy(update=changed)
