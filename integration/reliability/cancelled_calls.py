"""The calls that are cancelled, about items of one owner, so that each reply tells whose it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from dynarepo import increment
from integration.reliability.operations import OPERATIONS, new_accounts
from integration.reliability.world import Account, Counted, World

__all__ = ["CALLS", "Call"]

Call = Callable[[World, str], Awaitable[Any]]


async def _streamed(owner: str) -> AsyncIterator[Account]:
    for account in new_accounts(owner):
        yield account


async def _mixed(world: World, owner: str) -> None:
    async with world.accounts.batch() as batch:
        for account in new_accounts(owner):
            await batch.save(account)
        await batch.delete(owner, "a")


async def _of_several_models(world: World, owner: str) -> None:
    async with world.connection.transaction() as transaction:
        transaction.create(world.accounts, Account(owner=owner, name="d"))
        transaction.update(world.accounts, owner, "a", lambda a: [increment(a.amount, 1)])
        transaction.delete(world.counted, owner)


async def _pages(world: World, owner: str) -> list[list[Account]]:
    return [page.items async for page in world.accounts.iter_query(owner, page_size=1)]


async def _items(world: World, owner: str) -> list[Account]:
    return [item async for item in world.accounts.iter_query_items(owner, page_size=1)]


async def _segments(world: World, owner: str) -> list[list[Account]]:
    pages = world.accounts.iter_scan(where=lambda a: a.owner == owner, segments=2)
    return [page.items async for page in pages]


async def _first_page(world: World, owner: str) -> list[Account]:
    return (await world.accounts.query_by_pk(owner, limit=2, page_size=1)).items


def _increment(counted: Counted) -> Counted:
    return counted.model_copy(update={"amount": counted.amount + 1})


_MORE: Final[Mapping[str, Call]] = {
    "save exactly once": lambda w, o: w.accounts.save(Account(owner=o, name="a"), exactly_once=True),
    "save of a version": lambda w, o: w.counted.save(Counted(owner=o)),
    "create exactly once": lambda w, o: w.accounts.create(Account(owner=o, name="d"), exactly_once=True),
    "upsert": lambda w, o: w.accounts.upsert(Account(owner=o, name="a")),
    "upsert exactly once": lambda w, o: w.accounts.upsert(Account(owner=o, name="a"), exactly_once=True),
    "mutate exactly once": lambda w, o: w.counted.mutate(o, change=_increment, exactly_once=True),
    "delete exactly once": lambda w, o: w.accounts.delete(o, "a", exactly_once=True),
    "batch_delete": lambda w, o: w.accounts.batch_delete([(o, f"{each}") for each in range(30)]),
    "batch_write as it comes": lambda w, o: w.accounts.batch_write(_streamed(o)),
    "batch": _mixed,
    "batch of a gateway": lambda w, o: w.connection.table_gateway().batch_write_items(
        [{"owner": o, "name": f"{each}"} for each in range(30)]
    ),
    "transaction of several models": _of_several_models,
    "iter_query": _pages,
    "iter_query_items": _items,
    "iter_scan of two segments": _segments,
    "query of two pages": _first_page,
    "count": lambda w, o: w.accounts.count(o),
}

#: Each is made for a world and an owner.
CALLS: Final[Mapping[str, Call]] = {**{each.name: each.call for each in OPERATIONS}, **_MORE}
