"""A service on plain dicts: tables, items, batches, a default table, and a log of all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
import structlog
from pydantic import ValidationError
from structlog.testing import LogCapture

from dynarepo import (
    ConfigurationError,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBServiceError,
    TableAdmin,
    TableGateway,
)
from dynarepo.testing import FakeTransport, error_reply
from tests.models import Setting, User

KEY: Final[dict[str, object]] = {"pk": "canary-p", "sk": "canary-s"}
STORED: Final = {"pk": {"S": "canary-p"}, "sk": {"S": "canary-s"}}
QUERY: Final[dict[str, Any]] = {"key_condition_expression": "pk = :p", "values": {":p": "canary-p"}}
KEY_SCHEMA: Final = [
    {"AttributeName": "pk", "KeyType": "HASH"},
    {"AttributeName": "sk", "KeyType": "RANGE"},
]
DEFINITIONS: Final = [
    {"AttributeName": "pk", "AttributeType": "S"},
    {"AttributeName": "sk", "AttributeType": "S"},
]
SHAPES: Final[dict[str, Any]] = {"key_schema": KEY_SCHEMA, "attribute_definitions": DEFINITIONS}

REPLIES: Final[dict[str, Any]] = {
    "GetItem": {"Item": STORED},
    "PutItem": {},
    "UpdateItem": {"Attributes": STORED},
    "DeleteItem": {},
    "Query": {"Items": [STORED], "Count": 1, "ScannedCount": 1},
    "Scan": {"Items": [STORED], "Count": 1, "ScannedCount": 1},
    "CreateTable": {},
    "DeleteTable": {},
    "ListTables": {"TableNames": []},
    "DescribeTable": {
        "Table": {
            "TableStatus": "ACTIVE",
            "KeySchema": KEY_SCHEMA,
            "AttributeDefinitions": DEFINITIONS,
        }
    },
}

Call = Callable[..., Any]

#: Every call on items, with DynamoDB's operation for it.
ON_ITEMS: Final[dict[str, tuple[str, Call]]] = {
    "put_item": ("PutItem", lambda gateway, **table: gateway.put_item(KEY, **table)),
    "get_item": ("GetItem", lambda gateway, **table: gateway.get_item(KEY, **table)),
    "update_item": ("UpdateItem", lambda gateway, **table: gateway.update_item(KEY, "REMOVE a", **table)),
    "delete_item": ("DeleteItem", lambda gateway, **table: gateway.delete_item(KEY, **table)),
    "query": ("Query", lambda gateway, **table: gateway.query(**QUERY, **table)),
    "iter_query": ("Query", lambda gateway, **table: anext(gateway.iter_query(**QUERY, **table))),
    "scan": ("Scan", lambda gateway, **table: gateway.scan(**table)),
    "iter_scan": ("Scan", lambda gateway, **table: anext(gateway.iter_scan(**table))),
    "batch_get_items": ("BatchGetItem", lambda gateway, **table: gateway.batch_get_items([KEY], **table)),
    "batch_write_items": (
        "BatchWriteItem",
        lambda gateway, **table: gateway.batch_write_items(deletes=[KEY], **table),
    ),
}

#: Every call on a table that ends with its first request.
ON_TABLES: Final[dict[str, tuple[str, Call]]] = {
    "create_table": (
        "CreateTable",
        lambda tables, **table: tables.create_table(**SHAPES, wait=False, **table),
    ),
    "create_table of a model": (
        "CreateTable",
        lambda tables, **table: tables.create_table(User, wait=False, **table),
    ),
    "delete_table": ("DeleteTable", lambda tables, **table: tables.delete_table(**table)),
    "table_exists": ("DescribeTable", lambda tables, **table: tables.table_exists(**table)),
}


def each(calls: dict[str, tuple[str, Call]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("operation", "call"), calls.values(), ids=calls.keys())


def reply(operation: str, payload: Any) -> Any:
    """Answer that all is well."""
    tables = list(payload.get("RequestItems", ()))
    batches = {
        "BatchGetItem": {"Responses": {table: [STORED] for table in tables}, "UnprocessedKeys": {}},
        "BatchWriteItem": {"UnprocessedItems": {}},
    }
    return (REPLIES | batches)[operation]


def answering(operation: str) -> FakeTransport:
    """Answer a call whose first request is of this operation."""
    if operation == "DeleteTable":  # the table is watched until it is gone
        return FakeTransport({}, error_reply("ResourceNotFoundException"))
    return FakeTransport.answering(reply)


def named(payload: Any) -> str:
    """Give the table of a request."""
    name: str = payload["TableName"] if "TableName" in payload else next(iter(payload["RequestItems"]))
    return name


@asynccontextmanager
async def opened(
    fake: FakeTransport, table_name: str | None = "app"
) -> AsyncIterator[tuple[TableGateway, TableAdmin, list[Any]]]:
    """Open a gateway and an admin with a structlog logger, and give what they log from now on."""
    capture = LogCapture()
    logger = structlog.wrap_logger(None, processors=[capture])
    config = DynamoDBConfig(table_name=table_name)
    async with DynamoDBConnection(config=config, logger=logger, transport=fake) as connection:
        capture.entries.clear()
        yield connection.table_gateway(), connection.table_admin(), capture.entries


# The default table


@each(ON_ITEMS | ON_TABLES)
async def test_a_call_is_about_the_table_it_names_and_else_about_the_default_one(
    operation: str, call: Call
) -> None:
    for given, expected in (({}, "app"), ({"table_name": "other"}, "other")):
        fake = answering(operation)
        async with opened(fake) as (gateway, tables, _):
            await call(gateway if (operation, call) in ON_ITEMS.values() else tables, **given)
        assert {named(payload) for _, payload in fake.requests} == {expected}
        assert fake.requests[0][0] == operation


@each(ON_ITEMS | ON_TABLES)
async def test_without_any_table_a_call_is_refused_before_a_request(operation: str, call: Call) -> None:
    fake = FakeTransport()
    async with opened(fake, table_name=None) as (gateway, tables, events):
        target = gateway if (operation, call) in ON_ITEMS.values() else tables
        with pytest.raises(ConfigurationError, match="no table is named: give table_name, or set it"):
            await call(target)
    assert fake.requests == []
    assert events == []


# The configuration


@pytest.mark.parametrize(
    "options",
    [
        {"read_capacity": 0, "write_capacity": 5},
        {"read_capacity": 5, "write_capacity": 0},
        {"read_capacity": 5},
        {"aws_access_key_id": "AKIDEXAMPLE"},
        {"aws_secret_access_key": "secret"},
        {"region": "europe"},
        {"table_name": ""},
    ],
    ids="-".join,
)
def test_a_configuration_that_cannot_work_is_refused_when_it_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        DynamoDBConfig(**options)
    assert any(name in str(refused.value) for name in options)


@pytest.mark.parametrize(
    ("options", "billing"),
    [
        ({}, {"BillingMode": "PAY_PER_REQUEST"}),
        (
            {"read_capacity": 5, "write_capacity": 5},
            {
                "BillingMode": "PROVISIONED",
                "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
            },
        ),
    ],
)
async def test_a_table_is_on_demand_unless_capacities_are_given(
    options: dict[str, int], billing: dict[str, Any]
) -> None:
    fake = FakeTransport.answering(reply)
    config = DynamoDBConfig(table_name="app", **options)
    async with TableAdmin(config=config, logger=structlog.get_logger(), transport=fake) as tables:
        await tables.create_table(**SHAPES, wait=False)
        await tables.create_table(Setting, wait=False)
    for _, payload in fake.requests:
        assert {name: payload.get(name) for name in ("BillingMode", "ProvisionedThroughput")} == {
            "ProvisionedThroughput": None,
            **billing,
        }


# The log


@each(ON_ITEMS | ON_TABLES)
async def test_a_call_is_logged_at_debug_when_it_starts_and_at_info_when_it_is_done(
    operation: str, call: Call
) -> None:
    async with opened(answering(operation)) as (gateway, tables, events):
        await call(gateway if (operation, call) in ON_ITEMS.values() else tables)
    started, completed = events[:2]
    assert (started["log_level"], started["event"]) == ("debug", "dynamodb.operation.started")
    assert (completed["log_level"], completed["event"]) == ("info", "dynamodb.operation.completed")
    for event in (started, completed):
        assert (event["operation"], event["table"]) == (operation, "app")
    assert completed["duration_ms"] >= 0
    assert "canary" not in str(events)


@each(ON_ITEMS | ON_TABLES)
async def test_a_failure_is_logged_at_error_with_its_context_before_it_is_raised(
    operation: str, call: Call
) -> None:
    fake = FakeTransport.answering(lambda *_: error_reply("ValidationException"))
    async with opened(fake) as (gateway, tables, events):
        with pytest.raises(DynamoDBServiceError):
            await call(gateway if (operation, call) in ON_ITEMS.values() else tables)
        failed = events[-1]
    assert (failed["log_level"], failed["event"]) == ("error", "dynamodb.operation.failed")
    assert (failed["operation"], failed["table"]) == (operation, "app")
    assert (failed["error"], failed["code"]) == ("RejectedError", "ValidationException")
    assert failed["request_id"]
    if operation in {"GetItem", "UpdateItem", "DeleteItem"}:  # a put does not know which attributes are keys
        assert (len(failed["pk"]), len(failed["sk"])) == (12, 12)
    assert "canary" not in str(events)
