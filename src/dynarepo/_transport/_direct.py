"""
The library's own way to DynamoDB: signed JSON over one aiohttp session.

Proxies of the environment are not used; whoever needs one takes the aioboto3 transport.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ssl import SSLContext
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp import hdrs

from dynarepo._transport._body import SentBody, overdue
from dynarepo._transport._credentials import Credentials
from dynarepo._transport._json import dumps
from dynarepo._transport._protocol import AttemptError
from dynarepo._transport._replies import read_reply, unexpected
from dynarepo._transport._sigv4 import Signer
from dynarepo._wire import Payload
from dynarepo.exceptions import ConnectionFailedError, InvalidValueError

__all__ = ["KEEPALIVE_SECONDS", "DirectTransport"]

#: DynamoDB Local closes idle connections after 30 s. A write on a connection that dies under it has
#: an unknown outcome, so ours go first.
KEEPALIVE_SECONDS: Final = 20

#: The service's largest replies have 16 MB of items; JSON may double that.
MAX_REPLY_BYTES: Final = 64 * 1024 * 1024

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
        ssl_context: SSLContext | None = None,
    ) -> None:
        parts = urlsplit(endpoint_url)
        self._url = f"{parts.scheme}://{parts.netloc}/"
        self._signer = Signer(_host_header(endpoint_url), region)
        self._credentials = credentials
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=max_connections,
                keepalive_timeout=KEEPALIVE_SECONDS,
                ssl=True if ssl_context is None else ssl_context,
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            # A body that a proxy packed would not fit its checksum.
            headers={hdrs.ACCEPT_ENCODING: "identity", hdrs.USER_AGENT: "dynarepo"},
            skip_auto_headers=(hdrs.ACCEPT,),
            trust_env=False,
        )

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Make one attempt; see `Transport.send`."""
        try:
            body = SentBody(dumps(payload))
        except InvalidValueError as error:
            raise AttemptError(error, may_have_acted=False) from None
        try:
            async with asyncio.timeout(timeout):
                status, headers, reply = await self._exchange(operation, body)
        except TimeoutError:
            raise overdue(operation, begun=body.begun) from None
        return read_reply(operation, status, headers, reply)

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        await self._session.close()

    async def _exchange(self, operation: str, body: SentBody) -> tuple[int, Mapping[str, str], bytes]:
        credentials = await self._credentials.get()
        if self._session.closed:
            error = ConnectionFailedError("the transport is closed", operation=operation)
            raise AttemptError(error, may_have_acted=False)
        headers = self._signer.headers(operation, body.content, credentials)
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return response.status, response.headers, await _read(operation, response)
        except (aiohttp.ClientError, OSError) as error:
            raise body.failed(operation, error) from None


def _host_header(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"


async def _read(operation: str, response: aiohttp.ClientResponse) -> bytes:
    if response.content_length is not None and response.content_length <= MAX_REPLY_BYTES:
        return await response.read()
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_REPLY_BYTES:
            response.close()
            raise unexpected(operation, response.status, response.headers, "the reply is longer than 64 MiB")
    return bytes(body)
