"""
Tables defined without a model, in DynamoDB's own shapes, and checked before anything is sent.

The shapes have the names of DynamoDB's API. What they take is what CreateTable takes; what no table can
be, such as a key without a HASH attribute, is refused by a message that says where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dynarepo._config import DynamoDBConfig
from dynarepo._limits import MAX_GLOBAL_INDEXES, MAX_INDEX_KEY_PARTS, MAX_KEY_NAME_BYTES, MAX_LOCAL_INDEXES
from dynarepo._requests._tables import is_key_name, throughput
from dynarepo._wire import Payload
from dynarepo.exceptions import InvalidRequestError

__all__ = ["explicit_definition"]

_INDEX_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def explicit_definition(shapes: Mapping[str, object], table_name: str, config: DynamoDBConfig) -> Payload:
    """
    Build the parameters of CreateTable from DynamoDB's own shapes, under the names of `create_table`.

    Raises:
        InvalidRequestError: No table can be like this; the message says where.
    """
    table = _parsed(shapes)
    _check_keys(table)
    _check_indexes(table, config)
    _check_attributes(table)
    plain: Payload = table.model_dump(mode="json", exclude_none=True)
    gsis = [throughput(config, billing=False) | index for index in plain["global_indexes"]]
    lsis = plain["local_indexes"]
    return {
        "TableName": table_name,
        "KeySchema": plain["key_schema"],
        "AttributeDefinitions": plain["attribute_definitions"],
        **throughput(config, billing=True),
        **({"GlobalSecondaryIndexes": gsis} if gsis else {}),
        **({"LocalSecondaryIndexes": lsis} if lsis else {}),
    }


def _attribute_name(name: str) -> str:
    if not is_key_name(name):
        raise ValueError(f"the name of an attribute has 1 to {MAX_KEY_NAME_BYTES} bytes here")
    return name


def _index_name(name: str) -> str:
    if not _INDEX_NAME.fullmatch(name):
        raise ValueError("an index name has 3 to 255 of the characters A-Z, a-z, 0-9, '_', '.', '-'")
    return name


_KeyName = Annotated[str, AfterValidator(_attribute_name)]
_Units = Annotated[int, Field(ge=1, strict=True)]
_Limit = Annotated[int, Field(ge=-1, strict=True)]  # -1 takes a limit away


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _any_mapping(cls, given: object) -> object:
        return dict(given) if isinstance(given, Mapping) else given


class _KeyElement(_Shape):
    AttributeName: _KeyName
    KeyType: Literal["HASH", "RANGE"]


class _AttributeDefinition(_Shape):
    AttributeName: _KeyName
    AttributeType: Literal["S", "N", "B"]


class _Projection(_Shape):
    ProjectionType: Literal["ALL", "KEYS_ONLY", "INCLUDE"]
    NonKeyAttributes: Annotated[tuple[_KeyName, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _names_go_with_include(self) -> _Projection:
        if (self.ProjectionType == "INCLUDE") != (self.NonKeyAttributes is not None):
            raise ValueError("NonKeyAttributes goes with the ProjectionType INCLUDE, and with no other")
        return self


class _Provisioned(_Shape):
    ReadCapacityUnits: _Units
    WriteCapacityUnits: _Units


class _OnDemand(_Shape):
    MaxReadRequestUnits: _Limit | None = None
    MaxWriteRequestUnits: _Limit | None = None


class _Warm(_Shape):
    ReadUnitsPerSecond: _Units | None = None
    WriteUnitsPerSecond: _Units | None = None


class _LocalIndex(_Shape):
    IndexName: Annotated[str, AfterValidator(_index_name)]
    KeySchema: tuple[_KeyElement, ...]
    Projection: _Projection


class _GlobalIndex(_LocalIndex):
    ProvisionedThroughput: _Provisioned | None = None
    OnDemandThroughput: _OnDemand | None = None
    WarmThroughput: _Warm | None = None


class _Table(_Shape):
    key_schema: tuple[_KeyElement, ...]
    attribute_definitions: tuple[_AttributeDefinition, ...]
    global_indexes: Annotated[tuple[_GlobalIndex, ...], Field(max_length=MAX_GLOBAL_INDEXES)] = ()
    local_indexes: Annotated[tuple[_LocalIndex, ...], Field(max_length=MAX_LOCAL_INDEXES)] = ()

    def key_elements(self) -> Iterator[_KeyElement]:
        yield from self.key_schema
        for index in (*self.global_indexes, *self.local_indexes):
            yield from index.KeySchema


def _parsed(given: Mapping[str, object]) -> _Table:
    try:
        return _Table.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    said = "Input should be a mapping" if first["type"] == "model_type" else first["msg"]
    raise InvalidRequestError(f"{where}: {said.removeprefix('Value error, ')}")


def _check_keys(table: _Table) -> None:
    hashes, ranges = _check_key("key_schema", table.key_schema, most=1)
    for index in table.global_indexes:
        _check_key(f"index {index.IndexName}", index.KeySchema, most=MAX_INDEX_KEY_PARTS)
    if table.local_indexes and not ranges:
        raise InvalidRequestError("local indexes need a table with a RANGE attribute")
    for local in table.local_indexes:
        where = f"index {local.IndexName}"
        if _check_key(where, local.KeySchema, most=1)[0] != hashes or len(local.KeySchema) != 2:
            raise InvalidRequestError(
                f"{where}: a local index has the table's HASH attribute and a RANGE attribute"
            )


def _check_key(where: str, key: Sequence[_KeyElement], *, most: int) -> tuple[list[str], list[str]]:
    hashes = [element.AttributeName for element in key if element.KeyType == "HASH"]
    ranges = [element.AttributeName for element in key if element.KeyType == "RANGE"]
    if not hashes:
        raise InvalidRequestError(f"{where}: a key needs a HASH attribute")
    if len(hashes) > most or len(ranges) > most:
        raise InvalidRequestError(f"{where}: a key has at most {most} HASH and {most} RANGE attributes")
    names = [element.AttributeName for element in key]
    if names != hashes + ranges:
        raise InvalidRequestError(f"{where}: HASH attributes stand before RANGE attributes")
    if len(set(names)) < len(names):
        raise InvalidRequestError(f"{where}: an attribute stands twice in the key")
    return hashes, ranges


def _check_indexes(table: _Table, config: DynamoDBConfig) -> None:
    names = [index.IndexName for index in (*table.global_indexes, *table.local_indexes)]
    for name in names:
        if names.count(name) > 1:
            raise InvalidRequestError(f"index {name} is defined twice")
    for index in table.global_indexes:
        if index.ProvisionedThroughput is not None and config.read_capacity is None:
            raise InvalidRequestError(
                f"index {index.IndexName} has ProvisionedThroughput, and its table is on demand: "
                "set read_capacity and write_capacity in the configuration"
            )


def _check_attributes(table: _Table) -> None:
    used = {element.AttributeName for element in table.key_elements()}
    defined = [definition.AttributeName for definition in table.attribute_definitions]
    for what, names in (
        ("lacks attributes that keys name", used.difference(defined)),
        ("has attributes that no key names", set(defined) - used),
        ("has attributes twice", {name for name in defined if defined.count(name) > 1}),
    ):
        if names:
            raise InvalidRequestError(f"attribute_definitions {what}: {', '.join(sorted(names))}")
