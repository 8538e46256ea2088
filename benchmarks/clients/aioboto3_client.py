"""aioboto3's client, with boto3's serializer and deserializer, and Pydantic at both ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aioboto3  # type: ignore[import-untyped]
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer  # type: ignore[import-untyped]

from benchmarks.clients import Operations
from benchmarks.clients.aioboto3_table import options
from benchmarks.clients.values import CHANGES, KEY, plain
from benchmarks.model import PARTITION, TABLE, User, sample
from benchmarks.replies import BATCH, PAGE

__all__ = ["operations"]

_WRITE: Final = TypeSerializer().serialize
_READ: Final = TypeDeserializer().deserialize


@asynccontextmanager
async def operations(endpoint: str) -> AsyncIterator[Operations]:
    """Open a client."""
    session: Any = aioboto3.Session()  # to pyright it is boto3's, which does not await
    async with session.client("dynamodb", **options(endpoint)) as client:
        yield {**_items(client), **_batches(client)}


def _wire(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _WRITE(value) for name, value in values.items()}


def _user(item: Mapping[str, Any]) -> User:
    return User.model_validate({name: _READ(value) for name, value in item.items()})


def _items(client: Any) -> Operations:
    user = sample(1)

    async def get() -> User:
        return _user((await client.get_item(TableName=TABLE, Key=_wire(KEY)))["Item"])

    async def put() -> None:
        await client.put_item(TableName=TABLE, Item=_wire(plain(user)))

    async def update() -> User:
        reply = await client.update_item(
            TableName=TABLE,
            Key=_wire(KEY),
            UpdateExpression="SET #s = :s, #a = :a",
            ExpressionAttributeNames={"#s": "status", "#a": "age"},
            ExpressionAttributeValues=_wire({":s": CHANGES["status"], ":a": CHANGES["age"]}),
            ReturnValues="ALL_NEW",
        )
        return _user(reply["Attributes"])

    async def delete() -> bool:
        reply = await client.delete_item(TableName=TABLE, Key=_wire(KEY), ReturnValues="ALL_OLD")
        return "Attributes" in reply

    async def query() -> list[User]:
        reply = await client.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=_wire({":pk": PARTITION}),
        )
        return [_user(item) for item in reply["Items"]]

    async def scan() -> list[User]:
        return [_user(item) for item in (await client.scan(TableName=TABLE))["Items"]]

    return {"get": get, "put": put, "update": update, "delete": delete, "query": query, "scan": scan}


def _batches(client: Any) -> Operations:
    keys = [{"pk": PARTITION, "sk": sample(number).sk} for number in range(PAGE)]
    batch = [sample(number) for number in range(BATCH)]

    async def batch_get() -> list[User]:
        wanted = {TABLE: {"Keys": [_wire(key) for key in keys]}}
        reply = await client.batch_get_item(RequestItems=wanted)
        return [_user(item) for item in reply["Responses"][TABLE]]

    async def batch_write() -> None:
        puts = [{"PutRequest": {"Item": _wire(plain(user))}} for user in batch]
        await client.batch_write_item(RequestItems={TABLE: puts})

    async def transact_write() -> None:
        puts = [{"Put": {"TableName": TABLE, "Item": _wire(plain(user))}} for user in batch[:10]]
        await client.transact_write_items(TransactItems=puts)

    return {"batch_get": batch_get, "batch_write": batch_write, "transact_write": transact_write}
