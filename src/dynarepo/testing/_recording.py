"""A transport that keeps what passes it."""

from __future__ import annotations

from dynarepo._config import DynamoDBConfig
from dynarepo._transport import Transport
from dynarepo._wire import Payload
from dynarepo.testing._network import NetworkTransport
from dynarepo.testing._request_log import RequestLog, SentRequest

__all__ = ["RecordingTransport"]


class RecordingTransport:
    """
    Keeps every request, and sends it on: to a server, or by another transport.

        transport = RecordingTransport(config)
        async with AsyncDynamoDBRepository(User, config=config, logger=logger, transport=transport) as users:
            await users.save(user)
        assert transport.requests.operations == ["PutItem"]

    Args:
        inner: What sends: the configuration that leads to a server, or a transport.

    Attributes:
        requests: Operation and payload of every request, in order; each attempt is one.
    """

    def __init__(self, inner: DynamoDBConfig | Transport) -> None:
        self._inner = NetworkTransport(inner) if isinstance(inner, DynamoDBConfig) else inner
        self.requests: RequestLog[SentRequest] = RequestLog()

    async def open(self) -> None:
        """
        Open the way to the server now, rather than within the first request; harmless when done before.

        Raises:
            AuthenticationError: There are no credentials.
            ConfigurationError: The region or endpoint is missing or refused.
            ConnectionFailedError: It was closed.
        """
        if isinstance(self._inner, NetworkTransport):
            await self._inner.open()

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Keep a request, send it on, and return the body of its successful reply."""
        self.requests.append(SentRequest(operation, payload))
        return await self._inner.send(operation, payload, timeout=timeout)

    async def close(self) -> None:
        """Close what sends."""
        await self._inner.close()
