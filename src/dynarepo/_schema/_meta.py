"""Reading `class Meta`: strict, once, with no guessing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from dynarepo._schema._base_model import DynamoDBBaseModel
from dynarepo._schema._declaration import GlobalIndex, LocalIndex, TableSchema
from dynarepo.exceptions import SchemaError

__all__ = ["read_schema"]

_NAMES: Final = frozenset(field.name for field in fields(TableSchema))

I = TypeVar("I", GlobalIndex, LocalIndex)  # noqa: E741 - an index


def read_schema(model: type[BaseModel], schema: TableSchema | None = None) -> TableSchema:
    """
    Give the declaration of a model: the one passed, or its `class Meta`, or the base model's keys.

    Raises:
        SchemaError: There is none, there are two, or `Meta` holds what it must not.
    """
    if not (isinstance(model, type) and issubclass(model, BaseModel)) or model is BaseModel:
        raise SchemaError("a repository needs a Pydantic model class")
    meta = getattr(model, "Meta", None)
    if schema is not None:
        if meta is not None:
            raise SchemaError(f"{model.__name__} has a class Meta; leave out schema=")
        if not isinstance(schema, TableSchema):
            raise SchemaError("schema= takes a TableSchema")
        return schema
    declared = _declared(model, meta)
    if issubclass(model, DynamoDBBaseModel):
        declared = {"partition_key": "pk", "sort_key": "sk", **declared}
    if "partition_key" not in declared:
        raise SchemaError(
            f"{model.__name__} has no partition key: declare it in class Meta, pass schema=TableSchema(...), "
            "or inherit from DynamoDBBaseModel"
        )
    declared["gsis"] = _indexes(model, "gsis", declared.get("gsis", ()), GlobalIndex)
    declared["lsis"] = _indexes(model, "lsis", declared.get("lsis", ()), LocalIndex)
    return TableSchema(**declared)


def _declared(model: type[BaseModel], meta: object) -> dict[str, Any]:
    if meta is None:
        return {}
    if not isinstance(meta, type):
        raise SchemaError(f"{model.__name__}.Meta must be a class")
    declared: dict[str, Any] = {}
    for owner in reversed(meta.__mro__[:-1]):
        declared |= {name: value for name, value in vars(owner).items() if not name.startswith("__")}
    unknown = sorted(declared.keys() - _NAMES)
    if unknown:
        raise SchemaError(
            f"{model.__name__}.Meta has unknown names: {', '.join(unknown)}; "
            f"known are {', '.join(sorted(_NAMES))}"
        )
    return declared


def _indexes(model: type[BaseModel], name: str, declared: object, kind: type[I]) -> tuple[I, ...]:
    if isinstance(declared, str | Mapping) or not isinstance(declared, Iterable):
        raise SchemaError(f"{model.__name__}.Meta.{name} must be a list of {kind.__name__} or of dicts")
    return tuple(_index(model, name, entry, kind) for entry in declared)


def _index(model: type[BaseModel], name: str, entry: object, kind: type[I]) -> I:
    if isinstance(entry, kind):
        return entry
    if not isinstance(entry, Mapping):
        raise SchemaError(f"{model.__name__}.Meta.{name} holds {kind.__name__} values or dicts")
    known = {field.name for field in fields(kind)}
    unknown = sorted(str(key) for key in entry.keys() - known)
    if unknown:
        raise SchemaError(f"{model.__name__}.Meta.{name} has unknown names: {', '.join(unknown)}")
    try:
        return kind(**entry)
    except TypeError:
        raise SchemaError(f"{model.__name__}.Meta.{name}: an index needs its name and its keys") from None
