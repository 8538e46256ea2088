"""
A proxy on loopback that gets things wrong on demand.

When a whole request is there, its fault is chosen; then the request is passed on to the server behind, or
not, and then it is answered as the fault will have it.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Mapping
from random import Random
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit
from zlib import crc32

from dynarepo._config import DynamoDBConfig
from dynarepo._transport import WireReply
from dynarepo._wire import Payload
from dynarepo.exceptions import ConfigurationError
from dynarepo.testing._fake import success_reply
from dynarepo.testing._faults import (
    Chooser,
    Fault,
    FaultPlan,
    at_random,
    cut_short,
    left_out,
    reply_of,
    with_left_out,
)
from dynarepo.testing._http import Message
from dynarepo.testing._proxied import ProxiedConnection

__all__ = ["FaultProxy"]

_LOOPBACK: Final = "127.0.0.1"
_REFUSED_SECONDS: Final = 0.05

#: Whether a port can be held while nothing listens on it, so that nobody else is given it.
_CAN_HOLD: Final = hasattr(socket, "SO_REUSEPORT")

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


class FaultProxy:
    """
    Stands in front of a local DynamoDB and makes the faults that it is told to make.

    ::

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
        self._behind = (parts.hostname, parts.port or 80)
        self._config = config
        self._random = Random() if random is None else random  # noqa: S311 - of tests
        self._unprocessed = unprocessed
        self._plan = FaultPlan()
        self._port = self._strange_port = 0
        self._held: socket.socket | None = None
        self._opening = asyncio.Lock()
        self._listener: asyncio.Server | None = None
        self._stranger: asyncio.Server | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._connections: dict[asyncio.Task[None], ProxiedConnection] = {}
        self.seen: Counter[str] = Counter()
        self.applied: Counter[str] = Counter()
        self.faults: Counter[Fault] = Counter()
        self.redirected = 0

    @property
    def config(self) -> DynamoDBConfig:
        """The configuration that leads to the proxy."""
        return self._config.model_copy(update={"endpoint_url": f"http://{_LOOPBACK}:{self._port}"})

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

    def refuse(self, seconds: float | None = None) -> None:
        """
        Close every connection and refuse new ones, as if nothing listened.

        Args:
            seconds: For how long; without it, until `accept`.
        """
        self._stop_listening()
        for connection in self._connections.values():
            connection.end()
        if seconds is not None:
            self._accepting = asyncio.create_task(self._accept_after(seconds))

    async def accept(self) -> None:
        """Take connections again after `refuse`."""
        async with self._opening:
            if self._listener is None:
                self._listener = await asyncio.start_server(
                    self._accept, _LOOPBACK, self._port, reuse_port=_CAN_HOLD or None
                )

    async def drained(self) -> None:
        """Wait until every connection is closed, and what came over it is done; close the clients before."""
        await asyncio.sleep(0)  # what was just opened is accepted first
        while self._connections:
            await asyncio.wait(self._connections)

    async def __aenter__(self) -> Self:
        self._stranger = await asyncio.start_server(self._strange, _LOOPBACK, 0)
        self._strange_port = self._stranger.sockets[0].getsockname()[1]
        self._port = self._choose_port()
        await self.accept()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop_listening()
        if self._stranger is not None:
            self._stranger.close()
        tasks = [*self._connections, *([] if self._accepting is None else [self._accepting])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._held is not None:
            self._held.close()

    def _choose_port(self) -> int:
        chosen = socket.socket()
        if _CAN_HOLD:
            chosen.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self._held = chosen
        chosen.bind((_LOOPBACK, 0))
        port: int = chosen.getsockname()[1]
        if not _CAN_HOLD:
            chosen.close()
        return port

    def _stop_listening(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _accept_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.accept()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = ProxiedConnection(reader, writer, self._behind)
        task = asyncio.ensure_future(self._serve(connection))
        self._connections[task] = connection
        task.add_done_callback(lambda done: self._connections.pop(done, None))

    def _strange(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.redirected += 1
        writer.close()

    async def _serve(self, connection: ProxiedConnection) -> None:
        try:
            while (request := await connection.next_request()) is not None:
                self.seen[request.operation] += 1
                fault = self._plan.next(request.operation, self.seen[request.operation])
                if fault is not None:
                    self.faults[fault] += 1
                reply = await self._done(connection, request, fault)
                await self._answer(connection, fault, reply)
        except OSError:
            pass  # the client or the server behind is gone, and with it this connection
        finally:
            await connection.close()

    async def _done(
        self, connection: ProxiedConnection, request: Message, fault: Fault | None
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
                return _message(success_reply(page))
        reply = await connection.pass_on(request)
        if reply.status != 200:
            return reply
        self.applied[request.operation] += 1
        return with_left_out(reply, request.operation, left) if left else reply

    async def _answer(
        self, connection: ProxiedConnection, fault: Fault | None, reply: Message | None
    ) -> None:
        """Answer as the fault will have it; where that is not with a whole reply, the connection ends."""
        match fault:
            case Fault.SILENT | Fault.SILENT_AFTER:
                await connection.left()
            case Fault.CLOSE_AFTER | Fault.LATE:
                connection.end()
            case Fault.RESET_BEFORE | Fault.RESET_AFTER:
                connection.cut()
            case Fault.RESTART:
                connection.cut()
                self.refuse(_REFUSED_SECONDS)
            case Fault.TRUNCATED if reply is not None:
                await connection.send_half(reply)
            case Fault.WRONG_CHECKSUM if reply is not None:
                await connection.send(reply.with_headers(x_amz_crc32=str(crc32(reply.body) ^ 1)))
            case Fault.REDIRECT:
                await connection.send(_message(self._redirect()))
            case _:
                made = None if fault is None else reply_of(fault)
                answer = reply if made is None else _message(made)
                if answer is not None:
                    await connection.send(answer)

    def _redirect(self) -> WireReply:
        return WireReply(307, {"location": f"http://{_LOOPBACK}:{self._strange_port}/"})


def _message(reply: WireReply) -> Message:
    return Message(f"HTTP/1.1 {reply.status} Fault", reply.headers, reply.body)
