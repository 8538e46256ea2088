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
        self._is_closed = False

    async def open(self) -> None:
        """
        Find credentials, region and endpoint; harmless when done before.

        Raises:
            AuthenticationError: There are no credentials.
            ConfigurationError: The region or endpoint is missing or refused.
        """
        await self._opened()

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Send a request and return the body of its successful reply."""
        if self._is_closed:
            error = ConnectionFailedError("the transport is closed", operation=operation)
            raise AttemptError(error, may_have_acted=False)
        session = self._session or await self._opened()
        transport: Transport = session.data if operation in _OF_ITEMS else session.control
        return await transport.send(operation, payload, timeout=timeout)

    async def close(self) -> None:
        """Release the connections; harmless when done before."""
        self._is_closed = True
        await self._stack.aclose()

    async def _opened(self) -> SdkSession:
        async with self._opening:
            if self._session is None:
                self._session = await open_sdk(self._config, self._stack)
            return self._session
