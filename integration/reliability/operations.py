"""The operations of the fault matrix: how each is called, and how its effect shows in what is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from dynarepo import TransactWriteItem, increment
from integration.reliability.world import Account, Counted, World

__all__ = ["OPERATIONS", "Operation", "Stored", "new_accounts", "prepare", "stored_of"]

#: What an owner has before a call.
_NAMES: Final = ("a", "b", "c")

#: More than one chunk of a batch.
_NEW: Final = 30


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of one owner."""

    accounts: dict[str, Account]
    counted: Counted | None


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One public call.

    Args:
        name: What it is called in messages.
        sends: DynamoDB's name of the operation.
        call: Makes it, for an owner.
        returns: Whether it may return this.
        effect: How often it was done, by what is stored; `None` for a part. Reads have no effect.
        has_token: Whether a client token makes it safe.
    """

    name: str
    sends: str
    call: Callable[[World, str], Awaitable[Any]]
    returns: Callable[[Any], bool]
    effect: Callable[[Stored], int | None] | None = None
    has_token: bool = False

    @property
    def is_listing(self) -> bool:
        """Whether it has pages."""
        return self.sends in {"Query", "Scan"}

    @property
    def is_batch(self) -> bool:
        """Whether a part of it may be left undone."""
        return self.sends in {"BatchWriteItem", "BatchGetItem"}


async def prepare(world: World, owner: str) -> None:
    """Store what an owner has before a call."""
    await world.accounts.batch_write(Account(owner=owner, name=name, amount=1) for name in _NAMES)
    await world.counted.create(Counted(owner=owner, amount=1))


async def stored_of(world: World, owner: str) -> Stored:
    """Read what an owner has after a call."""
    return Stored(await world.of(owner), await world.counted.get_one(owner, consistent=True))


def new_accounts(owner: str) -> list[Account]:
    """Give what the batch writes."""
    return [Account(owner=owner, name=f"new {number}", amount=number) for number in range(_NEW)]


def _names(found: list[Account | None]) -> list[str | None]:
    return [None if account is None else account.name for account in found]


async def _queried(world: World, owner: str) -> list[Account]:
    # With a limit, which is never reached, one deadline covers all pages.
    return (await world.accounts.query_by_pk(owner, limit=10)).items


async def _scanned(world: World, owner: str) -> list[Account]:
    found = await world.accounts.scan(where=lambda a: a.owner == owner, limit=10)
    return sorted(found.items, key=lambda account: account.name)


def _keys(owner: str) -> list[tuple[str, str]]:
    return [(owner, name) for name in (*_NAMES, "none")]


async def _transact(world: World, owner: str) -> object:
    return await world.accounts.transact_write(
        [
            TransactWriteItem.update(owner, "a", lambda a: [increment(a.amount, 1)]),
            TransactWriteItem.create(Account(owner=owner, name="d")),
        ]
    )


def _added(stored: Stored) -> int:
    return stored.accounts["a"].amount - 1


def _changed(stored: Stored) -> int | None:
    return {"x": 1, "": 0}.get(stored.accounts["a"].note)


def _written(stored: Stored) -> int | None:
    found = sum(name.startswith("new ") for name in stored.accounts)
    return found // _NEW if found in {0, _NEW} else None


def _transacted(stored: Stored) -> int | None:
    added = _added(stored)
    return added if min(added, 1) == ("d" in stored.accounts) else None


def _counted(stored: Stored) -> int | None:
    counted = stored.counted
    return None if counted is None or counted.amount != counted.version else counted.amount - 1


OPERATIONS: Final = (
    Operation(
        "get_one",
        "GetItem",
        lambda w, o: w.accounts.get_one(o, "a"),
        lambda r: r is not None and r.name == "a",
    ),
    Operation(
        "batch_get",
        "BatchGetItem",
        lambda w, o: w.accounts.batch_get(_keys(o)),
        lambda r: _names(r) == [*_NAMES, None],
    ),
    Operation("query", "Query", _queried, lambda r: _names(r) == [*_NAMES]),
    Operation("scan", "Scan", _scanned, lambda r: _names(r) == [*_NAMES]),
    Operation(
        "transact_get",
        "TransactGetItems",
        lambda w, o: w.accounts.transact_get(_keys(o)),
        lambda r: _names(r) == [*_NAMES, None],
    ),
    Operation(
        "save",
        "PutItem",
        lambda w, o: w.accounts.save(Account(owner=o, name="a", amount=1, note="x")),
        lambda r: r.note == "x",
        _changed,
    ),
    Operation(
        "create",
        "PutItem",
        lambda w, o: w.accounts.create(Account(owner=o, name="d")),
        lambda r: r.name == "d",
        lambda s: int("d" in s.accounts),
    ),
    Operation(
        "update with constants",
        "UpdateItem",
        lambda w, o: w.accounts.update(o, "a", {"note": "x"}),
        lambda r: r.note == "x",
        _changed,
    ),
    Operation(
        "update with increment",
        "UpdateItem",
        lambda w, o: w.accounts.update(o, "a", lambda a: [increment(a.amount, 1)]),
        lambda r: r.amount == 2,
        _added,
    ),
    Operation(
        "update exactly once",
        "TransactWriteItems",
        lambda w, o: w.accounts.update(o, "a", lambda a: [increment(a.amount, 1)], exactly_once=True),
        lambda r: r.amount == 2,
        _added,
        has_token=True,
    ),
    Operation(
        "mutate",
        "PutItem",
        lambda w, o: w.counted.mutate(o, change=lambda c: c.model_copy(update={"amount": c.amount + 1})),
        lambda r: r.amount == r.version == 2,
        _counted,
    ),
    Operation(
        "delete",
        "DeleteItem",
        lambda w, o: w.accounts.delete(o, "a"),
        lambda r: isinstance(r, bool),  # which one it may be is another test's question
        lambda s: int("a" not in s.accounts),
    ),
    Operation(
        "batch_write",
        "BatchWriteItem",
        lambda w, o: w.accounts.batch_write(new_accounts(o)),
        lambda r: r == _NEW,
        _written,
    ),
    Operation(
        "transact_write",
        "TransactWriteItems",
        _transact,
        lambda r: len(r) == 2,
        _transacted,
        has_token=True,
    ),
)
