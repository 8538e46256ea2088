"""Table definitions, made from what models declare."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel, create_model

from dynarepo._codec import Entity, bind
from dynarepo._config import DynamoDBConfig
from dynarepo._requests import table_definition, ttl_attribute
from dynarepo._requests._tables import index_addition, index_definition, index_removal, ttl_change
from dynarepo._schema import GlobalIndex, KeyTemplate, LocalIndex, TableSchema
from dynarepo.exceptions import ConfigurationError, InvalidRequestError, SchemaError
from tests.key_models import Event, Order, Pipeline, User

ON_DEMAND = DynamoDBConfig()
PROVISIONED = DynamoDBConfig(read_capacity=5, write_capacity=6)
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


def thing(schema: TableSchema, **fields: Any) -> Entity[BaseModel]:
    definitions: dict[str, Any] = {name: (declared, ...) for name, declared in fields.items()}
    return bind(create_model("Thing", **definitions), schema)


def keys(*names: str, ranges: tuple[str, ...] = ()) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": "HASH"} for name in names] + [
        {"AttributeName": name, "KeyType": "RANGE"} for name in ranges
    ]


def types(definition: Any) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in definition["AttributeDefinitions"]}


def test_a_table_is_on_demand_unless_capacities_are_given() -> None:
    assert table_definition([bind(User)], "app", ON_DEMAND) == {
        "TableName": "app",
        "KeySchema": keys("pk", ranges=("sk",)),
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }


def test_a_provisioned_table_has_units_and_so_have_its_global_indexes() -> None:
    definition = table_definition([bind(Order)], "app", PROVISIONED)
    assert (definition["BillingMode"], definition["ProvisionedThroughput"]) == ("PROVISIONED", UNITS)
    assert all(index["ProvisionedThroughput"] == UNITS for index in definition["GlobalSecondaryIndexes"])
    assert all("ProvisionedThroughput" not in index for index in definition["LocalSecondaryIndexes"])


def test_indexes_are_defined_by_their_stored_keys() -> None:
    definition = table_definition([bind(Order)], "app", ON_DEMAND)
    assert definition["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "by-status",
            "KeySchema": keys("gsi1pk", ranges=("placed_at",)),
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "by-note",
            "KeySchema": keys("note", ranges=("gsi2sk",)),
            "Projection": {"ProjectionType": "ALL"},
        },
    ]
    assert definition["LocalSecondaryIndexes"] == [
        {
            "IndexName": "by-number",
            "KeySchema": keys("pk", ranges=("number",)),
            "Projection": {"ProjectionType": "ALL"},
        }
    ]
    assert types(definition) == {
        "pk": "S",
        "sk": "S",
        "gsi1pk": "S",
        "placed_at": "S",
        "note": "S",
        "gsi2sk": "S",
        "number": "N",
    }


def test_a_boolean_index_key_is_text() -> None:
    definition = table_definition([bind(Pipeline)], "app", ON_DEMAND)
    assert definition["KeySchema"] == keys("pipeline_id")
    assert types(definition)["is_active"] == "S"
    assert "LocalSecondaryIndexes" not in definition


def test_an_index_may_have_keys_of_several_attributes() -> None:
    definition = table_definition([bind(Event)], "app", ON_DEMAND)
    (index,) = definition["GlobalSecondaryIndexes"]
    assert index["KeySchema"] == keys("country", "city", ranges=("year", "month"))
    assert types(definition) == {
        "device": "N",
        "digest": "B",
        "country": "S",
        "city": "S",
        "year": "N",
        "month": "N",
    }


@pytest.mark.parametrize(
    ("projection", "defined"),
    [
        ("ALL", {"ProjectionType": "ALL"}),
        ("KEYS_ONLY", {"ProjectionType": "KEYS_ONLY"}),
        (("c", "b"), {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "c"]}),
        (("b", "pk", "a"), {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b"]}),
        (("pk",), {"ProjectionType": "KEYS_ONLY"}),
    ],
)
def test_a_projection_is_defined(projection: Any, defined: object) -> None:
    schema = TableSchema("pk", gsis=(GlobalIndex("idx", "a", projection=projection),))
    definition = table_definition([thing(schema, pk=str, a=str, b=str, c=str)], "app", ON_DEMAND)
    assert definition["GlobalSecondaryIndexes"][0]["Projection"] == defined


def test_models_that_share_a_table_unite_their_indexes() -> None:
    left = thing(
        TableSchema("pk", "sk", gsis=(GlobalIndex("one", "a"), GlobalIndex("two", "b"))),
        pk=str,
        sk=str,
        a=str,
        b=int,
    )
    right = thing(
        TableSchema(
            KeyTemplate("pk", "X#{a}"),
            "sk",
            gsis=(GlobalIndex("two", "b"),),
            lsis=(LocalIndex("three", "c"),),
        ),
        a=str,
        sk=str,
        b=int,
        c=bytes,
    )
    definition = table_definition([left, right], "app", ON_DEMAND)
    assert [index["IndexName"] for index in definition["GlobalSecondaryIndexes"]] == ["one", "two"]
    assert [index["IndexName"] for index in definition["LocalSecondaryIndexes"]] == ["three"]
    assert types(definition) == {"pk": "S", "sk": "S", "a": "S", "b": "N", "c": "B"}


PLAIN = TableSchema("pk", "sk", gsis=(GlobalIndex("idx", "a"),))


@pytest.mark.parametrize(
    ("schema", "fields", "message"),
    [
        (TableSchema("pk"), {}, "different table keys"),
        (TableSchema("sk", "pk"), {}, "different table keys"),
        (TableSchema("pk", "sk"), {"sk": int}, "'sk' has two types"),
        (TableSchema("pk", "sk", gsis=(GlobalIndex("other", "a"),)), {"a": int}, "'a' has two types"),
        (TableSchema("pk", "sk", gsis=(GlobalIndex("idx", "b"),)), {}, "idx is declared in two ways"),
        (TableSchema("pk", "sk", gsis=(GlobalIndex("idx", "a", "b"),)), {}, "idx is declared in two ways"),
        (
            TableSchema("pk", "sk", gsis=(GlobalIndex("idx", "a", projection="KEYS_ONLY"),)),
            {},
            "idx is declared in two ways",
        ),
        (TableSchema("pk", "sk", lsis=(LocalIndex("idx", "a"),)), {}, "idx is declared in two ways"),
    ],
)
def test_models_that_contradict_each_other_are_refused(
    schema: TableSchema, fields: dict[str, Any], message: str
) -> None:
    strings = {"pk": str, "sk": str, "a": str, "b": str}
    with pytest.raises(SchemaError, match=message):
        table_definition([thing(PLAIN, **strings), thing(schema, **strings | fields)], "app", ON_DEMAND)


def test_a_global_and_a_local_index_of_one_name_and_key_contradict() -> None:
    fields = {"pk": str, "sk": str, "a": str}
    left = thing(TableSchema("pk", "sk", gsis=(GlobalIndex("idx", "pk", "a"),)), **fields)
    right = thing(TableSchema("pk", "sk", lsis=(LocalIndex("idx", "a"),)), **fields)
    with pytest.raises(SchemaError, match="idx is declared in two ways"):
        table_definition([left, right], "app", ON_DEMAND)


def test_the_expiry_attribute_is_the_one_that_models_declare() -> None:
    assert ttl_attribute([bind(Order), bind(User)]) == "expires_at"
    assert ttl_attribute([bind(User)]) is None
    other = thing(TableSchema("pk", ttl="gone_at"), pk=str, gone_at=datetime)
    with pytest.raises(SchemaError, match="one expiry attribute, not expires_at, gone_at"):
        ttl_attribute([bind(Order), other])


DESCRIBED = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "old", "AttributeType": "B"},
    ],
    "TableName": "app",
    "TableStatus": "ACTIVE",
    "KeySchema": keys("pk", ranges=("sk",)),
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}
BY_STATUS = {
    "IndexName": "by-status",
    "KeySchema": keys("gsi1pk", ranges=("placed_at",)),
    "Projection": {"ProjectionType": "ALL"},
}


def test_one_index_is_defined_with_the_attributes_of_its_key_and_the_tables() -> None:
    assert index_definition(bind(Order), "by-status", "app") == {
        "TableName": "app",
        "KeySchema": keys("pk", ranges=("sk",)),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "gsi1pk", "placed_at")
        ],
        "GlobalSecondaryIndexes": [BY_STATUS],
    }


def test_only_a_global_index_of_the_model_can_be_added() -> None:
    with pytest.raises(InvalidRequestError, match=r"Order declares no such index; .*: by-status, by-note"):
        index_definition(bind(Order), "by-colour", "app")
    with pytest.raises(InvalidRequestError, match="User declares no such index; its global indexes: none"):
        index_definition(bind(User), "by-colour", "app")
    with pytest.raises(InvalidRequestError, match="index by-number of Order is local"):
        index_definition(bind(Order), "by-number", "app")


def test_an_added_index_comes_with_all_attributes_that_are_defined() -> None:
    definition = index_definition(bind(Order), "by-status", "app")
    addition = index_addition(definition, DESCRIBED, ON_DEMAND)
    assert types(addition) == {"pk": "S", "sk": "S", "old": "B", "gsi1pk": "S", "placed_at": "S"}
    assert addition["GlobalSecondaryIndexUpdates"] == [{"Create": BY_STATUS}]
    assert addition["TableName"] == "app"


def test_an_added_index_is_billed_as_its_table() -> None:
    definition = index_definition(bind(Order), "by-status", "app")
    provisioned = DESCRIBED | {"BillingModeSummary": {"BillingMode": "PROVISIONED"}}
    assert index_addition(definition, DESCRIBED, PROVISIONED)["GlobalSecondaryIndexUpdates"] == [
        {"Create": BY_STATUS}
    ]
    assert index_addition(definition, provisioned, PROVISIONED)["GlobalSecondaryIndexUpdates"] == [
        {"Create": BY_STATUS | {"ProvisionedThroughput": UNITS}}
    ]
    with pytest.raises(ConfigurationError, match="read_capacity and write_capacity"):
        index_addition(definition, provisioned, ON_DEMAND)


def test_an_index_is_removed_by_its_name() -> None:
    assert index_removal("by-status", "app") == {
        "TableName": "app",
        "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-status"}}],
    }


@pytest.mark.parametrize("enabled", [True, False])
def test_expiry_is_switched_by_the_name_of_the_attribute(enabled: bool) -> None:
    assert ttl_change("gone_at", "app", enabled=enabled) == {
        "TableName": "app",
        "TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": "gone_at"},
    }


@pytest.mark.parametrize("name", ["", "ä" * 128, "\ud800", 1, None])
def test_an_expiry_attribute_needs_a_name(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match="1 to 255 bytes"):
        ttl_change(name, "app", enabled=True)
