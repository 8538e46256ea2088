"""AWS's own asynchronous SDK, a preview: it takes and gives structures of attribute values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aws_sdk_dynamodb.client import AsyncDynamoDBClient
from aws_sdk_dynamodb.config import AsyncDynamoDBConfig
from aws_sdk_dynamodb.models import (
    AttributeValue,
    AttributeValueBOOL,
    AttributeValueL,
    AttributeValueM,
    AttributeValueN,
    AttributeValueS,
    GetItemInput,
    PutItemInput,
    QueryInput,
    ScanInput,
)

from benchmarks.clients import REGION, Operations
from benchmarks.clients.values import KEY
from benchmarks.model import PARTITION, TABLE, sample, wire_item

__all__ = ["operations"]

_SCALARS = {"S": AttributeValueS, "N": AttributeValueN, "BOOL": AttributeValueBOOL}


def _value(tagged: dict[str, Any]) -> AttributeValue:
    ((tag, content),) = tagged.items()
    if tag == "L":
        return AttributeValueL([_value(each) for each in content])
    if tag == "M":
        return AttributeValueM({name: _value(each) for name, each in content.items()})
    return _SCALARS[tag](content)


@asynccontextmanager
async def operations(endpoint: str) -> AsyncIterator[Operations]:
    """Make a client."""
    config = await AsyncDynamoDBConfig.resolve(
        region=REGION,
        endpoint_uri=endpoint,
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106
    )
    async with AsyncDynamoDBClient(config=config) as client:
        yield _operations(client)


def _operations(client: AsyncDynamoDBClient) -> Operations:
    user = wire_item(sample(1))
    key = {name: _value({"S": value}) for name, value in KEY.items()}

    async def get() -> object:
        return (await client.get_item(GetItemInput(table_name=TABLE, key=key))).item

    async def put() -> None:
        item = {name: _value(value) for name, value in user.items()}
        await client.put_item(PutItemInput(table_name=TABLE, item=item))

    async def query() -> object:
        request = QueryInput(
            table_name=TABLE,
            key_condition_expression="pk = :pk",
            expression_attribute_values={":pk": AttributeValueS(PARTITION)},
        )
        return (await client.query(request)).items

    async def scan() -> object:
        return (await client.scan(ScanInput(table_name=TABLE))).items

    return {"get": get, "put": put, "query": query, "scan": scan}
