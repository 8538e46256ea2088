"""The definition of a table, made from what models declare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dynarepo._codec import Entity, IndexKeys, KeyAttribute
from dynarepo._config import DynamoDBConfig
from dynarepo._wire import Payload
from dynarepo.exceptions import SchemaError

__all__ = ["table_definition", "ttl_attribute"]


def table_definition(entities: Sequence[Entity[Any]], table_name: str, config: DynamoDBConfig) -> Payload:
    """
    Build the parameters of CreateTable for models that share a table.

    Raises:
        SchemaError: The models disagree on a key, an index or an attribute's type.
    """
    first = entities[0]
    attributes: dict[str, str] = {}
    indexes: dict[str, tuple[bool, Payload]] = {}
    for entity in entities:
        if _key_schema(entity.table.attributes) != _key_schema(first.table.attributes):
            raise SchemaError(
                f"{first.model.__name__} and {entity.model.__name__} have different table keys; "
                "models that share a table share its key attributes"
            )
        _collect(attributes, entity.table.attributes)
        for index in entity.indexes.values():
            _collect(attributes, index.attributes)
            declared = (index.is_global, _index_definition(index, config))
            if indexes.setdefault(index.name, declared) != declared:
                raise SchemaError(f"index {index.name} is declared in two ways")
    definition = {
        "TableName": table_name,
        "KeySchema": _key_schema(first.table.attributes),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": tag} for name, tag in attributes.items()
        ],
        **_throughput(config, billing=True),
    }
    gsis = [index for is_global, index in indexes.values() if is_global]
    lsis = [index for is_global, index in indexes.values() if not is_global]
    return (
        definition
        | ({"GlobalSecondaryIndexes": gsis} if gsis else {})
        | ({"LocalSecondaryIndexes": lsis} if lsis else {})
    )


def ttl_attribute(entities: Sequence[Entity[Any]]) -> str | None:
    """Give the one attribute by which items of the models expire."""
    names = {
        entity.plan.fields[entity.schema.ttl].attribute
        for entity in entities
        if entity.schema.ttl is not None
    }
    if len(names) > 1:
        raise SchemaError(f"a table has one expiry attribute, not {', '.join(sorted(names))}")
    return names.pop() if names else None


def _collect(attributes: dict[str, str], keys: Sequence[KeyAttribute]) -> None:
    for key in keys:
        if attributes.setdefault(key.attribute, key.tag) != key.tag:
            raise SchemaError(f"key attribute {key.attribute!r} has two types")


def _key_schema(keys: Sequence[KeyAttribute]) -> list[Payload]:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": key.attribute, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)]


def _index_definition(index: IndexKeys, config: DynamoDBConfig) -> Payload:
    hashes = [{"AttributeName": key.attribute, "KeyType": "HASH"} for key in index.partition]
    ranges = [{"AttributeName": key.attribute, "KeyType": "RANGE"} for key in index.sort]
    return {
        "IndexName": index.name,
        "KeySchema": hashes + ranges,
        "Projection": _projection(index),
        **(_throughput(config, billing=False) if index.is_global else {}),
    }


def _projection(index: IndexKeys) -> Payload:
    if index.projected is None:
        return {"ProjectionType": "ALL"}
    if not index.projected:
        return {"ProjectionType": "KEYS_ONLY"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": sorted(index.projected)}


def _throughput(config: DynamoDBConfig, *, billing: bool) -> Payload:
    if config.read_capacity is None:
        return {"BillingMode": "PAY_PER_REQUEST"} if billing else {}
    units = {"ReadCapacityUnits": config.read_capacity, "WriteCapacityUnits": config.write_capacity}
    return {"ProvisionedThroughput": units, **({"BillingMode": "PROVISIONED"} if billing else {})}
