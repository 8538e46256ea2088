"""
A proxy on loopback that gets things wrong on demand.

When a whole request is there, its fault is chosen; then the request is passed on to the server behind, or
not, and then it is answered as the fault will have it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Final
from urllib.parse import urlsplit

from dynarepo._config import DynamoDBConfig
from dynarepo._wire import Payload
from dynarepo.exceptions import ConfigurationError
from dynarepo.testing._behind import ServerBehind
from dynarepo.testing._fake import success_reply
from dynarepo.testing._faults import (
    Chooser,
    Fault,
    FaultPlan,
    at_random,
    cut_short,
    left_out,
    with_left_out,
)
from dynarepo.testing._http import Message, message_of
from dynarepo.testing._loopback import LoopbackServer
from dynarepo.testing._served import ServedConnection

__all__ = ["FaultProxy"]

#: Faults for which the request is not passed on.
_NOT_DONE: Final = frozenset(
    {
        Fault.RESET_BEFORE,
        Fault.ERROR_BEFORE,
        Fault.UNAVAILABLE,
        Fault.THROTTLED,
        Fault.THROUGHPUT_EXCEEDED,
        Fault.SILENT,
        Fault.HTML,
        Fault.REDIRECT,
        Fault.RESTART,
    }
)


class FaultProxy(LoopbackServer):
    """
    Stands in front of a local DynamoDB and makes the faults that it is told to make.

        async with FaultProxy(config) as proxy:
            async with AsyncDynamoDBRepository(User, config=proxy.config, logger=logger) as users:
                proxy.fault_next(Fault.RESET_AFTER)
                await users.save(user)

    Requests keep the signature for the proxy's address, so the server behind must be one that checks none,
    such as DynamoDB Local or `local_dynamodb`.

    Args:
        config: Leads to the server behind, over plain http.
        random: Draws what is random; give a seeded one to draw the same each time.
        unprocessed: The probability of each entry of a batch to be left undone, by `Fault.UNPROCESSED`.

    Attributes:
        seen: How many requests came, by operation.
        applied: How many of them the server behind did, by operation.
        faults: How often each fault was made.
        connections: How many connections were opened.
        redirected: How many connections the target of `Fault.REDIRECT` had.

    Raises:
        ConfigurationError: `config` has no endpoint, or one of https.
    """

    def __init__(
        self, config: DynamoDBConfig, *, random: Random | None = None, unprocessed: float = 0.5
    ) -> None:
        parts = urlsplit(config.endpoint_url or "")
        if parts.scheme != "http" or parts.hostname is None:
            raise ConfigurationError("a FaultProxy stands in front of a local server: set its endpoint_url")
        super().__init__()
        self._behind = (parts.hostname, parts.port or 80)
        self._config = config
        self._random = Random() if random is None else random  # noqa: S311 - of tests
        self._unprocessed = unprocessed
        self._plan = FaultPlan()
        self.seen: Counter[str] = Counter()
        self.applied: Counter[str] = Counter()

    @property
    def config(self) -> DynamoDBConfig:
        """The configuration that leads to the proxy."""
        return self._config.model_copy(update={"endpoint_url": self.url})

    def fault_next(self, *faults: Fault | None) -> None:
        """Make these faults of the next requests, in order; `None` lets one pass."""
        self._plan.extend(*faults)

    def fault(self, choose: Chooser | None) -> None:
        """
        Choose by a function, for what `fault_next` says nothing of.

        Args:
            choose: Gives the fault for an operation and its number, 1 for its first request, or `None` to
                let it pass; `None` instead of a function ends the faults.
        """
        self._plan.choose(choose)

    def fault_randomly(self, rates: Mapping[Fault, float]) -> None:
        """Make each of these faults with a probability of its own, for what `fault_next` says nothing of."""
        self._plan.choose(at_random(rates, self._random))

    async def _serve(self, connection: ServedConnection) -> None:
        behind = ServerBehind(*self._behind)
        try:
            while (request := await connection.next_request()) is not None:
                self.seen[request.operation] += 1
                fault = self._plan.next(request.operation, self.seen[request.operation])
                if fault is not None:
                    self.faults[fault] += 1
                reply = await self._done(connection, behind, request, fault)
                await self._answer(connection, fault, reply)
        finally:
            await behind.leave()

    async def _done(
        self, connection: ServedConnection, behind: ServerBehind, request: Message, fault: Fault | None
    ) -> Message | None:
        """Have the request done, as far as the fault lets it, and give the server's reply."""
        left: Payload = {}
        if fault in _NOT_DONE:
            return None
        if fault is Fault.LATE:
            await connection.left()
        elif fault is Fault.UNPROCESSED:
            request, left = left_out(request, self._random, self._unprocessed)
        elif fault is Fault.EMPTY_PAGE:
            request, page = cut_short(request)
            if page is not None:
                return message_of(success_reply(page))
        reply = await behind.do(request)
        if reply.status != 200:
            return reply
        self.applied[request.operation] += 1
        return with_left_out(reply, request.operation, left) if left else reply
