"""
The library's own way to DynamoDB: signed JSON over connections of its own.

Proxies of the environment are not used; whoever needs one takes the aioboto3 transport.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from dynarepo._json import dumps
from dynarepo._transport._credentials import Credentials
from dynarepo._transport._failures import failed, not_http, overdue
from dynarepo._transport._http_pool import ConnectionPool
from dynarepo._transport._http_reply import NotHttpError, TooLongError
from dynarepo._transport._protocol import AttemptError
from dynarepo._transport._replies import read_reply, unexpected
from dynarepo._transport._sigv4 import TABLES, Signer
from dynarepo._turns import in_turn
from dynarepo._wire import Payload, ReadPayload
from dynarepo.exceptions import AuthenticationError, ConnectionFailedError, InvalidValueError

__all__ = ["KEEPALIVE_SECONDS", "DirectTransport"]

#: DynamoDB Local closes idle connections after 30 s. A write on a connection that dies under it has
#: an unknown outcome, so ours go first.
KEEPALIVE_SECONDS: Final = 20

#: The service's largest replies have 16 MB of items; JSON may double that.
MAX_REPLY_BYTES: Final = 64 * 1024 * 1024

#: Takes about a tenth of a millisecond to be parsed.
_LONG_REPLY_BYTES: Final = 128 * 1024

# A body that a proxy packed would not fit its checksum.
_HEADERS: Final = "Accept-Encoding: identity\r\nUser-Agent: dynarepo\r\n"
_OTHER_LINES: Final = 5

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class DirectTransport:
    """
    Sends over its own connections.

    Args:
        endpoint_url: Scheme, host and port of the service.
        region: The region that requests are signed for.
        credentials: Where each request's credentials come from.
        max_connections: Connections kept at most.
        connect_timeout: Seconds to establish one.
        ssl_context: Another trust store than the system's.
        target: What requests are addressed to.

    Must be made while the event loop runs.
    """

    def __init__(
        self,
        endpoint_url: str,
        region: str,
        credentials: Credentials,
        *,
        max_connections: int,
        connect_timeout: float,
        ssl_context: ssl.SSLContext | None = None,
        target: str = TABLES,
    ) -> None:
        parts = urlsplit(endpoint_url)
        context = ssl_context
        if parts.scheme == "https" and context is None:
            context = ssl.create_default_context()
        self._signer = Signer(_host_header(endpoint_url), region, target)
        self._credentials = credentials
        self._pool = ConnectionPool(
            parts.hostname or "",
            parts.port or _DEFAULT_PORTS[parts.scheme],
            ssl_context=context if parts.scheme == "https" else None,
            connect_timeout=connect_timeout,
            keepalive=KEEPALIVE_SECONDS,
            max_idle=max_connections,
            max_reply_bytes=MAX_REPLY_BYTES,
        )

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Make one attempt; see `Transport.send`."""
        try:
            body = dumps(payload)
        except InvalidValueError as error:
            raise AttemptError(error, may_have_acted=False) from None
        begun = False
        try:
            async with asyncio.timeout(timeout):
                request = await self._request(operation, body)
                connection = await self._pool.take()
                begun = connection.is_open
                reply = await connection.exchange(request)
        except TimeoutError:
            raise overdue(operation, begun=begun) from None
        except NotHttpError:
            raise not_http(operation) from None
        except TooLongError as error:
            raise unexpected(
                operation, error.status, error.headers, "the reply is longer than 64 MiB"
            ) from None
        except OSError as error:
            raise failed(operation, error, begun=begun) from None
        self._pool.put_back(connection)
        leaves_items = type(payload) is ReadPayload
        read = partial(
            read_reply, operation, reply.status, reply.headers, reply.body, leaves_items=leaves_items
        )
        # Several long replies may be there at once.
        return await in_turn(read) if len(reply.body) > _LONG_REPLY_BYTES else read()

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        await self._pool.close()

    async def _request(self, operation: str, body: bytes) -> bytes:
        credentials = await self._credentials.get()
        if self._pool.is_closed:
            error = ConnectionFailedError("the transport is closed", operation=operation)
            raise AttemptError(error, may_have_acted=False)
        headers = self._signer.headers(operation, body, credentials)
        lines = "\r\n".join(map(": ".join, headers.items()))
        head = f"POST / HTTP/1.1\r\n{lines}\r\n{_HEADERS}Content-Length: {len(body)}\r\n\r\n"
        if not head.isascii() or head.count("\n") != len(headers) + _OTHER_LINES:
            broken = AuthenticationError(
                "the AWS credentials hold a character that no header can carry, such as a line break",
                operation=operation,
            )
            raise AttemptError(broken, may_have_acted=False)
        return head.encode() + body


def _host_header(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"
