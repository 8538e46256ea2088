"""
What the calls of a block did and consumed.

The blocks that code runs in hang on its context, which tasks inherit: calls under `asyncio.gather` and in
task groups count for the block that began them, and those of other tasks do not. While no block is open
calls are not even asked which block they belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from dynarepo._observability._call import Call, Sender
from dynarepo._observability._consumption import Consumption, consumed
from dynarepo._wire import Payload

__all__ = ["Accounts", "ConsumedUnits", "Usage"]


@dataclass(frozen=True, slots=True)
class ConsumedUnits:
    """
    Units of capacity that were consumed.

    Attributes:
        read: Read units.
        write: Write units.
    """

    read: float = 0.0
    write: float = 0.0


class Usage:
    """
    What the calls of a block of `DynamoDBConnection.accounting` did, as far as they have ended.

    A call is one request with all its attempts: a batch makes one for each chunk, a query one for each page.

    Attributes:
        calls: Calls that ended, in whatever way.
        retries: Attempts beyond the first of a call.
        throttles: Attempts that the service refused because there were too many.
        tables: What was consumed, by table. What failed is not in it: DynamoDB does not say what it took.
    """

    __slots__ = ("calls", "retries", "tables", "throttles")

    def __init__(self) -> None:
        self.calls = 0
        self.retries = 0
        self.throttles = 0
        self.tables: dict[str, ConsumedUnits] = {}

    @property
    def read_units(self) -> float:
        """The read units consumed of all tables."""
        return sum(units.read for units in self.tables.values())

    @property
    def write_units(self) -> float:
        """The write units consumed of all tables."""
        return sum(units.write for units in self.tables.values())

    def __repr__(self) -> str:
        tables = ", ".join(
            f"{name!r}: {units.read:g} read, {units.write:g} write" for name, units in self.tables.items()
        )
        return (
            f"Usage(calls={self.calls}, retries={self.retries}, throttles={self.throttles}, "
            f"read_units={self.read_units:g}, write_units={self.write_units:g}, tables={{{tables}}})"
        )


#: The blocks that the running code is in, of whatever connections.
_BLOCKS: Final[ContextVar[tuple[Usage, ...]]] = ContextVar("dynarepo_blocks", default=())


class Accounts:
    """The open blocks of one connection."""

    def __init__(self) -> None:
        self._open: set[Usage] = set()

    @contextmanager
    def block(self, changed: Callable[[], None]) -> Iterator[Usage]:
        """
        Count what the code inside does; what ends behind the block is not counted.

        Args:
            changed: Called when a block begins or ends, to ask `around` again.
        """
        usage = Usage()
        self._open.add(usage)
        changed()
        _BLOCKS.set((*_BLOCKS.get(), usage))
        try:
            yield usage
        finally:
            self._open.discard(usage)
            changed()
            # Not by token: whoever ends a block may run in another context than who began it.
            _BLOCKS.set(tuple(each for each in _BLOCKS.get() if each is not usage))

    def around(self, sender: Sender) -> Sender:
        """Give what counts the calls through a sender while a block is open, else the sender itself."""
        inner = sender.inner if isinstance(sender, _AccountingSender) else sender
        return _AccountingSender(inner, self) if self._open else inner

    def add(self, call: Call, reply: Payload | None) -> None:
        """Count a call for the open blocks that it was made in."""
        blocks = [usage for usage in _BLOCKS.get() if usage in self._open]
        if blocks:
            request = call.request
            spent = [] if reply is None else list(consumed(request.operation, request.table_name, reply))
            for usage in blocks:
                _count(usage, call, spent)


def _count(usage: Usage, call: Call, spent: list[Consumption]) -> None:
    usage.calls += 1
    usage.retries += max(call.attempts - 1, 0)
    usage.throttles += call.throttles
    for each in spent:
        name = each.table_name or ""
        before = usage.tables.get(name, ConsumedUnits())
        usage.tables[name] = ConsumedUnits(before.read + each.read, before.write + each.write)


class _AccountingSender:
    """Counts the calls that go through to another sender."""

    def __init__(self, inner: Sender, accounts: Accounts) -> None:
        self.inner = inner
        self._accounts = accounts

    async def send(self, call: Call) -> Payload:
        """Pass the call on, and count it when it has ended."""
        try:
            reply = await self.inner.send(call)
        except BaseException:
            self._accounts.add(call, None)
            raise
        self._accounts.add(call, reply)
        return reply
