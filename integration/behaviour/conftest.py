"""The shared connections, and what is each test's own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import aioboto3  # type: ignore[import-untyped]
import pytest
import pytest_asyncio

from dynarepo import DynamoDBConfig, DynamoDBConnection
from integration.behaviour.stores import SentOperations, Stores

_HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests on one event loop, as a connection belongs to the loop it was opened on."""
    for item in items:
        if item.path.is_relative_to(_HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def operations() -> SentOperations:
    """Give the logger of the shared connections."""
    return SentOperations()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stores(endpoint_url: str, operations: SentOperations) -> AsyncIterator[Stores]:
    """Share tables over the direct transport."""
    async with _stores(endpoint_url, operations, "direct") as shared:
        yield shared


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["direct", "aioboto3"])
async def each_transport(
    request: pytest.FixtureRequest, endpoint_url: str, operations: SentOperations
) -> AsyncIterator[Stores]:
    """Share tables over one transport, and then over the other."""
    async with _stores(endpoint_url, operations, request.param) as shared:
        yield shared


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def raw(endpoint_url: str) -> AsyncIterator[Any]:
    """Give the SDK's client, to see what is stored and to store what the library would not."""
    session = aioboto3.Session(
        aws_access_key_id="local", aws_secret_access_key="local", region_name="eu-west-1"
    )
    async with session.client("dynamodb", endpoint_url=endpoint_url) as client:
        yield client


@pytest.fixture
def pk() -> str:
    """Give a partition key that no other test uses."""
    return f"p-{secrets.token_hex(8)}"


@pytest.fixture
def sent(operations: SentOperations) -> list[str]:
    """Give the names of the operations that are sent; `clear` it to forget those of the set-up."""
    operations.names.clear()
    return operations.names


@asynccontextmanager
async def _stores(
    endpoint_url: str, operations: SentOperations, transport: Literal["direct", "aioboto3"]
) -> AsyncIterator[Stores]:
    config = DynamoDBConfig(
        region="eu-west-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        transport=transport,
    )
    async with DynamoDBConnection(config=config, logger=operations) as connection:
        shared = Stores(connection)
        yield shared
        await shared.drop()
