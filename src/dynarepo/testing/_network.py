"""The way to a server that a connection would take, as a transport that can be wrapped."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from dynarepo._config import DynamoDBConfig
from dynarepo._connection._opening import open_sdk
from dynarepo._transport import AttemptError, Transport
from dynarepo._wire import Payload
from dynarepo.exceptions import ConnectionFailedError

if TYPE_CHECKING:  # imports the SDK
    from dynarepo._connection._sdk_session import SdkSession

__all__ = ["NetworkTransport"]

#: What a connection sends by the transport for items; all else goes by the one for tables.
_OF_ITEMS: Final = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)

#: What a connection sends to the service for streams, which it opens when one is first read.
_OF_STREAMS: Final = frozenset({"DescribeStream", "GetRecords", "GetShardIterator"})


class NetworkTransport:
    """
    Sends to the server of a configuration, and opens the way there when it is first needed.

    Args:
        config: Leads to the server.
    """

    def __init__(self, config: DynamoDBConfig) -> None:
        self._config = config
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._session: SdkSession | None = None
        self._streams: Transport | None = None
        self._is_closed = False

    async def open(self) -> None:
        """
        Find credentials, region and endpoint; harmless when done before.

        Raises:
            AuthenticationError: There are no credentials.
            ConfigurationError: The region or endpoint is missing or refused.
            ConnectionFailedError: It was closed.
        """
        await self._opened()

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Send a request and return the body of its successful reply."""
        try:
            transport = await self._way_of(operation)
        except ConnectionFailedError as error:
            raise AttemptError(error, may_have_acted=False) from None
        return await transport.send(operation, payload, timeout=timeout)

    async def close(self) -> None:
        """Release the connections; harmless when done before."""
        self._is_closed = True
        async with self._opening:  # what is being opened is released, too
            await self._stack.aclose()

    async def _way_of(self, operation: str) -> Transport:
        self._check_open()
        session = self._session or await self._opened()
        if operation in _OF_ITEMS:
            return session.data
        if operation not in _OF_STREAMS or session.open_streams is None:
            return session.control
        async with self._opening:
            self._check_open()
            if self._streams is None:
                self._streams = await session.open_streams(self._stack)
            return self._streams

    async def _opened(self) -> SdkSession:
        async with self._opening:
            self._check_open()
            if self._session is None:
                self._session = await open_sdk(self._config, self._stack)
            return self._session

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConnectionFailedError("the transport is closed")
