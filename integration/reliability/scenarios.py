"""One scenario: a call that meets a fault at some of its attempts, and what to say of its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from dynarepo import DynamoDBConfig
from dynarepo.exceptions import (
    DynamoDBBatchOperationError,
    DynamoDBServiceError,
    TransientError,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
)
from dynarepo.testing import Fault, FaultProxy
from integration.reliability.operations import Operation, Stored, prepare, stored_of
from integration.reliability.world import World, new_owner, world_behind

__all__ = ["Ended", "Lateness", "Met", "Scenario", "complaint", "ended"]

#: What a call may take beyond its deadline.
_GRACE_SECONDS: Final = 0.1


class Met(Enum):
    """Which attempts of a call meet the fault."""

    FIRST = "first"
    SECOND = "second"
    EVERY = "every"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A call and its fault; without a fault, connections are refused."""

    operation: Operation
    fault: Fault | None
    met: Met

    def __str__(self) -> str:
        fault = "refused connection" if self.fault is None else self.fault.name
        return f"{self.operation.name}, {fault} at the {self.met.value} attempt"


@dataclass(frozen=True, slots=True)
class Ended:
    """
    How a call ended.

    Attributes:
        returned: What it gave, if `error` is none.
        error: What it raised.
        stored: What the owner has then.
        late: Seconds that it took beyond its deadline, without those in which the loop was held up.
        redirected: How often a stranger was asked.
    """

    returned: Any
    error: Exception | None
    stored: Stored
    late: float
    redirected: int


class Lateness:
    """Watches how late the event loop is, which is the machine's doing and not the library's."""

    def __init__(self) -> None:
        self._found: list[tuple[float, float]] = []
        self._due = float("inf")

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch until the end of the block."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    def since(self, moment: float) -> float:
        """Add up how long the loop was held up since a moment."""
        now = asyncio.get_running_loop().time()
        return sum(late for at, late in self._found if at >= moment) + max(0.0, now - self._due)

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._due = clock() + 0.01
            await asyncio.sleep(0.01)
            self._found.append((clock(), clock() - self._due))


async def ended(scenario: Scenario, config: DynamoDBConfig, straight: World, lateness: Lateness) -> Ended:
    """Play a scenario, on the transport that the configuration names."""
    owner, clock = new_owner(), asyncio.get_running_loop().time
    returned, error = None, None
    await prepare(straight, owner)
    async with world_behind(config) as (proxy, world):
        _arm(proxy, scenario)
        began = clock()
        try:
            returned = await scenario.operation.call(world, owner)
        except Exception as raised:  # noqa: BLE001 - judged below, the foreign ones too
            error = raised
        due = began + config.deadline
        late = clock() - due - lateness.since(due - 0.1)
        await proxy.accept()
    return Ended(returned, error, await stored_of(straight, owner), late, proxy.redirected)


def _arm(proxy: FaultProxy, scenario: Scenario) -> None:
    fault = scenario.fault
    match scenario.met:
        case Met.FIRST if fault is None:
            proxy.refuse(0.05)
        case Met.EVERY if fault is None:
            proxy.refuse()
        case Met.SECOND if fault is None:
            proxy.fault_next(Fault.RESTART)
        case Met.FIRST:
            proxy.fault_next(fault)
        case Met.SECOND:
            proxy.fault_next(Fault.THROTTLED, fault)
        case Met.EVERY if fault is Fault.EMPTY_PAGE:
            # A listing of nothing but empty pages has no end.
            proxy.fault(lambda operation, number: fault if number % 3 else None)
        case Met.EVERY:
            proxy.fault(lambda operation, number: fault)


def complaint(operation: Operation, end: Ended) -> tuple[str, str] | None:
    """Say what is wrong with an end, as a column of the table and in words; `None` when it is as promised."""
    if end.late > _GRACE_SECONDS:
        return "leaked", f"took {end.late:.2f} s more than its deadline"
    if end.redirected:
        return "leaked", "followed a redirect"
    effect = 0 if operation.effect is None else operation.effect(end.stored)
    if effect is not None and effect > 1:
        return "doubled", f"was done {effect} times"
    if end.error is None:
        return _complaint_of_return(operation, end.returned, effect)
    return _complaint_of_error(operation, end.error, effect, end.stored)


def _complaint_of_return(operation: Operation, returned: Any, effect: int | None) -> tuple[str, str] | None:
    if operation.effect is not None and effect != 1:
        return "lost", "was acknowledged and not done"
    if not operation.returns(returned):
        return "lost", f"returned {returned!r}"
    return None


def _complaint_of_error(
    operation: Operation, error: Exception, effect: int | None, stored: Stored
) -> tuple[str, str] | None:
    match error:
        case DynamoDBBatchOperationError() if operation.is_batch:
            return _complaint_of_batch(error, stored)
        case WriteOutcomeUnknownError() if operation.effect is not None and effect is not None:
            return None
        case TransientError() | UnexpectedResponseError():
            return ("doubled", f"was done and raised {_shown(error)}") if effect != 0 else None
    return "leaked", f"raised {_shown(error)}"


def _complaint_of_batch(error: DynamoDBBatchOperationError, stored: Stored) -> tuple[str, str] | None:
    failed: list[Any] = list(error.failed_items)
    unknown: list[Any] = list(error.unknown_items)
    there = [account for name, account in stored.accounts.items() if name.startswith("new ")]
    if any(account in there for account in failed):
        return "doubled", "wrote what it called not written"
    if error.successful_count + len(failed) + len(unknown) != 30:
        return "lost", "counts not everything"
    if sum(account not in unknown for account in there) != error.successful_count:
        return "lost", "did not write what it called written"
    return None


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if isinstance(error, DynamoDBServiceError) else repr(error)
