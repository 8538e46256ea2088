"""This library on its own transport; also what its variants are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

import structlog
from pydantic import SecretStr

from benchmarks.clients import REGION, Operations
from benchmarks.model import PARTITION, TABLE, User, sample
from benchmarks.replies import BATCH, PAGE
from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBConfig,
    DynamoDBConnection,
    TableSchema,
    TransactWriteItem,
)

__all__ = ["SCHEMA", "configuration", "operations"]

SCHEMA: Final = TableSchema(partition_key="pk", sort_key="sk")


def configuration(endpoint: str, transport: Literal["direct", "aioboto3"] = "direct") -> DynamoDBConfig:
    """Give the default configuration, for the answering server."""
    return DynamoDBConfig(
        table_name=TABLE,
        region=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=SecretStr("benchmark"),
        aws_secret_access_key=SecretStr("benchmark"),
        transport=transport,
    )


@asynccontextmanager
async def operations(
    endpoint: str, transport: Literal["direct", "aioboto3"] = "direct"
) -> AsyncIterator[Operations]:
    """Open a connection."""
    config = configuration(endpoint, transport)
    async with DynamoDBConnection(config=config, logger=structlog.get_logger()) as connection:
        yield _of(connection.repository(User, schema=SCHEMA))


def _of(users: AsyncDynamoDBRepository[User]) -> Operations:
    user = sample(1)
    pk, sk = user.pk, user.sk
    batch = [sample(number) for number in range(BATCH)]
    keys = [(PARTITION, sample(number).sk) for number in range(PAGE)]

    async def query() -> list[User]:
        return (await users.query_by_pk(PARTITION)).items

    async def scan() -> list[User]:
        return (await users.scan()).items

    async def transact_write() -> Any:
        return await users.transact_write([TransactWriteItem.put(each) for each in batch[:10]])

    return {
        "get": lambda: users.get_one(pk, sk),
        "put": lambda: users.save(user),
        "update": lambda: users.update(pk, sk, {"status": "closed", "age": 37}),
        "delete": lambda: users.delete(pk, sk),
        "query": query,
        "scan": scan,
        "batch_get": lambda: users.batch_get(keys),
        "batch_write": lambda: users.batch_write(batch),
        "transact_write": transact_write,
    }
