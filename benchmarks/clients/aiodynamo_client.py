"""aiodynamo over aiohttp, with numbers as Decimal, and Pydantic at both ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import aiohttp
from aiodynamo.client import Client
from aiodynamo.credentials import Key, StaticCredentials
from aiodynamo.expressions import F, HashKey
from aiodynamo.http.aiohttp import AIOHTTP
from aiodynamo.models import BatchGetRequest, BatchWriteRequest, ReturnValues
from aiodynamo.operations import Put
from yarl import URL

from benchmarks.clients import REGION, Operations
from benchmarks.clients.values import CHANGES, KEY, plain
from benchmarks.model import PARTITION, TABLE, User, sample
from benchmarks.replies import BATCH, PAGE

__all__ = ["operations"]


@asynccontextmanager
async def operations(endpoint: str) -> AsyncIterator[Operations]:
    """Open a session; its limit of 100 connections is the default."""
    credentials = StaticCredentials(Key("benchmark", "benchmark"))
    async with aiohttp.ClientSession() as session:
        client = Client(AIOHTTP(session), credentials, REGION, URL(endpoint), numeric_type=Decimal)
        yield {**_items(client), **_batches(client)}


def _items(client: Client) -> Operations:
    user = sample(1)
    validate = User.model_validate
    change = F("status").set(CHANGES["status"]) & F("age").set(CHANGES["age"])

    async def get() -> User:
        return validate(await client.get_item(TABLE, KEY))

    async def put() -> None:
        await client.put_item(TABLE, plain(user))

    async def update() -> User:
        return validate(await client.update_item(TABLE, KEY, change, return_values=ReturnValues.all_new))

    async def delete() -> bool:
        return await client.delete_item(TABLE, KEY, return_values=ReturnValues.all_old) is not None

    async def query() -> list[User]:
        page = await client.query_single_page(TABLE, HashKey("pk", PARTITION))
        return [validate(item) for item in page.items]

    async def scan() -> list[User]:
        return [validate(item) for item in (await client.scan_single_page(TABLE)).items]

    return {"get": get, "put": put, "update": update, "delete": delete, "query": query, "scan": scan}


def _batches(client: Client) -> Operations:
    keys = [{"pk": PARTITION, "sk": sample(number).sk} for number in range(PAGE)]
    batch = [sample(number) for number in range(BATCH)]

    async def batch_get() -> list[User]:
        reply = await client.batch_get({TABLE: BatchGetRequest(keys)})
        return [User.model_validate(item) for item in reply.items[TABLE]]

    async def batch_write() -> None:
        await client.batch_write({TABLE: BatchWriteRequest(items_to_put=[plain(user) for user in batch])})

    async def transact_write() -> None:
        await client.transact_write_items([Put(TABLE, plain(user)) for user in batch[:10]])

    return {"batch_get": batch_get, "batch_write": batch_write, "transact_write": transact_write}
