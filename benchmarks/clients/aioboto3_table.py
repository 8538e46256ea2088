"""aioboto3's resource `Table`, as its documentation shows it, with Pydantic at both ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioboto3  # type: ignore[import-untyped]
from aiobotocore.config import AioConfig
from boto3.dynamodb.conditions import Key  # type: ignore[import-untyped]

from benchmarks.clients import REGION, Operations
from benchmarks.clients.values import CHANGES, KEY, plain
from benchmarks.model import PARTITION, TABLE, User, sample
from benchmarks.replies import BATCH, PAGE

__all__ = ["operations", "options"]


def options(endpoint: str) -> dict[str, Any]:
    """Give the arguments of a client: as many connections as ours has, else the defaults."""
    return {
        "region_name": REGION,
        "endpoint_url": endpoint,
        "aws_access_key_id": "benchmark",
        "aws_secret_access_key": "benchmark",
        "config": AioConfig(max_pool_connections=50),
    }


@asynccontextmanager
async def operations(endpoint: str) -> AsyncIterator[Operations]:
    """Open a resource."""
    session: Any = aioboto3.Session()  # to pyright it is boto3's, which does not await
    async with session.resource("dynamodb", **options(endpoint)) as resource:
        yield {**_items(await resource.Table(TABLE)), **_batches(resource)}


def _items(table: Any) -> Operations:
    user = sample(1)
    validate = User.model_validate

    async def get() -> User:
        return validate((await table.get_item(Key=KEY))["Item"])

    async def put() -> None:
        await table.put_item(Item=plain(user))

    async def update() -> User:
        reply = await table.update_item(
            Key=KEY,
            UpdateExpression="SET #s = :s, #a = :a",
            ExpressionAttributeNames={"#s": "status", "#a": "age"},
            ExpressionAttributeValues={":s": CHANGES["status"], ":a": CHANGES["age"]},
            ReturnValues="ALL_NEW",
        )
        return validate(reply["Attributes"])

    async def delete() -> bool:
        return "Attributes" in await table.delete_item(Key=KEY, ReturnValues="ALL_OLD")

    async def query() -> list[User]:
        reply = await table.query(KeyConditionExpression=Key("pk").eq(PARTITION))
        return [validate(item) for item in reply["Items"]]

    async def scan() -> list[User]:
        return [validate(item) for item in (await table.scan())["Items"]]

    return {"get": get, "put": put, "update": update, "delete": delete, "query": query, "scan": scan}


def _batches(resource: Any) -> Operations:
    keys = [{"pk": PARTITION, "sk": sample(number).sk} for number in range(PAGE)]
    batch = [sample(number) for number in range(BATCH)]

    async def batch_get() -> list[User]:
        reply = await resource.batch_get_item(RequestItems={TABLE: {"Keys": keys}})
        return [User.model_validate(item) for item in reply["Responses"][TABLE]]

    async def batch_write() -> None:
        puts = [{"PutRequest": {"Item": plain(user)}} for user in batch]
        await resource.batch_write_item(RequestItems={TABLE: puts})

    async def transact_write() -> None:
        puts = [{"Put": {"TableName": TABLE, "Item": plain(user)}} for user in batch[:10]]
        await resource.meta.client.transact_write_items(TransactItems=puts)

    return {"batch_get": batch_get, "batch_write": batch_write, "transact_write": transact_write}
