"""
Connections to one host, kept open between requests.

One request at a time goes over a connection, written in one piece. A connection serves another request only
after a whole reply with nothing behind it; whatever else happens to it (an error, a reply that ends it, a
caller that goes away) ends it. So no reply can reach a caller that did not ask for it.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from contextlib import suppress
from ipaddress import ip_address
from ssl import SSLContext
from typing import Final, cast

from dynarepo._transport._http_reply import HttpReply, NotHttpError, ReplyParser, TooLongError

__all__ = ["Connection", "ConnectionPool"]

#: How long another address of the host is waited for, as RFC 8305 recommends.
_HAPPY_EYEBALLS_SECONDS: Final = 0.25


class Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self, max_reply_bytes: int) -> None:
        self._max_reply_bytes = max_reply_bytes
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: ReplyParser | None = None
        self._reply: asyncio.Future[HttpReply] | None = None
        self.idle_since = 0.0
        self.lost: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes) -> HttpReply:
        """
        Send a request and return its reply.

        Raises:
            OSError: The connection broke before the whole reply was there.
            NotHttpError: What came is no reply.
            TooLongError: It is longer than it may be.
        """
        if not self.is_open:
            raise ConnectionResetError
        self._parser = ReplyParser(self._max_reply_bytes)
        self._reply = self._loop.create_future()
        try:
            cast("asyncio.Transport", self._transport).write(request)
            reply = await self._reply
        except BaseException:
            self.abort()
            raise
        finally:
            self._parser = self._reply = None
        if reply.is_last:
            self.abort()
        return reply

    def abort(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        reply, parser = self._reply, self._parser
        if reply is None or parser is None or reply.done():
            # Nobody asked: a second reply, or a farewell of the server.
            self.abort()
            return
        try:
            whole = parser.feed(data)
            if whole is not None:
                reply.set_result(whole)
        except (NotHttpError, TooLongError) as error:
            reply.set_exception(error)
        except asyncio.InvalidStateError:
            self.abort()  # Ctrl-C cancelled the call since it was looked at.

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        reply, parser = self._reply, self._parser
        if reply is not None and parser is not None and not reply.done():
            whole = parser.end() if exc is None else None
            # A timeout here is the system's, and not the caller's.
            is_plain = isinstance(exc, OSError) and not isinstance(exc, TimeoutError)
            with suppress(asyncio.InvalidStateError):  # as above
                if whole is not None:
                    reply.set_result(whole)
                else:
                    reply.set_exception(exc if exc is not None and is_plain else ConnectionResetError())
        if not self.lost.done():
            self.lost.set_result(None)


class ConnectionPool:
    """
    Connects to a host and port.

    Args:
        host: Its name or address.
        port: Its port.
        ssl_context: Whom to trust, `None` for a connection without TLS.
        connect_timeout: Seconds to establish a connection, TLS included.
        keepalive: Seconds after which an idle connection is closed.
        max_idle: Idle connections kept at most.
        max_reply_bytes: The longest body of a reply.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        ssl_context: SSLContext | None,
        connect_timeout: float,
        keepalive: float,
        max_idle: int,
        max_reply_bytes: int,
    ) -> None:
        self._address = (host, port)
        self._eyeballs = None if _is_address(host) else _HAPPY_EYEBALLS_SECONDS
        self._ssl_context = ssl_context
        self._connect_timeout = connect_timeout
        self._keepalive = keepalive
        self._max_idle = max_idle
        self._max_reply_bytes = max_reply_bytes
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self.is_closed = False

    async def take(self) -> Connection:
        """
        Give a connection that nobody else uses, an open one if there is one.

        Raises:
            OSError: None could be established.
        """
        fresh = asyncio.get_running_loop().time() - self._keepalive
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since > fresh:
                return connection
            connection.abort()
        return await self._connect()

    def put_back(self, connection: Connection) -> None:
        """Keep a connection for others, if it can be used again."""
        if not connection.is_open:
            return
        if len(self._idle) >= self._max_idle:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(self._keepalive, self._close_idle)

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        self.is_closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        self._idle.clear()
        ending = [connection.lost for connection in self._all]
        for connection in self._all:
            connection.abort()
        if ending:
            await asyncio.wait(ending)

    async def _connect(self) -> Connection:
        host, port = self._address
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._max_reply_bytes),
                    host,
                    port,
                    ssl=self._ssl_context,
                    happy_eyeballs_delay=self._eyeballs,
                )
        except TimeoutError:
            raise ConnectionError(f"it was not established within {self._connect_timeout:g} s") from None
        self._all.add(connection)
        connection.lost.add_done_callback(lambda _: self._all.discard(connection))
        if self.is_closed:
            connection.abort()
        return connection

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        ends, self._sweep = loop.time() - self._keepalive, None
        while self._idle and (self._idle[0].idle_since <= ends or not self._idle[0].is_open):
            self._idle.popleft().abort()
        if self._idle:
            self._sweep = loop.call_later(self._idle[0].idle_since - ends, self._close_idle)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
