"""Raw access to items: dicts in, dicts out, expressions as they are written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from dynarepo import (
    ConditionFailedError,
    ConfigurationError,
    ConnectionClosedError,
    DynamoDBConfig,
    DynamoDBConnection,
    InvalidKeyError,
    InvalidRequestError,
    InvalidValueError,
    RejectedError,
    TableGateway,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
)
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.models import User
from tests.recording_logger import RecordingLogger

KEY: dict[str, object] = {"pk": "a", "sk": "b"}
WIRE = {"pk": {"S": "a"}, "sk": {"S": "b"}}
EVERY_ONE = pytest.mark.parametrize(
    "call",
    [
        lambda gateway, **options: gateway.put_item(KEY, **options),
        lambda gateway, **options: gateway.get_item(KEY, **options),
        lambda gateway, **options: gateway.update_item(KEY, "REMOVE a", **options),
        lambda gateway, **options: gateway.delete_item(KEY, **options),
        lambda gateway, **options: gateway.query("pk = :a", values={":a": 1}, **options),
        lambda gateway, **options: gateway.scan(**options),
        lambda gateway, **options: anext(gateway.iter_query("pk = :a", values={":a": 1}, **options)),
        lambda gateway, **options: anext(gateway.iter_scan(**options)),
    ],
    ids=["put", "get", "update", "delete", "query", "scan", "iter_query", "iter_scan"],
)
EVERY_WRITE = pytest.mark.parametrize(
    "write",
    [
        lambda gateway, **options: gateway.put_item(KEY, **options),
        lambda gateway, **options: gateway.update_item(KEY, "REMOVE b", **options),
        lambda gateway, **options: gateway.delete_item(KEY, **options),
    ],
    ids=["put", "update", "delete"],
)
Call = Callable[..., Any]


@asynccontextmanager
async def faked(*script: Any, **options: Any) -> AsyncIterator[tuple[FakeTransport, TableGateway]]:
    """Open a gateway on a script."""
    fake = FakeTransport(*script)
    config = DynamoDBConfig(**{"table_name": "app"} | options)
    async with TableGateway(config=config, logger=RecordingLogger(), transport=fake) as gateway:
        yield fake, gateway


async def test_an_item_lives_from_its_creation_to_its_deletion(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    gateway = connection.table_gateway()
    item = {**KEY, "total": Decimal("19.99"), "tags": {"x"}, "lines": [1, None, {"b": b"\0"}]}
    await gateway.put_item(item)
    assert await gateway.get_item(KEY) == item
    changed = await gateway.update_item(
        KEY, "SET #t = :t REMOVE tags", names={"#t": "total"}, values={":t": Decimal(20)}
    )
    assert changed == {**KEY, "total": 20, "lines": item["lines"]}
    projected = await gateway.get_item(KEY, projection_expression="#l, sk", names={"#l": "lines"})
    assert projected == {"sk": "b", "lines": item["lines"]}
    assert await gateway.get_item(KEY, projection_expression="gone") == {}
    assert await gateway.delete_item(KEY) is True
    assert await gateway.delete_item(KEY) is False
    assert await gateway.get_item(KEY, consistent=True) is None


async def test_an_update_creates_what_is_missing_unless_a_condition_forbids_it(
    connection: DynamoDBConnection,
) -> None:
    await connection.table_admin().create_table(User)
    gateway = connection.table_gateway()
    with pytest.raises(ConditionFailedError) as raised:
        await gateway.update_item(
            KEY, "SET age = :a", values={":a": 1}, condition_expression="attribute_exists(pk)"
        )
    assert raised.value.item is None
    assert await gateway.get_item(KEY) is None
    assert await gateway.update_item(KEY, "SET age = :a", values={":a": 1}) == {**KEY, "age": 1}


async def test_items_are_seen_by_repositories(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    await connection.table_gateway().put_item({**KEY, "age": 7})
    assert await connection.repository(User).get_one("a", "b") == User(pk="a", sk="b", age=7)


@EVERY_WRITE
async def test_a_write_sends_its_condition(write: Call) -> None:
    async with faked({"Attributes": WIRE}) as (fake, gateway):
        await write(gateway, condition_expression="#a = :a", names={"#a": "status"}, values={":a": "open"})
    ((_, payload),) = fake.requests
    assert payload["ConditionExpression"] == "#a = :a"
    assert payload["ExpressionAttributeNames"] == {"#a": "status"}
    assert payload["ExpressionAttributeValues"] == {":a": {"S": "open"}}
    assert payload["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


@EVERY_WRITE
@pytest.mark.parametrize(
    ("members", "item"), [({"Item": {**WIRE, "n": {"N": "1.5"}}}, {**KEY, "n": Decimal("1.5")}), ({}, None)]
)
async def test_a_failed_condition_carries_the_stored_item(
    write: Call, members: dict[str, Any], item: object
) -> None:
    async with faked(error_reply("ConditionalCheckFailedException", **members)) as (_, gateway):
        with pytest.raises(ConditionFailedError) as raised:
            await write(gateway, condition_expression="attribute_exists(pk)")
    assert raised.value.item == item
    assert raised.value.table_name == "app"
    assert raised.value.code == "ConditionalCheckFailedException"


@EVERY_ONE
async def test_a_table_that_is_given_comes_before_the_configurations(call: Call) -> None:
    reply = {"Items": [], "Count": 0, "ScannedCount": 0, "Attributes": WIRE}
    async with faked(reply, reply) as (fake, gateway):
        await call(gateway)
        await call(gateway, table_name="other")
    assert [payload["TableName"] for _, payload in fake.requests] == ["app", "other"]


@EVERY_ONE
async def test_without_a_table_nothing_is_sent(call: Call) -> None:
    async with faked(table_name=None) as (fake, gateway):
        with pytest.raises(ConfigurationError, match="no table is named"):
            await call(gateway)
    assert fake.requests == []


@EVERY_ONE
async def test_a_name_that_no_table_can_have_is_refused(call: Call) -> None:
    """An empty one does not fall back to the configuration's."""
    async with faked() as (fake, gateway):
        with pytest.raises(InvalidRequestError, match="table_name"):
            await call(gateway, table_name="")
    assert fake.requests == []


