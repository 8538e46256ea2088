"""
A server on loopback that gets things wrong: it listens and stops, and answers as a fault will have it.

It holds its port while it does not listen, so that connections are refused and nobody else is given the port.
"""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import Counter
from types import TracebackType
from typing import Final, Self
from zlib import crc32

from dynarepo._config import DynamoDBConfig
from dynarepo._transport import WireReply
from dynarepo.testing._faults import Fault, reply_of
from dynarepo.testing._http import Message, message_of
from dynarepo.testing._served import ServedConnection

__all__ = ["LOOPBACK", "LoopbackServer", "local_config"]

LOOPBACK: Final = "127.0.0.1"
_REFUSED_SECONDS: Final = 0.05

#: Whether a port can be held while nothing listens on it, so that nobody else is given it.
_CAN_HOLD: Final = hasattr(socket, "SO_REUSEPORT")


def local_config(table_name: str, region: str, port: int) -> DynamoDBConfig:
    """Make the configuration that leads to a port of this machine."""
    return DynamoDBConfig.model_validate(
        {
            "table_name": table_name,
            "region": region,
            "endpoint_url": f"http://{LOOPBACK}:{port}",
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
        }
    )


class LoopbackServer(ABC):
    """Serves connections on a port of this machine, and can refuse them."""

    def __init__(self) -> None:
        self._port = self._strange_port = 0
        self._held: socket.socket | None = None
        self._opening = asyncio.Lock()
        self._listener: asyncio.Server | None = None
        self._stranger: asyncio.Server | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._open: dict[asyncio.Task[None], ServedConnection] = {}
        self.connections = 0
        self.faults: Counter[Fault] = Counter()
        self.redirected = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._port}"

    def refuse(self, seconds: float | None = None) -> None:
        """
        Close every connection and refuse new ones, as if nothing listened.

        Args:
            seconds: For how long; without it, until `accept`.
        """
        self._stop_listening()
        for connection in self._open.values():
            connection.end()
        if seconds is not None:
            self._accepting = asyncio.create_task(self._accept_after(seconds))

    async def accept(self) -> None:
        """Take connections again after `refuse`."""
        async with self._opening:
            if self._listener is None:
                self._listener = await asyncio.start_server(
                    self._accept, LOOPBACK, self._port, reuse_port=_CAN_HOLD or None
                )

    async def drained(self) -> None:
        """Wait until every connection is closed, and what came over it is done; close the clients before."""
        await asyncio.sleep(0)  # what was just opened is accepted first
        while self._open:
            await asyncio.wait(self._open)

    async def __aenter__(self) -> Self:
        self._stranger = await asyncio.start_server(self._strange, LOOPBACK, 0)
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
        tasks = [*self._open, *([] if self._accepting is None else [self._accepting])]
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
        chosen.bind((LOOPBACK, 0))
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
        self.connections += 1
        connection = ServedConnection(reader, writer)
        task = asyncio.ensure_future(self._keep(connection))
        self._open[task] = connection
        task.add_done_callback(lambda done: self._open.pop(done, None))

    def _strange(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.redirected += 1
        writer.close()

    async def _keep(self, connection: ServedConnection) -> None:
        try:
            await self._serve(connection)
        except OSError:
            pass  # the client, or what serves it, is gone, and with it this connection
        finally:
            await connection.close()

    @abstractmethod
    async def _serve(self, connection: ServedConnection) -> None:
        """Answer the requests of one connection."""

    async def _answer(self, connection: ServedConnection, fault: Fault | None, reply: Message | None) -> None:
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
                await connection.send(message_of(self._redirect()))
            case _:
                made = None if fault is None else reply_of(fault)
                answer = reply if made is None else message_of(made)
                if answer is not None:
                    await connection.send(answer)

    def _redirect(self) -> WireReply:
        return WireReply(307, {"location": f"http://{LOOPBACK}:{self._strange_port}/"})
