"""Random writes of a task's own items, each of which must end as the task foresees."""

from __future__ import annotations

from collections.abc import Awaitable
from random import Random
from typing import Final

from dynarepo import AsyncDynamoDBRepository, TransactWriteItem, increment
from dynarepo.exceptions import (
    ConditionFailedError,
    DynamoDBBatchOperationError,
    DynamoDBTransactionError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
)
from integration.reliability.soak.calls import Calls, Outcome
from integration.reliability.soak.holdings import Findings, Holding
from integration.reliability.world import Account

__all__ = ["Writes"]

Refusal = type[ConditionFailedError]

_MOST_AT_ONCE: Final = 8


class Writes:
    """
    Writes the accounts of one owner; nobody else does.

    Args:
        accounts: The way to them.
        held: What is known of them.
        owner: Whose they are.
        calls: Makes the calls.
        findings: Where goes what is wrong.
        random: Draws what is written.
    """

    def __init__(
        self,
        accounts: AsyncDynamoDBRepository[Account],
        held: Holding[Account],
        owner: str,
        calls: Calls,
        findings: Findings,
        random: Random,
    ) -> None:
        self._accounts = accounts
        self._held = held
        self._owner = owner
        self._calls = calls
        self._findings = findings
        self._random = random
        self._number = 0

    async def save(self) -> None:
        """Save an item, whatever is there."""
        item = self._new(self._any())
        await self._write("save", item.name, self._accounts.save(item), item)

    async def save_if(self) -> None:
        """Save an item on a condition that holds, or does not."""
        item = self._new(self._any())
        before, holds = self._held.known[item.name], self._random.random() < 0.7
        amount = (0 if before is None else before.amount) + (not holds)
        call = self._accounts.save(item, where=lambda a: a.amount == amount)
        refusal = None if before is not None and holds else ConditionFailedError
        await self._write("save, where", item.name, call, item, refusal)

    async def create(self) -> None:
        """Create an item, be there one or not."""
        item = self._new(self._any())
        refusal = None if self._held.known[item.name] is None else ItemAlreadyExistsError
        await self._write("create", item.name, self._accounts.create(item), item, refusal)

    async def set(self) -> None:
        """Set a field, be there an item or not."""
        note = self._new("").note
        name, after = self._updated(note=note)
        refusal = None if after is not None else ItemNotFoundError
        call = self._accounts.update(self._owner, name, {"note": note})
        await self._write("update", name, call, after, refusal)

    async def increment(self, *, exactly_once: bool = False) -> None:
        """Add to a field, be there an item or not."""
        by = self._random.randint(1, 9)
        name, after = self._updated(by=by)
        refusal = None if after is not None else ItemNotFoundError
        call = self._accounts.update(
            self._owner, name, lambda a: [increment(a.amount, by)], exactly_once=exactly_once
        )
        await self._write("increment, once" if exactly_once else "increment", name, call, after, refusal)

    async def increment_once(self) -> None:
        """Add to a field exactly once."""
        await self.increment(exactly_once=True)

    async def delete(self) -> None:
        """Delete an item, be there one or not."""
        name = self._any()
        was_there = self._held.known[name] is not None
        outcome = await self._calls.make("delete", self._accounts.delete(self._owner, name))
        # A delete that was sent again may find what its first attempt left: nothing.
        if outcome.error is None and outcome.returned not in {was_there, False}:
            self._findings.add("doubled", "delete told of an item where there was none")
        self._end(name, outcome, None)

    async def batch_write(self) -> None:
        """Write several items."""
        items = [self._new(name) for name in self._several()]
        outcome = await self._calls.make("batch_write", self._accounts.batch_write(items))
        self._end_batch(outcome, {item.name: item for item in items})

    async def batch_delete(self) -> None:
        """Delete several items."""
        names = self._several()
        call = self._accounts.batch_delete([(self._owner, name) for name in names])
        outcome = await self._calls.make("batch_delete", call)
        self._end_batch(outcome, dict.fromkeys(names))

    async def transact(self) -> None:
        """Do several writes, all or nothing."""
        written: dict[str, Account | None] = {}
        operations = []
        for name in self._several(4):
            operation, written[name] = self._operation(name)
            operations.append(operation)
        outcome = await self._calls.make("transact_write", self._accounts.transact_write(operations))
        for name, after in written.items():
            self._end(name, outcome, after)

    async def be_cancelled(self) -> None:
        """Have a transaction cancelled, as one of its conditions does not hold."""
        name, *others = self._several(4)
        wrong = TransactWriteItem.check(self._owner, name, where=lambda a: a.note == "never")
        operations = [wrong, *(self._operation(other)[0] for other in others)]
        self._random.shuffle(operations)
        outcome = await self._calls.make("transact_write", self._accounts.transact_write(operations))
        if isinstance(outcome.error, DynamoDBTransactionError):
            reasons = [reason and reason.code for reason in outcome.error.reasons]
            expected = [("ConditionalCheckFailed" if each is wrong else None) for each in operations]
            if reasons != expected:
                self._findings.add("leaked", f"transact_write gave the reasons {reasons}, not {expected}")
        elif outcome.error is None or not (outcome.is_without_effect or outcome.is_unknown):
            self._calls.foreign(outcome)

    async def _write(
        self,
        what: str,
        name: str,
        call: Awaitable[object],
        after: Account | None,
        refusal: Refusal | None = None,
    ) -> None:
        """Make a call that gives the item as it is then, or is refused and tells what is there."""
        outcome = await self._calls.make(what, call)
        if outcome.error is None and refusal is None and outcome.returned != after:
            self._findings.add("lost", f"{what} returned another item than it stored")
        if refusal is None:
            self._end(name, outcome, after)
        elif isinstance(outcome.error, ConditionFailedError) and type(outcome.error) is refusal:
            self._held.find(name, outcome.error.item, f"{what}, refused")
        elif outcome.is_unknown:
            self._held.become_unknown(name, self._held.known[name])
        elif not outcome.is_without_effect:
            self._calls.foreign(outcome)

    def _end(self, name: str, outcome: Outcome, after: Account | None) -> None:
        if outcome.error is None:
            self._held.become(name, after, is_settled=outcome.is_settled)
        elif outcome.is_unknown:
            self._held.become_unknown(name, after)
        elif not outcome.is_without_effect:
            self._calls.foreign(outcome)

    def _end_batch(self, outcome: Outcome, written: dict[str, Account | None]) -> None:
        failed, unknown = set[str](), set[str]()
        if isinstance(outcome.error, DynamoDBBatchOperationError):
            failed, unknown = _names(outcome.error.failed_items), _names(outcome.error.unknown_items)
            number = len(written) - len(failed) - len(unknown)
            if outcome.error.successful_count != number:
                self._findings.add("lost", f"{outcome.what} does not count everything")
        elif outcome.error is not None:
            self._calls.foreign(outcome)
        elif outcome.returned != len(written):
            self._findings.add("lost", f"{outcome.what} returned {outcome.returned} of {len(written)}")
        for name in written.keys() - failed:
            if name in unknown:
                self._held.become_unknown(name, written[name])
            else:
                self._held.become(name, written[name], is_settled=outcome.is_settled)

    def _operation(self, name: str) -> tuple[TransactWriteItem, Account | None]:
        """Make an operation that its item lets pass, and give the item after it."""
        before, item = self._held.known[name], self._new(name)
        kind = self._random.choice(("put", "delete", "create or update"))
        if kind == "put":
            return TransactWriteItem.put(item), item
        if kind == "delete":
            return TransactWriteItem.delete(self._owner, name), None
        if before is None:
            return TransactWriteItem.create(item), item
        added = before.model_copy(update={"amount": before.amount + 1})
        changes = TransactWriteItem.update(self._owner, name, lambda a: [increment(a.amount, 1)])
        return changes, added

    def _any(self) -> str:
        return self._random.choice(list(self._held.known))

    def _several(self, most: int = _MOST_AT_ONCE) -> list[str]:
        return self._random.sample(list(self._held.known), self._random.randint(1, most))

    def _new(self, name: str) -> Account:
        """Make an item that equals no other."""
        self._number += 1
        return Account(
            owner=self._owner, name=name, amount=self._random.randint(0, 999), note=f"{self._number}"
        )

    def _updated(self, *, note: str | None = None, by: int = 0) -> tuple[str, Account | None]:
        name = self._any()
        before = self._held.known[name]
        if before is None:
            return name, None
        changed = {"amount": before.amount + by, "note": before.note if note is None else note}
        return name, before.model_copy(update=changed)


def _names(items: tuple[object, ...]) -> set[str]:
    """Name what a batch lists: items, or keys."""
    return {item.name if isinstance(item, Account) else item[1] for item in items}  # type: ignore[index]
