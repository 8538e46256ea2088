"""A transport whose requests wait until a capacity limit has room; waiting counts as time of the attempt."""

from __future__ import annotations

from typing import Self

from dynarepo._config import CapacityLimit
from dynarepo._connection._estimates import kind_of
from dynarepo._connection._governor import Clock, Governor, Reservation
from dynarepo._observability import consumed, takes_write_units
from dynarepo._transport import AttemptError, Transport
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    CapacityLimitError,
    ConditionFailedError,
    ConnectionFailedError,
    DynamoDBTransactionError,
    TransientError,
)

__all__ = ["GovernedTransport"]


class GovernedTransport:
    """
    Lets attempts through to another transport at the rate of two governors.

    Args:
        transport: What makes the attempts.
        clock: The event loop.
        reads: Governs read units; without one, they are not limited.
        writes: Governs write units; likewise.
    """

    def __init__(
        self, transport: Transport, clock: Clock, reads: Governor | None, writes: Governor | None
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._reads = reads
        self._writes = writes
        self._is_closed = False

    @classmethod
    def limited(cls, transport: Transport, limit: CapacityLimit, clock: Clock) -> Self:
        """Keep what goes through a transport at a limit."""
        reads, writes = (
            None if rate is None else Governor(rate, rate * limit.burst, clock)
            for rate in (limit.read, limit.write)
        )
        return cls(transport, clock, reads, writes)

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Wait for room, make one attempt in the time that is left, and see what it took."""
        governor = self._writes if takes_write_units(operation) else self._reads
        if governor is None:
            reply = await self._transport.send(operation, payload, timeout=timeout)
            self._settle(operation, reply, None, None)
            return reply
        until = self._clock.time() + timeout
        try:
            reservation = await governor.admit(*kind_of(operation, payload), until)
        except CapacityLimitError as error:
            raise AttemptError(self._closed_or(error, operation), may_have_acted=False) from None
        try:
            left = max(until - self._clock.time(), 0.0)
            reply = await self._transport.send(operation, payload, timeout=left)
        except BaseException as error:
            _end(governor, reservation, error)
            raise
        self._settle(operation, reply, governor, reservation)
        return reply

    async def close(self) -> None:
        """Let go whoever waits, and close the transport inside."""
        self.let_go()
        await self._transport.close()

    def let_go(self) -> None:
        """End all waiting: nothing is sent any more."""
        self._is_closed = True
        for governor in (self._reads, self._writes):
            if governor is not None:
                governor.close()

    def _closed_or(self, error: CapacityLimitError, operation: str) -> TransientError:
        if not self._is_closed:
            return error
        # Tried again, and then refused by the channel, which is closed.
        return ConnectionFailedError("the transport is closed", operation=operation)

    def _settle(
        self, operation: str, reply: Payload, governor: Governor | None, reservation: Reservation | None
    ) -> None:
        said = list(consumed(operation, None, reply))
        reads, writes = sum(each.read for each in said), sum(each.write for each in said)
        for each, units in ((self._reads, reads), (self._writes, writes)):
            if each is not None and each is governor and reservation is not None:
                # A server that never says it is not asked one by one for ever.
                each.settle(reservation, units if said else reservation.expected)
            elif each is not None and units:
                each.charge(units)


def _end(governor: Governor, reservation: Reservation, error: BaseException) -> None:
    """Settle what a failed attempt took, which DynamoDB does not say: a condition that fails is paid for."""
    if not isinstance(error, AttemptError) or error.may_have_acted:
        governor.settle(reservation, None)
    elif isinstance(error.error, ConditionFailedError | DynamoDBTransactionError):
        governor.settle(reservation, reservation.expected)
    else:
        governor.release(reservation)
