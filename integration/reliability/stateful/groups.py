"""Batches and transactions: what each does to a dict, and how it is called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dynarepo import TransactWriteItem
from dynarepo.exceptions import DynamoDBTransactionError, InvalidRequestError
from integration.reliability.stateful.desk import Desk, Foreseen
from integration.reliability.stateful.documents import Changes, Edition, Key, Shelved, State, Where, changed
from integration.reliability.stateful.writes import Base, based, condition, counted, refused, version_of

__all__ = ["Batch", "Operation", "Transact"]


@dataclass(frozen=True)
class Batch:
    """
    Saves and deletes several items; of several on one key, the last counts.

    Args:
        written: What is saved, and the keys of what is deleted.
        how: By which method.
    """

    written: Sequence[Shelved | Key]
    how: str

    def foresee(self, state: State) -> Foreseen:
        """Replace and take away the items."""
        if any(isinstance(each, Edition) for each in self.written):
            return Foreseen(state, error=InvalidRequestError)
        after, last = dict(state), self.last()
        for key, item in last.items():
            if item is None:
                after.pop(key, None)
            else:
                after[key] = item
        return Foreseen(after, None if self.how == "batch" else len(last))

    def last(self) -> dict[Key, Shelved | None]:
        """Give what becomes of each key."""
        return {
            (each.key if isinstance(each, Shelved) else each): each if isinstance(each, Shelved) else None
            for each in self.written
        }

    async def call(self, desk: Desk, state: State) -> object:
        """Write them."""
        items: list[Any] = [
            desk.item(each) if isinstance(each, Shelved) else desk.key(each) for each in self.written
        ]
        match self.how:
            case "batch_write":
                return await desk.repository.batch_write(items)
            case "batch_write, as they come":
                return await desk.repository.batch_write(_coming(items))
            case "batch_delete":
                return await desk.repository.batch_delete(items)
        async with desk.repository.batch() as batch:
            for item in items:
                await (batch.save(item) if isinstance(item, Shelved) else batch.delete(*item))
        return None


async def _coming(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


@dataclass(frozen=True)
class Operation:
    """A part of a transaction."""

    kind: Literal["put", "create", "update", "delete", "check"]
    key: Key
    item: Shelved | None = None
    changes: Changes = ()
    where: Where | None = None
    base: Base = "stored"

    def is_refused(self, state: State) -> bool:
        """Tell whether its condition does not hold."""
        stored = state.get(self.key)
        match self.kind:
            case "create":
                return stored is not None
            case "update" if stored is None:
                return True
            case "put" if isinstance(self.item, Edition):
                version = version_of(based(self.item, self.base, stored))
                return refused(state, self.key, self.where, version) is not None
        return refused(state, self.key, self.where) is not None

    def apply(self, state: dict[Key, Shelved]) -> None:
        """Do it."""
        stored = state.get(self.key)
        if self.kind == "delete":
            state.pop(self.key, None)
        elif self.item is not None:
            state[self.key] = counted(self.item, version_of(stored) + 1)
        elif self.kind == "update" and stored is not None:
            state[self.key] = counted(changed(stored, self.changes), version_of(stored) + 1)

    def said(self, desk: Desk, state: State) -> TransactWriteItem:
        """Say it in the words of the library."""
        key, where = desk.key(self.key), condition(self.where)
        if self.item is not None:
            item = desk.item(based(self.item, self.base, state.get(self.key)))
            is_new = self.kind == "create"
            return TransactWriteItem.create(item) if is_new else TransactWriteItem.put(item, where=where)
        match self.kind:
            case "update":
                return TransactWriteItem.update(*key, desk.update(self.changes), where=where)
            case "check":
                return TransactWriteItem.check(*key, where=where)
        return TransactWriteItem.delete(*key, where=where)


@dataclass(frozen=True)
class Transact:
    """Does several operations on as many items, all or none."""

    operations: Sequence[Operation]
    by_connection: bool

    def foresee(self, state: State) -> Foreseen:
        """Do all of it, if nothing speaks against it."""
        failing = {at for at, operation in enumerate(self.operations) if operation.is_refused(state)}
        if failing:
            return Foreseen(state, error=DynamoDBTransactionError, failing=frozenset(failing))
        after = dict(state)
        for operation in self.operations:
            operation.apply(after)
        stored = [None if each.item is None else after[each.key] for each in self.operations]
        return Foreseen(after, stored)

    async def call(self, desk: Desk, state: State) -> object:
        """Do it."""
        said = [operation.said(desk, state) for operation in self.operations]
        if not self.by_connection:
            return desk.bare_all(await desk.repository.transact_write(said))
        async with desk.connection.transaction() as transaction:
            for each in said:
                _collect(transaction, desk.repository, each)
        return desk.bare_all(transaction.stored)


def _collect(transaction: Any, repository: Any, each: TransactWriteItem) -> None:
    match each.kind:
        case "create":
            transaction.create(repository, each.item)
        case "put":
            transaction.put(repository, each.item, where=each.where)
        case "update":
            transaction.update(repository, each.pk, each.sk, each.changes, where=each.where)
        case "delete":
            transaction.delete(repository, each.pk, each.sk, where=each.where)
        case "check":
            transaction.check(repository, each.pk, each.sk, where=each.where)
