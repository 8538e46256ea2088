"""What all tasks write together, and what must hold of it whatever is lost."""

from __future__ import annotations

from random import Random
from typing import Final

from dynarepo import TransactWriteItem, increment
from integration.reliability.soak.calls import Calls, Outcome
from integration.reliability.soak.holdings import Findings
from integration.reliability.world import Account, Counted, World, new_owner

__all__ = ["Shared"]

_PURSES: Final = 10
_FUNDS: Final = 1000


class Shared:
    """
    Purses between which money goes around, a counter, and an item that counts its versions.

    Attributes:
        owner: Whose they are.
    """

    def __init__(self, calls: Calls, findings: Findings, random: Random, *, has_tokens: bool) -> None:
        self._calls = calls
        self._findings = findings
        self._random = random
        self._has_tokens = has_tokens
        self._added = self._maybe_added = 0
        self._mutated = self._maybe_mutated = 0
        self.owner = new_owner()

    async def make(self, world: World) -> None:
        """Store them as they are in the beginning."""
        purses = [Account(owner=self.owner, name=name, amount=_FUNDS) for name in self._names()]
        await world.accounts.batch_write([*purses, Account(owner=self.owner, name="counter")])
        await world.counted.create(Counted(owner=self.owner))

    async def transfer(self, world: World) -> None:
        """Take from one purse and give to another."""
        (giver, taker), money = self._random.sample(self._names(), 2), self._random.randint(1, 50)
        call = world.accounts.transact_write(
            [
                TransactWriteItem.update(self.owner, giver, lambda a: [increment(a.amount, -money)]),
                TransactWriteItem.update(self.owner, taker, lambda a: [increment(a.amount, money)]),
            ]
        )
        self._judge(await self._calls.make("a transfer", call))

    async def audit(self, world: World) -> None:
        """Read all purses at one moment."""
        call = world.accounts.transact_get([(self.owner, name) for name in self._names()])
        outcome = await self._calls.make("transact_get", call)
        if self._judge(outcome):
            self._check_purses(outcome.returned, "transact_get")

    async def add(self, world: World) -> None:
        """Add to the counter exactly once."""
        call = world.accounts.update(
            self.owner, "counter", lambda a: [increment(a.amount, 1)], exactly_once=self._has_tokens
        )
        outcome = await self._calls.make("a counter", call)
        self._added += self._judge(outcome)
        self._maybe_added += outcome.is_unknown

    async def mutate(self, world: World) -> None:
        """Add to the item that counts its versions."""
        writer = f"{self._random.random()}"

        def add(item: Counted) -> Counted:
            return item.model_copy(update={"amount": item.amount + 1, "writer": writer})

        outcome = await self._calls.make("mutate, together", world.counted.mutate(self.owner, change=add))
        self._mutated += self._judge(outcome)
        self._maybe_mutated += outcome.is_unknown

    async def check(self, straight: World) -> None:
        """Judge all of it when nothing is under way."""
        stored = await straight.of(self.owner)
        self._check_purses([stored.get(name) for name in self._names()], "at rest")
        added = self._of("the counter", stored["counter"].amount, self._added, self._maybe_added)
        self._added, self._maybe_added = added, 0
        counted = await straight.counted.get_one(self.owner, consistent=True)
        assert counted is not None
        mutated = self._of("the versions", counted.amount, self._mutated, self._maybe_mutated)
        self._mutated, self._maybe_mutated = mutated, 0
        if counted.version != counted.amount + 1:
            self._findings.add("lost", "at rest: versions do not count the writes")

    def _of(self, what: str, found: int, acknowledged: int, unknown: int) -> int:
        if found < acknowledged:
            self._findings.add("lost", f"at rest: {what} counts {acknowledged - found} too few")
        if found > acknowledged + unknown:
            self._findings.add("doubled", f"at rest: {what} counts {found - acknowledged - unknown} too many")
        return found

    def _check_purses(self, purses: list[Account | None], how: str) -> None:
        names = [purse and (purse.owner, purse.name) for purse in purses]
        if names != [(self.owner, name) for name in self._names()]:
            self._findings.add("leaked", f"{how}: gave other purses than were asked for")
        elif sum(purse.amount for purse in purses if purse) != _PURSES * _FUNDS:
            self._findings.add("lost", f"{how}: the purses have not their sum")

    def _judge(self, outcome: Outcome) -> bool:
        if outcome.error is not None and not outcome.is_unknown and not outcome.is_without_effect:
            self._calls.foreign(outcome)
        return outcome.error is None

    def _names(self) -> list[str]:
        return [f"purse {number}" for number in range(_PURSES)]
