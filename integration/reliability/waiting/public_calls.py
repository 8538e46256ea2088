"""Every public call that sends something, for servers that never answer and need not hold anything."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from dynarepo import (
    AsyncDynamoDBRepository,
    GlobalIndex,
    KeyTemplate,
    SortKeyCondition,
    TableAdmin,
    TableGateway,
    TransactWriteItem,
    increment,
)
from dynarepo.exceptions import DynamoDBBatchOperationError, TransientError, WriteOutcomeUnknownError
from integration.reliability.world import Account, Counted, World

__all__ = ["ADMIN_CALLS", "DATA_CALLS", "SEVERAL_REQUESTS", "PublicCall", "not_called"]

_ACCOUNT: Final = Account(owner="o", name="a")
_COUNTED: Final = Counted(owner="o")
_KEY: Final = {"owner": "o", "name": "a"}
_QUERY: Final[Mapping[str, Any]] = {
    "key_condition_expression": "#o = :o",
    "names": {"#o": "owner"},
    "values": {":o": "o"},
}

#: Public methods that send nothing to DynamoDB.
_SILENT: Final = {"open", "close", "explain", "with_options"}


@dataclass(frozen=True, slots=True)
class PublicCall:
    """A public call, by the class and the method it is of, and behind a comma what is special about it."""

    name: str
    call: Callable[[World], Awaitable[object]]

    def complaint(self, returned: object, error: BaseException | None, *, is_sent: bool) -> str | None:
        """
        Say what is wrong with an end in which nothing was answered; `None` when it is as promised.

        Args:
            returned: What it gave, if `error` is none.
            error: What it raised.
            is_sent: Whether it may have been sent, so that nobody can know what became of a write.
        """
        match error:
            case None if returned is False and self.name.endswith(".ping"):
                return None
            case TransientError() | DynamoDBBatchOperationError(unknown_items=()):
                return None
            case WriteOutcomeUnknownError() | DynamoDBBatchOperationError() if is_sent:
                return None
            case None:
                return f"{self.name} returned {returned!r}"
        return f"{self.name} raised {error!r}"


def not_called() -> set[str]:
    """Name the public methods that no call here is of."""
    called = {each.name.partition(",")[0] for each in (*DATA_CALLS, *ADMIN_CALLS)}
    there = {
        f"{of.__name__}.{name}"
        for of in (AsyncDynamoDBRepository, TableGateway, TableAdmin)
        for name in set(dir(of)) - _SILENT
        if not name.startswith("_") and callable(getattr(of, name))
    }
    return there - called


async def _first(pages: AsyncGenerator[Any, None]) -> object:
    async with aclosing(pages):
        return await anext(pages, None)


async def _batch(world: World) -> None:
    async with world.accounts.batch() as batch:
        await batch.save(_ACCOUNT)
        await batch.delete("o", "b")


async def _transaction(world: World) -> None:
    async with world.connection.transaction() as transaction:
        transaction.create(world.accounts, _ACCOUNT)
        transaction.delete(world.counted, "o")


async def _streamed() -> AsyncIterator[Account]:
    yield _ACCOUNT


_OF_REPOSITORY: Final[Mapping[str, Callable[[World], Awaitable[object]]]] = {
    "get_one": lambda w: w.accounts.get_one("o", "a"),
    "batch_get": lambda w: w.accounts.batch_get([("o", "a"), ("o", "b")]),
    "load": lambda w: w.accounts.load(("o", "a")),
    "transact_get": lambda w: w.accounts.transact_get([("o", "a"), ("o", "b")]),
    "query_by_pk": lambda w: w.accounts.query_by_pk("o", limit=3),
    "query_by_pk_and_sk": lambda w: w.accounts.query_by_pk_and_sk("o", SortKeyCondition.ne("b")),
    "iter_query": lambda w: _first(w.accounts.iter_query("o")),
    "iter_query_items": lambda w: _first(w.accounts.iter_query_items("o")),
    "scan": lambda w: w.accounts.scan(),
    "scan, of a limit": lambda w: w.accounts.scan(limit=3),
    "iter_scan": lambda w: _first(w.accounts.iter_scan()),
    "iter_scan, several segments": lambda w: _first(w.accounts.iter_scan(segments=3)),
    "iter_scan_items": lambda w: _first(w.accounts.iter_scan_items()),
    "count": lambda w: w.accounts.count("o"),
    "ping": lambda w: w.accounts.ping(),
    "save": lambda w: w.accounts.save(_ACCOUNT),
    "save, exactly once": lambda w: w.accounts.save(_ACCOUNT, exactly_once=True),
    "save, versioned": lambda w: w.counted.save(_COUNTED),
    "create": lambda w: w.accounts.create(_ACCOUNT),
    "create, exactly once": lambda w: w.accounts.create(_ACCOUNT, exactly_once=True),
    "update": lambda w: w.accounts.update("o", "a", {"note": "x"}),
    "update, increment": lambda w: w.accounts.update("o", "a", lambda a: [increment(a.amount, 1)]),
    "update, exactly once": lambda w: w.accounts.update("o", "a", {"note": "x"}, exactly_once=True),
    "upsert": lambda w: w.accounts.upsert(_ACCOUNT),
    "upsert, exactly once": lambda w: w.accounts.upsert(_ACCOUNT, exactly_once=True),
    "mutate": lambda w: w.counted.mutate("o", change=lambda c: c),
    "delete": lambda w: w.accounts.delete("o", "a"),
    "delete, exactly once": lambda w: w.accounts.delete("o", "a", exactly_once=True),
    "batch_write": lambda w: w.accounts.batch_write([_ACCOUNT]),
    "batch_write, as it comes": lambda w: w.accounts.batch_write(_streamed()),
    "batch_delete": lambda w: w.accounts.batch_delete([("o", "a"), ("o", "b")]),
    "batch": _batch,
    "transact_write": lambda w: w.accounts.transact_write([TransactWriteItem.create(_ACCOUNT)]),
    "transact_write, several models": _transaction,
    "update, of a part of a key": lambda w: w.connection.repository(Indexed).update("o", "a", {"note": "x"}),
}

_OF_GATEWAY: Final[Mapping[str, Callable[[TableGateway], Awaitable[object]]]] = {
    "get_item": lambda g: g.get_item(_KEY),
    "batch_get_items": lambda g: g.batch_get_items([_KEY]),
    "query": lambda g: g.query(**_QUERY),
    "iter_query": lambda g: _first(g.iter_query(**_QUERY)),
    "scan": lambda g: g.scan(),
    "iter_scan": lambda g: _first(g.iter_scan()),
    "put_item": lambda g: g.put_item(_KEY),
    "update_item": lambda g: g.update_item(_KEY, "SET amount = :a", values={":a": 1}),
    "delete_item": lambda g: g.delete_item(_KEY),
    "batch_write_items": lambda g: g.batch_write_items(deletes=[_KEY]),
}

_OF_ADMIN: Final[Mapping[str, Callable[[TableAdmin], Awaitable[object]]]] = {
    "create_table": lambda t: t.create_table(Account),
    "wait_until_active": lambda t: t.wait_until_active(),
    "delete_table": lambda t: t.delete_table(),
    "table_exists": lambda t: t.table_exists(),
    "list_tables": lambda t: t.list_tables(),
    "ttl_attribute": lambda t: t.ttl_attribute(),
    "enable_ttl": lambda t: t.enable_ttl("amount"),
    "disable_ttl": lambda t: t.disable_ttl(),
    "add_index": lambda t: t.add_index(Indexed, "by_note"),
    "remove_index": lambda t: t.remove_index("by_note"),
    "diff": lambda t: t.diff(Account),
    "verify": lambda t: t.verify(Account),
    "stream_view": lambda t: t.stream_view(),
    "enable_stream": lambda t: t.enable_stream("new_image"),
    "disable_stream": lambda t: t.disable_stream(),
}


class Indexed(Account):
    """An account with an index, whose key is made of two fields."""

    class Meta:
        partition_key = "owner"
        sort_key = "name"
        gsis = (GlobalIndex("by_note", partition_key=KeyTemplate("place", "{note}#{amount}")),)


def _of_repository(name: str, call: Callable[[World], Awaitable[object]]) -> PublicCall:
    return PublicCall(f"{AsyncDynamoDBRepository.__name__}.{name}", call)


def _of_gateway(name: str, call: Callable[[TableGateway], Awaitable[object]]) -> PublicCall:
    return PublicCall(f"{TableGateway.__name__}.{name}", lambda w: call(w.connection.table_gateway()))


def _of_admin(name: str, call: Callable[[TableAdmin], Awaitable[object]]) -> PublicCall:
    return PublicCall(f"{TableAdmin.__name__}.{name}", lambda w: call(w.connection.table_admin()))


#: Asks for the table's key first.
_BATCH_OF_GATEWAY: Final = _of_gateway("batch_write_items, puts", lambda g: g.batch_write_items([_KEY]))

#: Calls about items.
DATA_CALLS: Final = (
    *(
        PublicCall(f"{AsyncDynamoDBRepository.__name__}.{name}", call)
        for name, call in _OF_REPOSITORY.items()
    ),
    *(_of_gateway(name, call) for name, call in _OF_GATEWAY.items()),
    _BATCH_OF_GATEWAY,
)

#: Calls about tables, or that begin by asking about one.
ADMIN_CALLS: Final = (
    *(_of_admin(name, call) for name, call in _OF_ADMIN.items()),
    _of_repository("changes", lambda w: _first(w.accounts.changes(start="latest"))),
)

_SEVERAL: Final = {
    *("batch_get", "batch_write", "batch_delete", "count", "mutate", "query_by_pk", "scan, of a limit"),
    *("update, exactly once", "update, of a part of a key", "upsert, exactly once"),
}

#: Calls of which one request is followed by another, within one deadline.
SEVERAL_REQUESTS: Final = (
    *(_of_repository(name, call) for name, call in _OF_REPOSITORY.items() if name in _SEVERAL),
    _BATCH_OF_GATEWAY,
)
