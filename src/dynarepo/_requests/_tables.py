"""The definitions of tables and of their indexes, made from what models declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from dynarepo._codec import Entity, IndexKeys, KeyAttribute
from dynarepo._config import DynamoDBConfig
from dynarepo._limits import MAX_KEY_NAME_BYTES
from dynarepo._requests._table_replies import is_on_demand
from dynarepo._wire import Payload
from dynarepo.exceptions import ConfigurationError, InvalidRequestError, SchemaError

__all__ = [
    "StreamView",
    "index_addition",
    "index_definition",
    "index_removal",
    "is_key_name",
    "stream_change",
    "stream_definition",
    "table_definition",
    "throughput",
    "ttl_attribute",
    "ttl_change",
]

#: What a stream has of an item that is changed.
StreamView: TypeAlias = Literal["keys_only", "new_image", "old_image", "new_and_old_images"]

_STREAM_VIEWS: Final = ("keys_only", "new_image", "old_image", "new_and_old_images")


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
            capacity = throughput(config, billing=False) if index.is_global else {}
            declared = (index.is_global, _index_definition(index) | capacity)
            if indexes.setdefault(index.name, declared) != declared:
                raise SchemaError(f"index {index.name} is declared in two ways")
    definition = {
        "TableName": table_name,
        "KeySchema": _key_schema(first.table.attributes),
        "AttributeDefinitions": _attribute_definitions(attributes),
        **throughput(config, billing=True),
    }
    gsis = [index for is_global, index in indexes.values() if is_global]
    lsis = [index for is_global, index in indexes.values() if not is_global]
    return (
        definition
        | ({"GlobalSecondaryIndexes": gsis} if gsis else {})
        | ({"LocalSecondaryIndexes": lsis} if lsis else {})
    )


def index_definition(entity: Entity[Any], index_name: str, table_name: str) -> Payload:
    """
    Define a table that has one global index of a model, and of its indexes no other.

    Raises:
        InvalidRequestError: The model declares no such global index.
    """
    index = entity.indexes.get(index_name)
    if index is None:
        known = ", ".join(name for name, each in entity.indexes.items() if each.is_global) or "none"
        raise InvalidRequestError(f"{entity.name} declares no such index; its global indexes: {known}")
    if not index.is_global:
        raise InvalidRequestError(
            f"index {index_name} of {entity.name} is local, and made together with its table only"
        )
    attributes: dict[str, str] = {}
    _collect(attributes, (*entity.table.attributes, *index.attributes))
    return {
        "TableName": table_name,
        "KeySchema": _key_schema(entity.table.attributes),
        "AttributeDefinitions": _attribute_definitions(attributes),
        "GlobalSecondaryIndexes": [_index_definition(index)],
    }


def index_addition(definition: Payload, table: Payload, config: DynamoDBConfig) -> Payload:
    """
    Build the UpdateTable that adds the index of a definition to a table as it is.

    Raises:
        ConfigurationError: The table has provisioned capacity, and the configuration states none.
    """
    (index,) = definition["GlobalSecondaryIndexes"]
    if not is_on_demand(table):
        if config.read_capacity is None:
            raise ConfigurationError(
                "the table has provisioned capacity, and so will its index: "
                "set read_capacity and write_capacity in the configuration"
            )
        index = index | throughput(config, billing=False)
    # All definitions, as some servers forget those that are not sent.
    attributes = {
        each["AttributeName"]: each["AttributeType"]
        for each in (*table.get("AttributeDefinitions", ()), *definition["AttributeDefinitions"])
    }
    return {
        "TableName": definition["TableName"],
        "AttributeDefinitions": _attribute_definitions(attributes),
        "GlobalSecondaryIndexUpdates": [{"Create": index}],
    }


def index_removal(index_name: str, table_name: str) -> Payload:
    """Build the UpdateTable that removes a global index."""
    return {"TableName": table_name, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": index_name}}]}


def ttl_attribute(entities: Sequence[Entity[Any]]) -> str | None:
    """Give the one attribute by which items of the models expire."""
    names = {entity.expiry for entity in entities if entity.expiry is not None}
    if len(names) > 1:
        raise SchemaError(f"a table has one expiry attribute, not {', '.join(sorted(names))}")
    return names.pop() if names else None


def ttl_change(attribute: str, table_name: str, *, enabled: bool) -> Payload:
    """
    Build the UpdateTimeToLive that switches expiry on or off.

    Raises:
        InvalidRequestError: An attribute cannot have this name.
    """
    if not is_key_name(attribute):
        raise InvalidRequestError(f"an expiry attribute has a name of 1 to {MAX_KEY_NAME_BYTES} bytes")
    specification = {"Enabled": enabled, "AttributeName": attribute}
    return {"TableName": table_name, "TimeToLiveSpecification": specification}


def stream_definition(stream: StreamView | None) -> Payload:
    """
    Give the part of a CreateTable that lets the table have a stream, empty without one.

    Raises:
        InvalidRequestError: A stream cannot have that of an item.
    """
    if stream is None:
        return {}
    if stream not in _STREAM_VIEWS:
        raise InvalidRequestError(f"a stream has one of {', '.join(_STREAM_VIEWS)}")
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream.upper()}}


def stream_change(stream: StreamView | None, table_name: str) -> Payload:
    """Build the UpdateTable that switches a stream on or, with `None`, off."""
    off = {"StreamSpecification": {"StreamEnabled": False}}
    return {"TableName": table_name, **(stream_definition(stream) or off)}


def is_key_name(name: object) -> bool:
    """Tell whether an attribute of a key, or the one of expiry, can have this name."""
    try:
        return isinstance(name, str) and 0 < len(name.encode()) <= MAX_KEY_NAME_BYTES
    except UnicodeEncodeError:
        return False


def throughput(config: DynamoDBConfig, *, billing: bool) -> Payload:
    """Give the capacity of a table, with its billing, or of a global index; on demand has none."""
    if config.read_capacity is None:
        return {"BillingMode": "PAY_PER_REQUEST"} if billing else {}
    units = {"ReadCapacityUnits": config.read_capacity, "WriteCapacityUnits": config.write_capacity}
    return {"ProvisionedThroughput": units, **({"BillingMode": "PROVISIONED"} if billing else {})}


def _collect(attributes: dict[str, str], keys: Sequence[KeyAttribute]) -> None:
    for key in keys:
        if attributes.setdefault(key.attribute, key.tag) != key.tag:
            raise SchemaError(f"key attribute {key.attribute!r} has two types")


def _attribute_definitions(attributes: Mapping[str, str]) -> list[Payload]:
    return [{"AttributeName": name, "AttributeType": tag} for name, tag in attributes.items()]


def _key_schema(keys: Sequence[KeyAttribute]) -> list[Payload]:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": key.attribute, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)]


def _index_definition(index: IndexKeys) -> Payload:
    hashes = [{"AttributeName": key.attribute, "KeyType": "HASH"} for key in index.partition]
    ranges = [{"AttributeName": key.attribute, "KeyType": "RANGE"} for key in index.sort]
    return {"IndexName": index.name, "KeySchema": hashes + ranges, "Projection": _projection(index)}


def _projection(index: IndexKeys) -> Payload:
    if index.projected is None:
        return {"ProjectionType": "ALL"}
    if not index.projected:
        return {"ProjectionType": "KEYS_ONLY"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": sorted(index.projected)}
