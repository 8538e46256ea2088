"""The waist that everything above sends through: opened once, closed once, bound to one event loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from enum import Enum, auto
from types import TracebackType
from typing import Self

from dynarepo._config import DynamoDBConfig
from dynarepo._connection._budget import RetryBudget
from dynarepo._connection._opening import open_sdk
from dynarepo._connection._retry import RetryingSender
from dynarepo._observability import Call, LoggedSender, Logger, Sender
from dynarepo._request import Deadline, Request
from dynarepo._transport import LimitedTransport, Transport
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    ConfigurationError,
    ConnectionClosedError,
    ThrottledError,
)

__all__ = ["Channel"]


class _State(Enum):
    NEW = auto()
    OPENING = auto()
    OPEN = auto()
    CLOSED = auto()


class Channel:
    """
    Sends requests within a deadline, a limit of connections and the rules of retrying.

    Args:
        config: Where to send, and how.
        logger: Where events go.
        transport: Sends instead of the network, both items' and tables' requests; closed with the channel.
        sleep: Waits between attempts.
        jitter: Chooses a number between two, as `random.uniform`.
    """

    def __init__(
        self,
        config: DynamoDBConfig,
        logger: Logger,
        *,
        transport: Transport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._config = config
        self._logger = logger
        self._given_transport = transport
        self._sleep = sleep
        self._jitter = jitter
        self._budget = RetryBudget()
        self._state = _State.NEW
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack = AsyncExitStack()
        self._data: Sender | None = None
        self._control: Sender | None = None

    async def open(self) -> None:
        """
        Open the session, load credentials and log where requests will go; no request is sent.

        Raises:
            ConfigurationError: It is open already, or the configuration does not suffice.
            AuthenticationError: There are no credentials.
            DeadlineExceededError: It took longer than the deadline of a call.
        """
        self._begin_to_open()
        async with AsyncExitStack() as stack:
            try:
                await self._open_transports(stack)
            finally:
                if self._state is _State.OPENING:
                    self._state = _State.NEW
            if self._state is _State.CLOSED:
                raise _closed()
            self._state = _State.OPEN
            self._stack = stack.pop_all()

    async def close(self) -> None:
        """Close everything; calls under way fail with a typed error. Closing again does nothing."""
        if self._state is _State.OPEN:
            self._check_loop()
        self._state = _State.CLOSED
        await self._stack.aclose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def send(
        self, request: Request, *, config: DynamoDBConfig | None = None, deadline: Deadline | None = None
    ) -> Payload:
        """
        Send a request for items and return its reply.

        Args:
            request: What to send.
            config: The options of this call, where they differ from the channel's.
            deadline: When the call must have ended; without it, the configuration's seconds from now.
        """
        self.check_open()
        return await _through(self._data).send(self._call(request, config or self._config, deadline))

    async def control(self, operation: str, params: Payload) -> Payload:
        """Send a request for tables, through the resource's client, and return its reply."""
        self.check_open()
        request = Request(operation, params, table_name=params.get("TableName"))
        return await _through(self._control).send(self._call(request, self._config, None))

    async def pause(self, longest: float, deadline: Deadline) -> None:
        """
        Wait for a random time before work that the service left undone is sent again.

        Args:
            longest: The most seconds to wait.
            deadline: The end of the call.

        Raises:
            ThrottledError: The deadline would be over by then.
        """
        delay = self._jitter(0.0, longest)
        if delay >= deadline.left:
            raise ThrottledError("the service left a part of the batch undone until the deadline")
        await self._sleep(delay)

    @staticmethod
    def _call(request: Request, config: DynamoDBConfig, deadline: Deadline | None) -> Call:
        return Call(request, deadline or Deadline.after(config.deadline), log_keys=config.log_keys)

    def _begin_to_open(self) -> None:
        if self._state is _State.CLOSED:
            raise _closed()
        if self._state is not _State.NEW:
            raise ConfigurationError("the connection is open already: open it once, at start-up")
        self._state = _State.OPENING
        self._loop = asyncio.get_running_loop()

    async def _open_transports(self, stack: AsyncExitStack) -> None:
        if self._given_transport is not None:
            stack.push_async_callback(self._given_transport.close)
            self._data = self._control = self._sender(self._given_transport)
            return
        sdk = await open_sdk(self._config, stack)
        self._data, self._control = self._sender(sdk.data), self._sender(sdk.control)
        self._logger.info(
            "dynamodb.connection.opened",
            endpoint=sdk.endpoint_url,
            region=sdk.region,
            transport=self._config.transport,
        )

    def _sender(self, transport: Transport) -> Sender:
        limited = LimitedTransport(transport, self._config.max_connections, self._config.attempt_timeout)
        retrying = RetryingSender(
            limited, self.check_open, budget=self._budget, sleep=self._sleep, jitter=self._jitter
        )
        return LoggedSender(retrying, self._logger)

    def check_open(self) -> None:
        """Raise `ConnectionClosedError` unless requests can be sent from here and now."""
        if self._state is _State.CLOSED:
            raise _closed()
        if self._state is not _State.OPEN:
            raise ConnectionClosedError("the connection is not open: use it in `async with`, or await open()")
        self._check_loop()

    def _check_loop(self) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise ConnectionClosedError(
                "the connection was opened on another event loop: open one on each loop that uses it"
            )


def _closed() -> ConnectionClosedError:
    return ConnectionClosedError("the connection is closed: make a new one")


def _through(sender: Sender | None) -> Sender:
    assert sender is not None  # noqa: S101 - set before the state is OPEN
    return sender
