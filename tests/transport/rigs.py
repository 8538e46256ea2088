"""The three transports, each playing the same script."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from dynarepo._config import DynamoDBConfig
from dynarepo._connection._opening import open_sdk
from dynarepo._transport import AttemptError, DirectTransport, Transport
from dynarepo.testing import FakeTransport, Fault, FaultServer, WireReply, connection_refused, lost_reply

REAL_TRANSPORTS = ("direct", "aioboto3")
EVERY_TRANSPORT = (*REAL_TRANSPORTS, "fake")

#: What a server can do; a fake plays the replies and, of the faults, silence and broken connections.
Action: TypeAlias = WireReply | Fault | bytes


@dataclass
class Rig:
    """A transport with the server it talks to, if any."""

    transport: Transport
    server: FaultServer | None = None

    def play(self, *actions: Action) -> None:
        """Say what the next requests are answered."""
        if self.server is not None:
            self.server.answer_next(*actions)
        else:
            assert isinstance(self.transport, FakeTransport)
            self.transport._script.extend(*map(_entry, actions))

    async def send(self, operation: str, payload: dict[str, Any], *, timeout: float = 5.0) -> Any:  # noqa: ASYNC109
        """Make one attempt."""
        return await self.transport.send(operation, payload, timeout=timeout)

    async def failure(self, operation: str = "GetItem", *, timeout: float = 5.0) -> AttemptError:  # noqa: ASYNC109
        """Make one attempt and return how it failed."""
        try:
            payload: dict[str, Any] = (
                {"TransactItems": []} if operation.startswith("Transact") else {"TableName": "app"}
            )
            reply = await self.send(operation, payload, timeout=timeout)
        except AttemptError as failure:
            return failure
        raise AssertionError(f"it succeeded: {reply}")

    @property
    def requests(self) -> list[tuple[str, dict[str, Any]]]:
        """Operation and payload of every request."""
        if self.server is not None:
            return [(request.operation, request.payload) for request in self.server.requests]
        assert isinstance(self.transport, FakeTransport)
        return list(self.transport.requests)


def config_for(url: str, transport: str = "direct", **options: Any) -> DynamoDBConfig:
    """Make a configuration with static credentials for a server."""
    return DynamoDBConfig.model_validate(
        {
            "endpoint_url": url,
            "region": "eu-west-1",
            "aws_access_key_id": "AKIDEXAMPLE",
            "aws_secret_access_key": "secret",
            "transport": transport,
            **options,
        }
    )


@dataclass(frozen=True)
class Keys:
    """Credentials as the signer wants them."""

    access_key: str = "AKIDEXAMPLE"
    secret_key: str = "secret"
    token: str | None = None


class StaticCredentials:
    """Credentials that never change."""

    async def get(self) -> Keys:
        """Return them."""
        return Keys()


@asynccontextmanager
async def real_transport(kind: str, url: str) -> AsyncIterator[Transport]:
    """Open a transport that sends to this address."""
    if kind == "aioboto3":
        async with AsyncExitStack() as stack:
            yield (await open_sdk(config_for(url, kind), stack)).data
        return
    transport = DirectTransport(url, "eu-west-1", StaticCredentials(), max_connections=10, connect_timeout=30)
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def opened(kind: str) -> AsyncIterator[Rig]:
    """Open a transport of a kind, with its server."""
    if kind == "fake":
        yield Rig(FakeTransport())
        return
    async with FaultServer() as server, real_transport(kind, server.url) as transport:
        yield Rig(transport, server)


@asynccontextmanager
async def opened_without_server(kind: Literal["direct", "aioboto3", "fake"]) -> AsyncIterator[Rig]:
    """Open a transport whose endpoint nobody listens on."""
    if kind == "fake":
        yield Rig(FakeTransport(connection_refused()))
        return
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    async with real_transport(kind, url) as transport:
        yield Rig(transport)


def _entry(action: Action) -> Any:
    if isinstance(action, WireReply):
        return action
    assert isinstance(action, Fault)
    return _never if action is Fault.SILENT else lost_reply()


async def _never(operation: str, payload: dict[str, Any]) -> WireReply:
    await asyncio.Event().wait()
    raise AssertionError
