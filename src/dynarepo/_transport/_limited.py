"""A transport with a bound on the requests under way; waiting for a place counts as time of the attempt."""

from __future__ import annotations

import asyncio

from dynarepo._item_text import plain_payload
from dynarepo._transport._direct import DirectTransport
from dynarepo._transport._failures import overdue, unanswered
from dynarepo._transport._protocol import AttemptError, Transport
from dynarepo._wire import Payload
from dynarepo.exceptions import DeadlineExceededError

__all__ = ["LimitedTransport"]


class LimitedTransport:
    """
    Lets so many requests through at once, and gives each a time of its own to be answered in.

    The connection pools below have the same limit but wait without end, so nobody may wait there.
    """

    def __init__(self, transport: Transport, limit: int, attempt_timeout: float) -> None:
        self._transport = transport
        self._places = asyncio.Semaphore(limit)
        self._attempt_timeout = attempt_timeout
        # Whoever writes a transport expects plain data, and may look at it.
        self._takes_text = isinstance(transport, DirectTransport)

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Wait for a place, then make one attempt in the time that is left."""
        if not self._takes_text:
            payload = plain_payload(payload)
        if self._places.locked():
            timeout = await self._wait(operation, timeout)
        else:
            await self._places.acquire()
        try:
            return await self._transport.send(operation, payload, timeout=min(timeout, self._attempt_timeout))
        except AttemptError as attempt:
            if timeout > self._attempt_timeout and isinstance(attempt.error, DeadlineExceededError):
                # The call has time left: another attempt may be answered.
                raise unanswered(operation, attempt, self._attempt_timeout) from None
            raise
        finally:
            self._places.release()

    async def close(self) -> None:
        """Close the transport inside."""
        await self._transport.close()

    async def _wait(self, operation: str, timeout: float) -> float:  # noqa: ASYNC109
        clock = asyncio.get_running_loop().time
        ends_at = clock() + timeout
        try:
            async with asyncio.timeout_at(ends_at):
                await self._places.acquire()
        except TimeoutError:
            raise overdue(operation, begun=False) from None
        return max(ends_at - clock(), 0.0)
