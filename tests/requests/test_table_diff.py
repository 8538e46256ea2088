"""What is declared against what DescribeTable says."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel

from dynarepo import GlobalIndex, KeyTemplate, LocalIndex, TableDifference, UnexpectedResponseError
from dynarepo._codec import bind
from dynarepo._config import DynamoDBConfig
from dynarepo._requests import table_definition
from dynarepo._requests._table_diff import billing_differences, table_differences, ttl_differences
from dynarepo._wire import Payload

CONFIG = DynamoDBConfig()


class Order(BaseModel):
    """Declares what the reply below describes."""

    customer_id: str
    number: int
    status: str
    placed_at: datetime
    total: int = 0
    note: str = ""

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        sort_key = "number"
        gsis = (
            GlobalIndex("by_status", partition_key="status", sort_key="placed_at"),
            GlobalIndex("by_day", partition_key=("status", "placed_at"), projection=("total", "note")),
        )
        lsis = (LocalIndex("by_time", sort_key="placed_at", projection="KEYS_ONLY"),)


DESCRIBED: Payload = {
    "AttributeDefinitions": [
        {"AttributeName": "number", "AttributeType": "N"},
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "placed_at", "AttributeType": "S"},
        {"AttributeName": "status", "AttributeType": "S"},
    ],
    "TableName": "app",
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "number", "KeyType": "RANGE"},
    ],
    "TableStatus": "ACTIVE",
    "CreationDateTime": "2026-01-31T12:00:00+00:00",
    "ProvisionedThroughput": {
        "NumberOfDecreasesToday": 0,
        "ReadCapacityUnits": 0,
        "WriteCapacityUnits": 0,
    },
    "TableSizeBytes": 0,
    "ItemCount": 0,
    "TableArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/app",
    "TableId": "fb7e5008-2dc7-4918-a4c7-e823b6426e40",
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by_time",
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "placed_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
            "IndexSizeBytes": 0,
            "ItemCount": 0,
            "IndexArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/app/index/by_time",
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_day",
            "KeySchema": [
                {"AttributeName": "status", "KeyType": "HASH"},
                {"AttributeName": "placed_at", "KeyType": "HASH"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total", "note"]},
            "IndexStatus": "ACTIVE",
            "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
            "IndexSizeBytes": 0,
            "ItemCount": 0,
        },
        {
            "IndexName": "by_status",
            "KeySchema": [
                {"AttributeName": "status", "KeyType": "HASH"},
                {"AttributeName": "placed_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
            "IndexStatus": "ACTIVE",
            "Backfilling": False,
            "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
            "IndexSizeBytes": 0,
            "ItemCount": 0,
        },
    ],
    "DeletionProtectionEnabled": False,
}


def described(*changes: tuple[str, Any]) -> Payload:
    """Give the reply with members replaced, by paths such as `GlobalSecondaryIndexes.1.KeySchema`."""
    table = copy.deepcopy(DESCRIBED)
    for path, value in changes:
        *steps, last = path.split(".")
        place: Any = table
        for step in steps:
            place = place[int(step)] if step.isdigit() else place[step]
        place[int(last) if last.isdigit() else last] = value
    return table


def differences(table: Payload) -> list[TableDifference]:
    return list(table_differences(table_definition([bind(Order)], "app", CONFIG), table))


def key(name: str, kind: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": kind}


def test_a_table_as_declared_has_no_differences() -> None:
    assert differences(DESCRIBED) == []


@pytest.mark.parametrize(
    ("path", "value", "what", "declared", "live"),
    [
        ("KeySchema", [key("pk", "HASH")], "table key", "sort key number (N)", "none"),
        (
            "KeySchema",
            [key("placed_at", "HASH"), key("number", "RANGE")],
            "table key",
            "partition key pk (S)",
            "partition key placed_at (S)",
        ),
        (
            "KeySchema",
            [key("pk", "HASH"), key("status", "RANGE")],
            "table key",
            "sort key number (N)",
            "sort key status (S)",
        ),
        ("AttributeDefinitions.0.AttributeType", "S", "attribute number", "type N", "type S"),
        ("AttributeDefinitions.2.AttributeType", "B", "attribute placed_at", "type S", "type B"),
        (
            "GlobalSecondaryIndexes.1.KeySchema",
            [key("status", "HASH")],
            "index by_status",
            "sort key placed_at (S)",
            "none",
        ),
        (
            "GlobalSecondaryIndexes.1.KeySchema",
            [key("pk", "HASH"), key("placed_at", "RANGE")],
            "index by_status",
            "partition key status (S)",
            "partition key pk (S)",
        ),
        (
            "GlobalSecondaryIndexes.0.KeySchema",
            [key("placed_at", "HASH"), key("status", "HASH")],
            "index by_day",
            "partition key status (S) and placed_at (S)",
            "partition key placed_at (S) and status (S)",
        ),
        (
            "GlobalSecondaryIndexes.0.KeySchema",
            [key("status", "HASH"), key("placed_at", "HASH"), key("number", "RANGE")],
            "index by_day",
            "no sort key",
            "sort key number (N)",
        ),
        (
            "GlobalSecondaryIndexes.1.Projection",
            {"ProjectionType": "KEYS_ONLY"},
            "index by_status",
            "projection ALL",
            "projection KEYS_ONLY",
        ),
        (
            "GlobalSecondaryIndexes.0.Projection.NonKeyAttributes",
            ["total", "other"],
            "index by_day",
            "projection INCLUDE (note, total)",
            "projection INCLUDE (other, total)",
        ),
        (
            "LocalSecondaryIndexes.0.Projection",
            {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
            "index by_time",
            "projection KEYS_ONLY",
            "projection INCLUDE (total)",
        ),
        (
            "LocalSecondaryIndexes.0.KeySchema.1.AttributeName",
            "status",
            "index by_time",
            "sort key placed_at (S)",
            "sort key status (S)",
        ),
    ],
)
def test_what_is_different_is_named_with_both_sides(
    path: str, value: object, what: str, declared: str, live: str
) -> None:
    assert differences(described((path, value))) == [TableDifference("different", what, declared, live)]


@pytest.mark.parametrize(
    ("member", "position", "what", "shown"),
    [
        (
            "GlobalSecondaryIndexes",
            1,
            "index by_status",
            "global scope, partition key status (S), sort key placed_at (S), projection ALL",
        ),
        (
            "GlobalSecondaryIndexes",
            0,
            "index by_day",
            "global scope, partition key status (S) and placed_at (S), projection INCLUDE (note, total)",
        ),
        (
            "LocalSecondaryIndexes",
            0,
            "index by_time",
            "local scope, partition key pk (S), sort key placed_at (S), projection KEYS_ONLY",
        ),
    ],
)
def test_an_index_on_one_side_only_is_missing_or_unexpected(
    member: str, position: int, what: str, shown: str
) -> None:
    table = described()
    index = table[member].pop(position)
    assert differences(table) == [TableDifference("missing", what, shown, None)]
    table[member].append(index)
    table[member].append(index | {"IndexName": "other"})
    assert differences(table) == [TableDifference("unexpected", "index other", None, shown)]


def test_a_table_without_any_index_lacks_them_all() -> None:
    table = described()
    del table["GlobalSecondaryIndexes"], table["LocalSecondaryIndexes"]
    assert [found.what for found in differences(table)] == [
        "index by_status",
        "index by_day",
        "index by_time",
    ]


def test_an_index_of_the_other_scope_is_different() -> None:
    table = described()
    table["GlobalSecondaryIndexes"].append(table["LocalSecondaryIndexes"].pop())
    assert differences(table) == [
        TableDifference("different", "index by_time", "local scope", "global scope")
    ]


def test_an_index_that_is_being_deleted_is_missing() -> None:
    table = described(("GlobalSecondaryIndexes.1.IndexStatus", "DELETING"))
    assert [(found.kind, found.what) for found in differences(table)] == [("missing", "index by_status")]


def test_an_index_that_is_being_built_is_there() -> None:
    assert differences(described(("GlobalSecondaryIndexes.1.IndexStatus", "CREATING"))) == []


@pytest.mark.parametrize(
    ("position", "names"), [(0, ["total", "pk", "note", "number", "status"]), (1, ["pk", "placed_at"])]
)
def test_keys_are_held_by_an_index_whether_they_are_named_or_not(position: int, names: list[str]) -> None:
    include = {"ProjectionType": "INCLUDE", "NonKeyAttributes": names}
    path = ("GlobalSecondaryIndexes.0.Projection", "LocalSecondaryIndexes.0.Projection")[position]
    assert differences(described((path, include))) == []


def test_each_thing_that_is_different_has_an_entry_of_its_own() -> None:
    table = described(
        ("AttributeDefinitions.2.AttributeType", "N"),
        ("GlobalSecondaryIndexes.1.KeySchema", [key("pk", "HASH")]),
        ("GlobalSecondaryIndexes.1.Projection", {"ProjectionType": "KEYS_ONLY"}),
    )
    assert [str(found) for found in differences(table)] == [
        "attribute placed_at: declared with type S, the table has type N",
        "index by_status: declared with partition key status (S), the table has partition key pk (S)",
        "index by_status: declared with sort key placed_at (S), the table has none",
        "index by_status: declared with projection ALL, the table has projection KEYS_ONLY",
    ]


@pytest.mark.parametrize(
    ("declared", "live", "said"),
    [
        ("expires_at", None, "ttl: missing, declared with attribute expires_at"),
        (None, "expires_at", "ttl: unexpected, the table has it with attribute expires_at"),
        (
            "expires_at",
            "gone_at",
            "ttl: declared with attribute expires_at, the table has attribute gone_at",
        ),
    ],
)
def test_expiry_by_another_attribute_is_a_difference(
    declared: str | None, live: str | None, said: str
) -> None:
    assert [str(found) for found in ttl_differences(declared, live)] == [said]


@pytest.mark.parametrize("attribute", [None, "expires_at"])
def test_expiry_as_declared_is_none(attribute: str | None) -> None:
    assert list(ttl_differences(attribute, attribute)) == []


def test_billing_is_compared_where_the_configuration_states_capacities() -> None:
    stated = DynamoDBConfig(read_capacity=1, write_capacity=1)
    provisioned = described(("BillingModeSummary", {"BillingMode": "PROVISIONED"}))
    never_switched = described()
    del never_switched["BillingModeSummary"]
    assert list(map(str, billing_differences(stated, DESCRIBED))) == [
        "billing: declared with provisioned capacity, the table has capacity on demand"
    ]
    for config, table in ((stated, provisioned), (stated, never_switched), (CONFIG, provisioned)):
        assert list(billing_differences(config, table)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("KeySchema", None),
        ("KeySchema", [{}]),
        ("AttributeDefinitions", [{"AttributeName": "pk"}]),
        ("AttributeDefinitions", ["pk"]),
        ("GlobalSecondaryIndexes", [{"IndexName": "by_day"}]),
        ("LocalSecondaryIndexes", ["by_time"]),
        ("GlobalSecondaryIndexes.0.Projection", {}),
    ],
)
def test_a_description_of_something_else_is_an_error(path: str, value: object) -> None:
    with pytest.raises(UnexpectedResponseError, match="does not describe a table"):
        differences(described((path, value)))


def test_an_attribute_that_is_not_defined_is_shown_without_its_type() -> None:
    table = described(("KeySchema.1.AttributeName", "odd"))
    assert [found.live for found in differences(table)] == ["sort key odd (?)"]
