"""pydynox's client, whose core is in Rust, with Pydantic at both ends; it reads numbers as floats."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydynox import DynamoDBClient

from benchmarks.clients import REGION, Operations
from benchmarks.clients.values import CHANGES, KEY, plain
from benchmarks.model import PARTITION, TABLE, User, sample
from benchmarks.replies import BATCH, PAGE

__all__ = ["client_of", "operations"]


def client_of(endpoint: str) -> DynamoDBClient:
    """Make a client."""
    return DynamoDBClient(
        region=REGION,
        endpoint_url=endpoint,
        access_key="benchmark",
        secret_key="benchmark",  # noqa: S106
    )


@asynccontextmanager
async def operations(endpoint: str) -> AsyncIterator[Operations]:
    """Make a client; there is nothing to close."""
    client = client_of(endpoint)
    yield {**_items(client), **_batches(client)}


def _items(client: DynamoDBClient) -> Operations:
    user = sample(1)
    validate = User.model_validate

    async def get() -> User:
        return validate(await client.get_item(TABLE, KEY))

    async def put() -> None:
        await client.put_item(TABLE, plain(user))

    async def update() -> User:
        return validate(await client.update_item(TABLE, KEY, updates=CHANGES, return_values="ALL_NEW"))

    async def delete() -> bool:
        return await client.delete_item(TABLE, KEY, return_values="ALL_OLD") is not None

    async def query() -> list[User]:
        found = client.query(
            TABLE,
            "#pk = :pk",
            expression_attribute_names={"pk": "#pk"},
            expression_attribute_values={":pk": PARTITION},
        )
        return [validate(item) async for item in found]

    async def scan() -> list[User]:
        return [validate(item) async for item in client.scan(TABLE)]

    return {"get": get, "put": put, "update": update, "delete": delete, "query": query, "scan": scan}


def _batches(client: DynamoDBClient) -> Operations:
    keys = [{"pk": PARTITION, "sk": sample(number).sk} for number in range(PAGE)]
    batch = [sample(number) for number in range(BATCH)]

    async def batch_get() -> list[User]:
        return [User.model_validate(item) for item in await client.batch_get(TABLE, keys)]

    async def batch_write() -> None:
        await client.batch_write(TABLE, [plain(user) for user in batch])

    async def transact_write() -> None:
        puts = [{"type": "put", "table": TABLE, "item": plain(user)} for user in batch[:10]]
        await client.transact_write(puts)

    return {"batch_get": batch_get, "batch_write": batch_write, "transact_write": transact_write}
