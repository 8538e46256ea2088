"""Tables are made from what models declare, listed, changed, compared and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from pydantic import BaseModel

from dynarepo import (
    ConfigurationError,
    DynamoDBBaseModel,
    DynamoDBConfig,
    GlobalIndex,
    InvalidRequestError,
    KeyTemplate,
    LocalIndex,
    RejectedError,
    SchemaError,
    TableAdmin,
    TableAlreadyExistsError,
    TableMismatchError,
    TableNotFoundError,
    TableSchema,
)
from integration.behaviour.stores import SentOperations, Stores


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


class Plain(DynamoDBBaseModel):
    """In the table of `Invoice`, before that had any index."""


class Dated(Invoice):
    """An invoice that expires, with another sort key of one index and without the other."""

    expires_at: int | None = None

    class Meta:
        gsis = (GlobalIndex("by_customer", partition_key="customer", projection=("state",)),)
        lsis = (LocalIndex("by_amount", sort_key="amount", projection="KEYS_ONLY"),)
        ttl = "expires_at"


@pytest_asyncio.fixture(loop_scope="session")
async def admin(stores: Stores, table_name: str) -> AsyncIterator[TableAdmin]:
    """Give an admin, and delete what the test leaves."""
    admin = stores.connection.table_admin()
    yield admin
    if await admin.table_exists(table_name):
        await admin.delete_table(table_name)


@pytest_asyncio.fixture(loop_scope="session")
async def provisioned(admin: TableAdmin, config: DynamoDBConfig) -> AsyncIterator[TableAdmin]:
    """Give an admin whose tables have capacities; the other one deletes them."""
    capacities = config.model_copy(update={"read_capacity": 3, "write_capacity": 2})
    async with TableAdmin(config=capacities, logger=SentOperations()) as provisioned:
        yield provisioned


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


async def test_a_table_is_made_from_explicit_shapes(admin: TableAdmin, raw: Any, table_name: str) -> None:
    await admin.create_table(
        table_name=table_name,
        key_schema=[key("device", "HASH"), key("at", "RANGE")],
        attribute_definitions=[defined("device", "S"), defined("at", "N"), defined("digest", "B")],
        global_indexes=[
            {
                "IndexName": "by_digest",
                "KeySchema": [key("digest", "HASH")],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["level"]},
            }
        ],
        local_indexes=[
            {
                "IndexName": "digests",
                "KeySchema": [key("device", "HASH"), key("digest", "RANGE")],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    table = (await raw.describe_table(TableName=table_name))["Table"]
    assert (table["TableStatus"], keys(table)) == ("ACTIVE", ["device", "at"])
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert keys(table["GlobalSecondaryIndexes"][0]) == ["digest"]
    assert keys(table["LocalSecondaryIndexes"][0]) == ["device", "digest"]


async def test_shapes_that_are_no_tables_are_refused_unsent(
    admin: TableAdmin, sent: list[str], table_name: str
) -> None:
    for definitions in ([], [defined("id", "S"), defined("other", "S")]):
        with pytest.raises(InvalidRequestError, match="attribute_definitions"):
            await admin.create_table(
                table_name=table_name, key_schema=[key("id", "HASH")], attribute_definitions=definitions
            )
    assert sent == []


async def test_creation_without_waiting_is_waited_for_later(admin: TableAdmin, table_name: str) -> None:
    await admin.create_table(Invoice, table_name=table_name, wait=False)
    await admin.wait_until_active(table_name)
    await admin.verify(Invoice, table_name=table_name)


async def test_capacities_of_the_configuration_hold_for_table_and_indexes(
    provisioned: TableAdmin, raw: Any, table_name: str
) -> None:
    await provisioned.create_table(
        key_schema=[key("id", "HASH")],
        attribute_definitions=[defined("id", "S"), defined("method", "S")],
        global_indexes=[
            {
                "IndexName": "methods",
                "KeySchema": [key("method", "HASH")],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    table = (await raw.describe_table(TableName=table_name))["Table"]
    assert [capacity(table), capacity(table["GlobalSecondaryIndexes"][0])] == [(3, 2), (3, 2)]


@pytest.mark.differs("dynoxide", reason="an index that is added has no capacity")
async def test_capacities_of_the_configuration_hold_for_an_added_index(
    provisioned: TableAdmin, raw: Any, table_name: str
) -> None:
    await provisioned.create_table(key_schema=[key("id", "HASH")], attribute_definitions=[defined("id", "S")])
    await provisioned.add_index(Transfer, "by_method")
    table = (await raw.describe_table(TableName=table_name))["Table"]
    assert capacity(table["GlobalSecondaryIndexes"][0]) == (3, 2)


async def test_a_table_on_demand_is_another_than_one_with_capacities(
    admin: TableAdmin, provisioned: TableAdmin, table_name: str
) -> None:
    await admin.create_table(Payment, table_name=table_name)
    assert [found.what for found in await provisioned.diff(Payment)] == ["billing"]
    await admin.delete_table(table_name)
    await provisioned.create_table(Payment)
    assert await provisioned.diff(Payment) == await admin.diff(Payment, table_name=table_name) == ()


async def test_an_index_of_a_table_with_capacities_needs_some(
    admin: TableAdmin, provisioned: TableAdmin, table_name: str
) -> None:
    await provisioned.create_table(Plain)
    with pytest.raises(ConfigurationError, match="read_capacity"):
        await admin.add_index(Payment, "by_method", table_name=table_name)


async def test_expiry_is_switched_on_and_off(admin: TableAdmin, sent: list[str], table_name: str) -> None:
    await admin.create_table(Payment, table_name=table_name)
    assert await admin.ttl_attribute(table_name) is None
    await admin.disable_ttl(table_name)
    await admin.enable_ttl("gone_at", table_name)
    assert await admin.ttl_attribute(table_name) == "gone_at"
    sent.clear()
    await admin.enable_ttl("gone_at", table_name)
    assert sent == ["DescribeTimeToLive"]
    with pytest.raises(RejectedError, match="expire by gone_at"):
        await admin.enable_ttl("expires_at", table_name)
    await admin.disable_ttl(table_name)
    assert await admin.ttl_attribute(table_name) is None


@pytest.mark.differs("embedded", reason="moto has a code of its own for the expiry of a missing table")
async def test_a_table_that_is_not_there_has_no_expiry(admin: TableAdmin, table_name: str) -> None:
    for call in (admin.ttl_attribute, partial(admin.enable_ttl, "gone_at"), admin.disable_ttl):
        with pytest.raises(TableNotFoundError):
            await call(table_name)


async def test_an_index_is_added_to_a_table_with_items_and_removed_again(
    stores: Stores, admin: TableAdmin, table_name: str
) -> None:
    await admin.create_table(Plain, table_name=table_name)
    invoices = stores.connection.repository(Invoice, table_name=table_name)
    await invoices.save(Invoice(pk="a", sk="b", customer="ada", amount=2))
    await admin.add_index(Invoice, "by_customer", table_name=table_name)
    await admin.add_index(Invoice, "by_state", table_name=table_name)
    await admin.add_index(Invoice, "by_state", table_name=table_name)
    found = await invoices.query_by_pk("STATE#open", index="by_state")
    assert [invoice.customer for invoice in found.items] == ["ada"]
    assert await invoices.count("ada", index="by_customer") == 1
    (missing,) = await admin.diff(Invoice, table_name=table_name)
    assert (missing.kind, missing.what) == ("missing", "index by_amount")
    for name in ("by_state", "by_customer"):
        await admin.remove_index(name, table_name)
    assert await admin.diff(Plain, table_name=table_name) == ()


async def test_an_index_that_does_not_go_with_the_table_is_not_added(
    admin: TableAdmin, sent: list[str], table_name: str
) -> None:
    await admin.create_table(Dated, table_name=table_name)
    sent.clear()
    with pytest.raises(TableMismatchError, match="index by_customer: declared with sort key amount"):
        await admin.add_index(Invoice, "by_customer", table_name=table_name)
    assert sent == ["DescribeTable"]


@pytest.mark.differs("embedded", reason="moto answers 500 where an index to remove is missing", run=False)
async def test_an_index_is_removed_once(admin: TableAdmin, table_name: str) -> None:
    await admin.create_table(Payment, table_name=table_name)
    await admin.remove_index("by_method", table_name)
    with pytest.raises(TableNotFoundError):
        await admin.remove_index("by_method", table_name)


async def test_a_table_as_its_models_declare_it_is_verified(admin: TableAdmin, table_name: str) -> None:
    await admin.create_table(Dated, Payment, table_name=table_name)
    assert await admin.diff(Dated, Payment, table_name=table_name) == ()
    await admin.verify(Dated, Payment, table_name=table_name)
    await admin.verify(Payment, table_name=table_name)
    unexpected = await admin.diff(Payment, table_name=table_name)
    assert {(found.kind, found.what) for found in unexpected} == {
        ("unexpected", "index by_customer"),
        ("unexpected", "index by_amount"),
        ("unexpected", "ttl"),
    }


async def test_a_table_that_is_otherwise_is_refused_with_its_differences(
    admin: TableAdmin, table_name: str
) -> None:
    await admin.create_table(Invoice, table_name=table_name)
    with pytest.raises(TableMismatchError) as caught:
        await admin.verify(Dated, Payment, table_name=table_name)
    assert [str(found) for found in caught.value.differences] == [
        "index by_customer: declared with no sort key, the table has sort key amount (N)",
        "index by_method: missing, declared with global scope, partition key method (S), projection ALL",
        "ttl: missing, declared with attribute expires_at",
    ]


async def test_a_table_of_another_key_is_refused(admin: TableAdmin, table_name: str) -> None:
    await admin.create_table(Bare, schema=TableSchema(partition_key="id"), table_name=table_name)
    with pytest.raises(TableMismatchError) as caught:
        await admin.verify(Keyed, table_name=table_name)
    assert [str(found) for found in caught.value.differences] == [
        "attribute id: declared with type S, the table has type N"
    ]
    with pytest.raises(TableMismatchError, match="declared with sort key sk"):
        await admin.verify(Plain, table_name=table_name)


async def test_a_table_that_is_not_there_cannot_be_compared(admin: TableAdmin, table_name: str) -> None:
    for call in (partial(admin.diff, Payment), partial(admin.verify, Payment)):
        with pytest.raises(TableNotFoundError):
            await call(table_name=table_name)


async def test_a_table_that_is_not_there_cannot_be_changed(admin: TableAdmin, table_name: str) -> None:
    for call in (partial(admin.add_index, Payment, "by_method"), partial(admin.remove_index, "by_method")):
        with pytest.raises(TableNotFoundError):
            await call(table_name=table_name)


class Keyed(BaseModel):
    id: str

    class Meta:
        partition_key = "id"


def keys(described: dict[str, Any]) -> list[str]:
    return [element["AttributeName"] for element in described["KeySchema"]]


class Transfer(Keyed):
    method: str

    class Meta:
        partition_key = "id"
        gsis = (GlobalIndex("by_method", partition_key="method"),)


def key(name: str, kind: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": kind}


def capacity(described: dict[str, Any]) -> tuple[int, int]:
    units = described["ProvisionedThroughput"]
    return units["ReadCapacityUnits"], units["WriteCapacityUnits"]


def defined(name: str, tag: str) -> dict[str, str]:
    return {"AttributeName": name, "AttributeType": tag}
