"""The waist that everything above sends through: opened once, closed once, bound to one event loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from enum import Enum, auto
from types import TracebackType
from typing import Self
from weakref import WeakSet

from dynarepo._config import CapacityLimit, DynamoDBConfig
from dynarepo._connection._budget import RetryBudget
from dynarepo._connection._governed import GovernedTransport
from dynarepo._connection._opening import open_sdk
from dynarepo._connection._retry import RetryingSender
from dynarepo._observability import (
    Accounts,
    Call,
    LoggedSender,
    Logger,
    OpenTelemetry,
    Sender,
    Server,
    Usage,
)
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
        telemetry: Makes spans and metrics of calls.
        sleep: Waits between attempts.
        jitter: Chooses a number between two, as `random.uniform`.
    """

    def __init__(
        self,
        config: DynamoDBConfig,
        logger: Logger,
        *,
        transport: Transport | None = None,
        telemetry: OpenTelemetry | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._config = config
        self._logger = logger
        self._given_transport = transport
        self._telemetry = telemetry
        self._server = Server(config.endpoint_url, config.region)
        self._accounts = Accounts()
        self._limits: WeakSet[GovernedTransport] = WeakSet()
        self._sleep = sleep
        self._jitter = jitter
        self._budget = RetryBudget()
        self._state = _State.NEW
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack = AsyncExitStack()
        self._attempts: Transport | None = None
        self._data: Sender | None = None
        self._control: Sender | None = None
        self._streams: Sender | None = None
        self._open_streams: Callable[[AsyncExitStack], Awaitable[Transport]] | None = None
        self._opening_streams = asyncio.Lock()

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
        for limit in self._limits:
            limit.let_go()
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

    async def control(self, operation: str, params: Payload, *, deadline: Deadline | None = None) -> Payload:
        """
        Send a request for tables, through the resource's client, and return its reply.

        Args:
            operation: DynamoDB's name of the operation.
            params: The body of the request.
            deadline: As for `send`.
        """
        self.check_open()
        request = Request(operation, params, table_name=params.get("TableName"))
        return await _through(self._control).send(self._call(request, self._config, deadline))

    async def stream(self, request: Request, *, config: DynamoDBConfig | None = None) -> Payload:
        """
        Send a request for a stream and return its reply.

        Args:
            request: What to send.
            config: The options of this call, where they differ from the channel's.
        """
        self.check_open()
        if self._streams is None:
            await self._begin_to_stream()
        return await _through(self._streams).send(self._call(request, config or self._config, None))

    async def idle(self, seconds: float) -> None:
        """Wait while there is nothing to do: for a random time between half of this and all of it."""
        await self._sleep(self._jitter(seconds / 2, seconds))

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

    @contextmanager
    def accounting(self) -> Iterator[Usage]:
        """
        Count what the calls do that the code inside makes, in tasks that it begins too.

        Raises:
            ConnectionClosedError: The channel is not open.
        """
        self.check_open()
        with self._accounts.block(self._count) as usage:
            yield usage

    def _count(self) -> None:
        """Let calls be counted while a block is open, and only then."""
        self._data, self._control, self._streams = (
            sender and self._accounts.around(sender) for sender in (self._data, self._control, self._streams)
        )

    def governed(self, limit: CapacityLimit | None) -> Channel:
        """Give a way through this channel with a limit of its own, beside the channel's."""
        return self if limit is None else _GovernedChannel(self, limit, self._config, self._logger)

    def sender_within(self, limit: CapacityLimit) -> Sender:
        """Make a sender for items that keeps a limit; the channel must be open."""
        self.check_open()
        assert self._attempts is not None  # noqa: S101 - set before the state is OPEN
        return self._composed(self._governed(self._attempts, limit))

    async def send_by(
        self, sender: Sender, request: Request, config: DynamoDBConfig, deadline: Deadline | None
    ) -> Payload:
        """Send a request as `send` does, through a sender of `sender_within`."""
        self.check_open()
        return await self._accounts.around(sender).send(self._call(request, config, deadline))

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
            limited = self._limited(self._given_transport)
            self._data = self._data_sender(limited)
            self._control = self._streams = self._composed(limited)
            return
        sdk = await open_sdk(self._config, stack)
        self._open_streams = sdk.open_streams
        self._server = Server(sdk.endpoint_url, sdk.region)
        self._data = self._data_sender(self._limited(sdk.data))
        self._control = self._composed(self._limited(sdk.control))
        self._logger.info(
            "dynamodb.connection.opened",
            endpoint=sdk.endpoint_url,
            region=sdk.region,
            transport=self._config.transport,
        )

    async def _begin_to_stream(self) -> None:
        async with self._opening_streams, AsyncExitStack() as stack:
            if self._streams is None and self._open_streams is not None:
                transport = await self._open_streams(stack)
                self.check_open()
                self._stack.push_async_callback(stack.pop_all().aclose)
                self._streams = self._composed(self._limited(transport))

    def _limited(self, transport: Transport) -> Transport:
        return LimitedTransport(transport, self._config.max_connections, self._config.attempt_timeout)

    def _governed(self, transport: Transport, limit: CapacityLimit) -> Transport:
        governed = GovernedTransport.limited(transport, limit, asyncio.get_running_loop())
        self._limits.add(governed)
        return governed

    def _data_sender(self, limited: Transport) -> Sender:
        """Compose what sends requests for items, which alone take capacity."""
        limit = self._config.capacity
        self._attempts = limited if limit is None else self._governed(limited, limit)
        return self._composed(self._attempts)

    def _composed(self, transport: Transport) -> Sender:
        """Put around a transport what is there: nothing that is off costs anything."""
        sender: Sender = RetryingSender(
            transport, self.check_open, budget=self._budget, sleep=self._sleep, jitter=self._jitter
        )
        sender = LoggedSender(sender, self._logger)
        if self._telemetry is not None:
            sender = self._telemetry.observed(sender, self._server)
        return self._accounts.around(sender)

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


class _GovernedChannel(Channel):
    """The way through another channel of a repository that has a limit of its own on what is consumed."""

    def __init__(
        self, channel: Channel, limit: CapacityLimit, config: DynamoDBConfig, logger: Logger
    ) -> None:
        super().__init__(config, logger)
        self._channel = channel
        self._limit = limit
        self._sender: Sender | None = None

    async def send(
        self, request: Request, *, config: DynamoDBConfig | None = None, deadline: Deadline | None = None
    ) -> Payload:
        """Send a request for items when the limit has room for it."""
        if self._sender is None:
            self._sender = self._channel.sender_within(self._limit)
        return await self._channel.send_by(self._sender, request, config or self._config, deadline)

    async def control(self, operation: str, params: Payload, *, deadline: Deadline | None = None) -> Payload:
        """Send a request for tables, which takes no capacity."""
        return await self._channel.control(operation, params, deadline=deadline)

    async def stream(self, request: Request, *, config: DynamoDBConfig | None = None) -> Payload:
        """Send a request for a stream, likewise."""
        return await self._channel.stream(request, config=config)

    async def idle(self, seconds: float) -> None:
        """Wait while there is nothing to do."""
        await self._channel.idle(seconds)

    async def pause(self, longest: float, deadline: Deadline) -> None:
        """Wait before work that the service left undone is sent again."""
        await self._channel.pause(longest, deadline)

    def check_open(self) -> None:
        """Raise `ConnectionClosedError` unless the other channel is open."""
        self._channel.check_open()

    def governed(self, limit: CapacityLimit | None) -> Channel:
        """Give another way through the other channel, in place of this one."""
        return self._channel.governed(limit)


def _closed() -> ConnectionClosedError:
    return ConnectionClosedError("the connection is closed: make a new one")


def _through(sender: Sender | None) -> Sender:
    assert sender is not None  # noqa: S101 - set before the state is OPEN
    return sender
