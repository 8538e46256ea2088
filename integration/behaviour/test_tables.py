"""Tables are made from what models declare, listed, described and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pydantic import BaseModel

from dynarepo import (
    DynamoDBBaseModel,
    GlobalIndex,
    KeyTemplate,
    LocalIndex,
    SchemaError,
    TableAdmin,
    TableAlreadyExistsError,
    TableNotFoundError,
    TableSchema,
)
from integration.behaviour.stores import Stores


class Invoice(DynamoDBBaseModel):
    customer: str
    amount: int = 0
    state: str = "open"

    class Meta:
        gsis = (
            GlobalIndex("by_customer", partition_key="customer", sort_key="amount", projection=("state",)),
            GlobalIndex("by_state", partition_key=KeyTemplate("gsi1pk", "STATE#{state}")),
        )
        lsis = (LocalIndex("by_amount", sort_key="amount", projection="KEYS_ONLY"),)


class Payment(DynamoDBBaseModel):
    method: str

    class Meta:
        gsis = (GlobalIndex("by_method", partition_key="method"),)


class Bare(BaseModel):
    id: int


@pytest_asyncio.fixture(loop_scope="session")
async def admin(stores: Stores, table_name: str) -> AsyncIterator[TableAdmin]:
    """Give an admin, and delete what the test leaves."""
    admin = stores.connection.table_admin()
    yield admin
    if await admin.table_exists(table_name):
        await admin.delete_table(table_name)


async def test_a_table_is_made_with_its_global_and_local_indexes(
    admin: TableAdmin, raw: Any, table_name: str
) -> None:
    assert await admin.create_table(Invoice, table_name=table_name) == table_name
    table = (await raw.describe_table(TableName=table_name))["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert keys(table) == ["pk", "sk"]
    indexes = {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"]}
    assert keys(indexes["by_customer"]) == ["customer", "amount"]
    assert keys(indexes["by_state"]) == ["gsi1pk"]
    assert indexes["by_customer"]["Projection"]["NonKeyAttributes"] == ["state"]
    (local,) = table["LocalSecondaryIndexes"]
    assert keys(local) == ["pk", "amount"]
    assert local["Projection"]["ProjectionType"] == "KEYS_ONLY"
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    assert types == {"pk": "S", "sk": "S", "customer": "S", "amount": "N", "gsi1pk": "S"}


async def test_models_that_share_a_table_unite_their_indexes(
    admin: TableAdmin, raw: Any, table_name: str
) -> None:
    await admin.create_table(Invoice, Payment, table_name=table_name)
    table = (await raw.describe_table(TableName=table_name))["Table"]
    names = {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}
    assert names == {"by_customer", "by_state", "by_method"}


async def test_a_schema_stands_for_a_meta(admin: TableAdmin, raw: Any, table_name: str) -> None:
    await admin.create_table(Bare, schema=TableSchema(partition_key="id"), table_name=table_name)
    table = (await raw.describe_table(TableName=table_name))["Table"]
    assert table["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "N"}]
    with pytest.raises(SchemaError, match="different table keys"):
        await admin.create_table(Invoice, Keyed, table_name=table_name)


async def test_a_table_exists_and_is_listed_until_it_is_deleted(admin: TableAdmin, table_name: str) -> None:
    assert not await admin.table_exists(table_name)
    await admin.create_table(Payment, table_name=table_name)
    assert await admin.table_exists(table_name)
    assert table_name in await admin.list_tables()
    await admin.delete_table(table_name)
    assert not await admin.table_exists(table_name)
    assert table_name not in await admin.list_tables()


async def test_a_table_is_made_once_and_deleted_once(admin: TableAdmin, table_name: str) -> None:
    await admin.create_table(Payment, table_name=table_name)
    with pytest.raises(TableAlreadyExistsError):
        await admin.create_table(Payment, table_name=table_name)
    await admin.delete_table(table_name)
    for call in (admin.delete_table, admin.wait_until_active):
        with pytest.raises(TableNotFoundError):
            await call(table_name)


async def test_ping_tells_whether_the_table_is_there(
    stores: Stores, admin: TableAdmin, table_name: str
) -> None:
    payments = stores.connection.repository(Payment, table_name=table_name)
    assert not await payments.ping()
    await admin.create_table(Payment, table_name=table_name)
    assert await payments.ping()


class Keyed(BaseModel):
    id: str

    class Meta:
        partition_key = "id"


def keys(described: dict[str, Any]) -> list[str]:
    return [element["AttributeName"] for element in described["KeySchema"]]
