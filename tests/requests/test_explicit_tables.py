"""Tables in DynamoDB's own shapes, checked before they are sent."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from dynarepo import DynamoDBConfig, InvalidRequestError
from dynarepo._requests._explicit_tables import explicit_definition

ON_DEMAND = DynamoDBConfig()
PROVISIONED = DynamoDBConfig(read_capacity=5, write_capacity=6)
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
ALL = {"ProjectionType": "ALL"}


def key(hashes: str, ranges: str = "") -> list[dict[str, str]]:
    """Give a key of attributes with names of one letter."""
    return [{"AttributeName": name, "KeyType": "HASH"} for name in hashes] + [
        {"AttributeName": name, "KeyType": "RANGE"} for name in ranges
    ]


def types(**named: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": tag} for name, tag in named.items()]


def index(name: str, key_schema: object, projection: object = ALL, **others: object) -> dict[str, object]:
    return {"IndexName": name, "KeySchema": key_schema, "Projection": projection, **others}


def defined(config: DynamoDBConfig = ON_DEMAND, **shapes: Any) -> dict[str, Any]:
    return explicit_definition(shapes, "audit", config)


def test_a_table_is_on_demand_unless_capacities_are_given() -> None:
    shapes: dict[str, Any] = {"key_schema": key("a"), "attribute_definitions": types(a="S")}
    definition = {
        "TableName": "audit",
        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    }
    assert defined(**shapes) == {**definition, "BillingMode": "PAY_PER_REQUEST"}
    assert defined(PROVISIONED, **shapes) == {
        **definition,
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": UNITS,
    }


def test_indexes_are_sent_as_they_are_given() -> None:
    include = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["y", "x"]}
    on_demand = {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": -1}
    gsis = [
        index("global1", key("abcd", "efgh"), include),
        index(
            "global2", key("c"), OnDemandThroughput=on_demand, WarmThroughput={"ReadUnitsPerSecond": 20000}
        ),
    ]
    lsis = [index("local1", key("a", "c"), {"ProjectionType": "KEYS_ONLY"})]
    definition = defined(
        key_schema=key("a", "b"),
        attribute_definitions=types(a="S", b="N", c="B", d="S", e="S", f="S", g="S", h="S"),
        global_indexes=gsis,
        local_indexes=lsis,
    )
    assert definition["GlobalSecondaryIndexes"] == gsis
    assert definition["LocalSecondaryIndexes"] == lsis


def test_a_global_index_without_capacity_has_that_of_the_configuration() -> None:
    own = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}
    definition = defined(
        PROVISIONED,
        key_schema=key("a", "b"),
        attribute_definitions=types(a="S", b="N"),
        global_indexes=[
            index("global1", key("b")),
            index("global2", key("b"), ProvisionedThroughput=own),
        ],
        local_indexes=[index("local1", key("a", "b"))],
    )
    gsis = definition["GlobalSecondaryIndexes"]
    assert [each["ProvisionedThroughput"] for each in gsis] == [UNITS, own]
    assert "ProvisionedThroughput" not in definition["LocalSecondaryIndexes"][0]


def test_any_sequence_of_any_mappings_will_do() -> None:
    definition = defined(
        key_schema=tuple(map(MappingProxyType, key("a"))),
        attribute_definitions=list(map(MappingProxyType, types(a="S"))),
        global_indexes=(),
    )
    assert definition["KeySchema"] == key("a")
    assert "GlobalSecondaryIndexes" not in definition


GOOD: dict[str, Any] = {
    "key_schema": key("a", "b"),
    "attribute_definitions": types(a="S", b="N", c="B"),
    "global_indexes": [index("global1", key("c", "b"))],
    "local_indexes": [index("local1", key("a", "c"))],
}


def test_the_shapes_that_are_spoilt_below_are_good() -> None:
    assert defined(**GOOD)["KeySchema"] == GOOD["key_schema"]


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        ({"key_schema": []}, "key_schema: a key needs a HASH attribute"),
        ({"key_schema": key("", "a")}, "key_schema: a key needs a HASH attribute"),
        ({"key_schema": key("ab")}, "key_schema: a key has at most 1 HASH and 1 RANGE"),
        ({"key_schema": key("a", "bc")}, "key_schema: a key has at most 1 HASH and 1 RANGE"),
        ({"key_schema": key("a", "b")[::-1]}, "key_schema: HASH attributes stand before RANGE"),
        ({"key_schema": key("a", "a")}, "key_schema: an attribute stands twice"),
        ({"key_schema": [{"AttributeName": "a", "KeyType": "SORT"}]}, "key_schema.0.KeyType: .*HASH"),
        ({"key_schema": [{"AttributeName": "a"}]}, "key_schema.0.KeyType: Field required"),
        ({"key_schema": [{**key("a")[0], "Type": "S"}]}, "key_schema.0.Type: Extra"),
        ({"key_schema": [{"AttributeName": "", "KeyType": "HASH"}]}, "key_schema.0.AttributeName: .* 255"),
        ({"key_schema": key("a")[0]}, "key_schema: "),
        ({"key_schema": "a"}, "key_schema: "),
        ({"key_schema": ["a"]}, "key_schema.0: Input should be a mapping"),
        ({"attribute_definitions": types(a="S", b="N")}, "lacks attributes that keys name: c"),
        ({"attribute_definitions": []}, "lacks attributes that keys name: a, b, c"),
        ({"attribute_definitions": types(a="S", b="N", c="B", d="S", e="S")}, "no key names: d, e"),
        ({"attribute_definitions": types(a="S", b="N", c="BOOL")}, "definitions.2.AttributeType: "),
        ({"attribute_definitions": types(a="S", b="N", c="B") + types(b="S")}, "has attributes twice: b"),
        ({"attribute_definitions": [{"AttributeName": "ä" * 128, "AttributeType": "S"}]}, "255 bytes"),
        ({"attribute_definitions": [{"AttributeName": "\ud800", "AttributeType": "S"}]}, "AttributeName: "),
        ({"global_indexes": [index("gi", key("c", "b"))]}, "global_indexes.0.IndexName: .* 3 to 255"),
        ({"global_indexes": [index("global1", key("", "c"))]}, "index global1: a key needs a HASH"),
        ({"global_indexes": [index("global1", key("c", "c"))]}, "index global1: an attribute stands twice"),
        ({"global_indexes": [index("global1", key("bcdef"))]}, "index global1: a key has at most 4 HASH"),
        ({"global_indexes": [index("local1", key("c", "b"))]}, "index local1 is defined twice"),
        ({"global_indexes": [index(f"index{i}", key("b")) for i in range(21)]}, "at most 20 items"),
        ({"global_indexes": [{"IndexName": "global1", "KeySchema": key("c")}]}, "Projection: Field required"),
        ({"global_indexes": [index("global1", key("c"), {"ProjectionType": "SOME"})]}, "ProjectionType: "),
        ({"global_indexes": [index("global1", key("c"), {"ProjectionType": "INCLUDE"})]}, "goes with"),
        ({"global_indexes": [index("global1", key("c"), {**ALL, "NonKeyAttributes": ["x"]})]}, "goes with"),
        (
            {
                "global_indexes": [
                    index("global1", key("c"), {"ProjectionType": "INCLUDE", "NonKeyAttributes": []})
                ]
            },
            "Projection.NonKeyAttributes: ",
        ),
        (
            {"global_indexes": [index("global1", key("c"), ProvisionedThroughput=UNITS)]},
            "index global1 has ProvisionedThroughput, and its table is on demand",
        ),
        (
            {
                "global_indexes": [
                    index(
                        "global1",
                        key("c"),
                        ProvisionedThroughput={"ReadCapacityUnits": 0, "WriteCapacityUnits": 1},
                    )
                ]
            },
            "ProvisionedThroughput.ReadCapacityUnits: ",
        ),
        ({"local_indexes": [index("local1", key("c", "b"))]}, "index local1: a local index has the table's"),
        ({"local_indexes": [index("local1", key("a"))]}, "index local1: a local index has the table's"),
        ({"local_indexes": [index("local1", key("a", "bc"))]}, "index local1: a key has at most 1"),
        ({"local_indexes": [index(f"local{i}", key("a", "c")) for i in range(6)]}, "at most 5 items"),
        ({"local_indexes": [index("local1", key("a", "c"), ProvisionedThroughput=UNITS)]}, "Extra"),
        ({"key_schema": key("a")}, "local indexes need a table with a RANGE attribute"),
    ],
)
def test_what_no_table_can_be_is_refused(spoilt: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        defined(**GOOD | spoilt)


@pytest.mark.parametrize("name", ["key_schema", "attribute_definitions"])
def test_a_key_and_its_types_come_together(name: str) -> None:
    shapes = GOOD.copy()
    del shapes[name]
    with pytest.raises(InvalidRequestError, match=f"{name}: Field required"):
        defined(**shapes)
