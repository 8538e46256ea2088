"""
Whether a model takes every value of its fields' types, so that to look at the types is to validate it.

It is told by the model's schema in Pydantic's core, and only what is known here counts: any constraint,
validator or setting that is not listed says no. A writer then leaves validation out, and a reader makes the
instance that Pydantic would make, in a fraction of the time; tests compare them in every part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import SchemaValidator

from dynarepo._codec._containers import DictNode, ListNode, SetNode
from dynarepo._codec._enums import EnumNode, LiteralNode
from dynarepo._codec._nodes import Node
from dynarepo._codec._scalars import BOOL, OptionalNode, ScalarNode
from dynarepo._codec._structs import StructNode

__all__ = ["PARTS", "defaults_to_fill_in", "takes_all_of_its_types"]

#: What sets the parts of an instance: values, names of those that were given, extras, private attributes.
PARTS: Final = [
    getattr(vars(BaseModel).get(name), "__set__", None)
    for name in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
]

_KINDS: Final[Mapping[type, str]] = {
    str: "str",
    bytes: "bytes",
    int: "int",
    float: "float",
    Decimal: "decimal",
    date: "date",
    datetime: "datetime",
    time: "time",
    timedelta: "timedelta",
    UUID: "uuid",
}
_TYPES: Final[Mapping[type[Node], str]] = {type(BOOL): "bool", EnumNode: "enum", LiteralNode: "literal"}

_IMMUTABLE: Final = (*_KINDS, bool, NoneType, Enum)

#: What any schema may have, as it says nothing about values.
_SILENT: Final = frozenset({"type", "ref", "metadata", "serialization"})
_ALLOWED: Final[Mapping[str, Collection[str]]] = {
    **{kind: {"microseconds_precision"} for kind in ("datetime", "time", "timedelta")},
    "enum": {"cls", "members", "sub_type", "missing"},
    "literal": {"expected"},
}
_DEFAULT: Final = frozenset(
    {"schema", "default", "default_factory", "default_factory_takes_data", "validate_default"}
)
_FIELD: Final = frozenset(
    {"schema", "validation_alias", "serialization_alias", "serialization_exclude", "frozen"}
)
_FIELDS: Final = frozenset({"fields", "model_name", "computed_fields"})
_MODEL: Final = frozenset(
    {"cls", "schema", "config", "custom_init", "root_model", "frozen", "generic_origin"}
)
_CONFIG: Final = frozenset(
    {
        "title",
        "extra_fields_behavior",
        "from_attributes",
        "hide_input_in_errors",
        "loc_by_alias",
        "validate_by_name",
        "validate_by_alias",
        "validate_default",
        "serialize_by_alias",
    }
)


def takes_all_of_its_types(node: StructNode) -> bool:
    """Tell whether a model takes whatever its nodes encode."""
    schema: Any = getattr(node.kind, "__pydantic_core_schema__", {})
    named: Mapping[str, Any] = {}
    if schema.get("type") == "definitions":
        named = {each["ref"]: each for each in schema["definitions"]}
        schema = schema["schema"]
    return _Schemas(named).takes_all_of(schema, node)


def defaults_to_fill_in(node: StructNode) -> Mapping[str, object] | None:
    """
    Give the defaults of a model whose instances can be made without validation; `None` of any other.

    Pydantic would make the same instance of values of its fields' types: it fills in the defaults, which are
    immutable here, and notes which fields were given.
    """
    kind: Any = node.kind
    if not takes_all_of_its_types(node) or None in PARTS:
        return None
    # A validator that is watched by a plugin, and instances that are made in a way of their own.
    if type(kind.__pydantic_validator__) is not SchemaValidator or kind.__new__ is not object.__new__:
        return None
    infos = [(name, info) for name, info in kind.__pydantic_fields__.items() if not info.is_required()]
    config = kind.model_config
    if config.get("extra") == "allow" or config.get("validate_default"):
        return None
    if any(info.validate_default or not isinstance(info.default, _IMMUTABLE) for _, info in infos):
        return None
    return {name: info.default for name, info in infos}


class _Schemas:
    """Looks at the schemas of one model, which may refer to others by name."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named

    def takes_all_of(self, schema: Any, node: StructNode) -> bool:
        """Tell whether a model's schema takes all that its fields' nodes encode."""
        schema = self._followed(schema)
        if not _is_of(schema, node) or not _has_only(schema["schema"], "model-fields", _FIELDS):
            return False
        fields = schema["schema"]["fields"]
        plans = {name: plan for name, plan in node.fields.items() if not plan.computed}
        return list(fields) == list(plans) and all(
            _has_only(fields[name], "model-field", _FIELD) and self._takes(fields[name]["schema"], plan.node)
            for name, plan in plans.items()
        )

    def _takes(self, schema: Any, node: Node) -> bool:
        schema = self._followed(schema)
        if _has_only(schema, "default", _DEFAULT):
            return self._takes(schema["schema"], node)
        if isinstance(node, StructNode):
            # An instance of it is taken as it is; its own writer validates what it holds.
            return _is_of(schema, node)
        kind, parts = _expected(node)
        return (
            _has_only(schema, kind, {*parts, *_ALLOWED.get(kind, ())})
            and schema.get("cls") in {None, getattr(node, "kind", None)}
            and all(self._takes(schema[name], part) for name, part in parts.items())
        )

    def _followed(self, schema: Any) -> Any:
        is_reference = _has_only(schema, "definition-ref", {"schema_ref"})
        return self._named.get(schema["schema_ref"], {}) if is_reference else schema


def _expected(node: Node) -> tuple[str, Mapping[str, Node]]:
    """Give the type of schema that says no more than a node, and its parts with theirs."""
    match node:
        case ScalarNode():
            return _KINDS.get(node.kind, ""), {}
        case OptionalNode():
            return "nullable", {"schema": node.inner}
        case ListNode() | SetNode():
            return node.kind.__name__, {"items_schema": node.element}
        case DictNode():
            return "dict", {"keys_schema": node.key, "values_schema": node.element}
    return _TYPES.get(type(node), ""), {}


def _is_of(schema: Any, node: StructNode) -> bool:
    """Tell whether a schema is that of a node's model, without hooks and settings that change values."""
    return (
        _has_only(schema, "model", _MODEL)
        and schema["cls"] is node.kind
        and not schema.get("custom_init")
        and not schema.get("root_model")
        and _CONFIG.issuperset(schema.get("config", ()))
    )


def _has_only(schema: Any, kind: str, allowed: Collection[str]) -> bool:
    """Tell whether a schema is of a kind, and says nothing but what is allowed."""
    return schema.get("type") == kind and all(name in _SILENT or name in allowed for name in schema)