@EVERY_ONE
async def test_nothing_is_sent_when_it_is_not_open(call: Call) -> None:
    fake = FakeTransport()
    gateway = TableGateway(config=DynamoDBConfig(table_name="app"), logger=RecordingLogger(), transport=fake)
    with pytest.raises(ConnectionClosedError):
        await call(gateway)
    assert fake.requests == []


@pytest.mark.parametrize("consistent", [True, False])
async def test_the_configuration_decides_on_consistency(consistent: bool) -> None:
    async with faked({}, {}, consistent_read=consistent) as (fake, gateway):
        await gateway.get_item(KEY)
        await gateway.get_item(KEY, consistent=not consistent)
    assert [payload.get("ConsistentRead", False) for _, payload in fake.requests] == [
        consistent,
        not consistent,
    ]


async def test_what_is_wrong_in_the_call_is_refused_before_anything_is_sent() -> None:
    async with faked() as (fake, gateway):
        for call, error in (
            (gateway.put_item({}), InvalidRequestError),
            (gateway.put_item({"a": 1.5}), InvalidValueError),
            (gateway.put_item(KEY, condition_expression=""), InvalidRequestError),
            (gateway.get_item({"pk": None}), InvalidKeyError),
            (gateway.get_item(KEY, names={"#a": "a"}), InvalidRequestError),
            (gateway.update_item(KEY, ""), InvalidRequestError),
            (gateway.update_item(KEY, "SET a = :a"), InvalidRequestError),
            (gateway.update_item({}, "REMOVE a"), InvalidKeyError),
            (gateway.delete_item(KEY, values={":a": 1}), InvalidRequestError),
        ):
            with pytest.raises(error):
                await call
    assert fake.requests == []


async def test_an_expression_that_dynamodb_refuses_is_an_error_without_it() -> None:
    async with faked(error_reply("ValidationException", message="canary")) as (_, gateway):
        with pytest.raises(RejectedError) as raised:
            await gateway.update_item(KEY, "SET canary", table_name="other")
    assert raised.value.code == "ValidationException"
    assert (raised.value.table_name, raised.value.pk, raised.value.sk) == ("other", "a", "b")
    assert "canary" not in str(raised.value)


async def test_a_reply_to_an_update_without_the_item_is_an_error() -> None:
    async with faked({}) as (_, gateway):
        with pytest.raises(UnexpectedResponseError):
            await gateway.update_item(KEY, "REMOVE a")


@pytest.mark.parametrize(
    "write",
    [
        lambda gateway: gateway.update_item(KEY, "REMOVE a"),
        lambda gateway: gateway.put_item(KEY, condition_expression="attribute_exists(pk)"),
        lambda gateway: gateway.delete_item(KEY, condition_expression="attribute_exists(pk)"),
    ],
)
async def test_an_expression_is_not_sent_again_after_a_lost_reply(write: Call) -> None:
    async with faked(lost_reply()) as (fake, gateway):
        with pytest.raises(WriteOutcomeUnknownError):
            await write(gateway)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("write", [lambda gateway: gateway.put_item(KEY), lambda g: g.delete_item(KEY)])
async def test_a_whole_put_or_delete_is_sent_again_after_a_lost_reply(write: Call) -> None:
    async with faked(lost_reply(), {}) as (fake, gateway):
        await write(gateway)
    assert len(fake.requests) == 2


async def test_operations_are_logged_with_their_keys_hashed() -> None:
    logger = RecordingLogger()
    config = DynamoDBConfig(table_name="app")
    async with TableGateway(config=config, logger=logger, transport=FakeTransport({})) as gateway:
        await gateway.get_item({"pk": "canary"})
    (started,) = logger.named("dynamodb.operation.started")
    assert (started["operation"], started["table"]) == ("GetItem", "app")
    assert started["pk"]
    assert "canary" not in str(logger.events)
    assert len(logger.named("dynamodb.operation.completed")) == 1


async def test_closing_a_gateway_leaves_a_shared_connection_open() -> None:
    fake = FakeTransport({})
    config = DynamoDBConfig(table_name="app")
    async with DynamoDBConnection(config=config, logger=RecordingLogger(), transport=fake) as connection:
        async with connection.table_gateway():
            pass
        assert await connection.table_gateway().get_item(KEY) is None
    assert fake.closed
