"""The models of this suite, their tables, and ways to them: straight to the server, or through a proxy."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final

from pydantic import BaseModel

from dynarepo import AsyncDynamoDBRepository, DynamoDBConfig, DynamoDBConnection
from dynarepo._connection import Channel
from dynarepo._transport import DirectTransport, Transport
from dynarepo.testing import FaultProxy
from integration.behaviour.stores import SentOperations
from tests.transport.rigs import StaticCredentials

__all__ = ["Account", "Counted", "World", "connected", "hurried", "new_owner", "world_behind"]

_ACCOUNTS: Final = "accounts"
_COUNTED: Final = "counted"


class Account(BaseModel):
    """What most operations are about."""

    owner: str
    name: str
    amount: int = 0
    note: str = ""

    class Meta:
        partition_key = "owner"
        sort_key = "name"


class Counted(BaseModel):
    """Counts its versions; `writer` tells each write from any other."""

    owner: str
    amount: int = 0
    writer: str = ""
    version: int = 0

    class Meta:
        partition_key = "owner"
        version = "version"


@dataclass(frozen=True, slots=True)
class World:
    """The repositories on one connection."""

    connection: DynamoDBConnection
    accounts: AsyncDynamoDBRepository[Account]
    counted: AsyncDynamoDBRepository[Counted]

    @classmethod
    def on(cls, connection: DynamoDBConnection) -> World:
        """Make them; the tables are named after the one of the configuration."""
        name = connection.config.table_name
        return cls(
            connection,
            connection.repository(Account, table_name=f"{name}-{_ACCOUNTS}"),
            connection.repository(Counted, table_name=f"{name}-{_COUNTED}"),
        )

    async def make_tables(self) -> None:
        """Make the tables."""
        admin = self.connection.table_admin()
        await admin.create_table(Account, table_name=self.accounts.table_name)
        await admin.create_table(Counted, table_name=self.counted.table_name)

    async def drop_tables(self) -> None:
        """Delete the tables."""
        admin = self.connection.table_admin()
        await admin.delete_table(self.accounts.table_name)
        await admin.delete_table(self.counted.table_name)

    async def of(self, owner: str) -> dict[str, Account]:
        """Give what is stored of an owner, by name."""
        items = self.accounts.iter_query_items(owner, consistent=True)
        return {account.name: account async for account in items}


@asynccontextmanager
async def connected(config: DynamoDBConfig) -> AsyncIterator[World]:
    """Connect."""
    transport = _transport(config)
    async with DynamoDBConnection(config=config, logger=SentOperations(), transport=transport) as connection:
        yield World.on(connection)


@asynccontextmanager
async def hurried(config: DynamoDBConfig) -> AsyncIterator[World]:
    """Connect so that nobody waits between attempts but a turn of the loop."""
    async with Channel(
        config, SentOperations(), transport=_transport(config), sleep=lambda _: asyncio.sleep(0)
    ) as channel:
        yield World.on(DynamoDBConnection(config=config, logger=SentOperations(), channel=channel))


@asynccontextmanager
async def world_behind(
    config: DynamoDBConfig, *, seed: int = 0, unprocessed: float = 0.5
) -> AsyncIterator[tuple[FaultProxy, World]]:
    """Put a proxy before the server and connect through it; at the end all that was sent is done."""
    async with FaultProxy(config, random=Random(seed), unprocessed=unprocessed) as proxy:  # noqa: S311
        async with connected(proxy.config) as world:
            yield proxy, world
        await proxy.drained()


def _transport(config: DynamoDBConfig) -> Transport | None:
    """Make the direct transport, without the SDK: its session takes long. The connection makes the other."""
    if config.transport != "direct":
        return None
    return DirectTransport(
        str(config.endpoint_url),
        str(config.region),
        StaticCredentials(),
        max_connections=config.max_connections,
        connect_timeout=config.connect_timeout,
    )


def new_owner() -> str:
    """Give a partition key that nothing else uses."""
    return f"o-{secrets.token_hex(8)}"
