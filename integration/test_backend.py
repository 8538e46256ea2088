"""The backend answers the SDK, before anything of the library's stands between."""

from __future__ import annotations

import os
from typing import Any

import aioboto3  # type: ignore[import-untyped]

from dynarepo._config import DynamoDBConfig


async def test_a_table_is_made_written_read_and_deleted(config: DynamoDBConfig, table_name: str) -> None:
    """One table goes through its life."""
    key = {"pk": {"S": "USER#1"}}
    item = {**key, "age": {"N": "36"}}
    async with _client(config) as client:
        await client.create_table(
            TableName=table_name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        await client.put_item(TableName=table_name, Item=item)
        assert (await client.get_item(TableName=table_name, Key=key))["Item"] == item
        await client.delete_table(TableName=table_name)
        assert table_name not in (await client.list_tables())["TableNames"]


def test_the_environment_names_no_account() -> None:
    """A developer's own credentials, profile and endpoint are out of reach."""
    assert not [
        name
        for name in os.environ
        if name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_PROFILE", "AWS_REGION"))
    ]
    assert "DYNAMODB_ENDPOINT_URL" not in os.environ


def _client(config: DynamoDBConfig) -> Any:
    session = aioboto3.Session(aws_access_key_id="local", aws_secret_access_key="local")
    return session.client("dynamodb", region_name=config.region, endpoint_url=config.endpoint_url)
