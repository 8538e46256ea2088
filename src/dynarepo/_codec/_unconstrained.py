"""
Whether a model takes every value of its fields' types, so that to look at the types is to validate it.

It is told by the model's schema in Pydantic's core, and only what is known here counts: any constraint,
validator or setting that is not listed says no.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dynarepo._codec._containers import ListNode
from dynarepo._codec._nodes import Node
from dynarepo._codec._scalars import BOOL, OptionalNode, ScalarNode
from dynarepo._codec._structs import StructNode

__all__ = ["takes_all_of_its_types"]

_KINDS: Final[Mapping[type, str]] = {
    str: "str",
    bytes: "bytes",
    int: "int",
    float: "float",
    Decimal: "decimal",
    date: "date",
    datetime: "datetime",
    UUID: "uuid",
}

#: What any schema may have, as it says nothing about values.
_SILENT: Final = frozenset({"type", "ref", "metadata", "serialization"})
#: Is about text that is read.
_PRECISION: Final = frozenset({"microseconds_precision"})
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
        return fields.keys() == plans.keys() and all(
            _has_only(fields[name], "model-field", _FIELD) and self._takes(fields[name]["schema"], plan.node)
            for name, plan in plans.items()
        )

    def _takes(self, schema: Any, node: Node) -> bool:
        schema = self._followed(schema)
        if _has_only(schema, "default", _DEFAULT):
            return self._takes(schema["schema"], node)
        match node:
            case ScalarNode():
                return _has_only(schema, _KINDS.get(node.kind), _PRECISION)
            case OptionalNode():
                return _has_only(schema, "nullable", {"schema"}) and self._takes(schema["schema"], node.inner)
            case ListNode(kind=kind):
                is_list = kind is list and _has_only(schema, "list", {"items_schema"})
                return is_list and self._takes(schema["items_schema"], node.element)
            case StructNode():
                # An instance of it is taken as it is; its own writer validates what it holds.
                return _is_of(schema, node)
        return node is BOOL and _has_only(schema, "bool", frozenset())

    def _followed(self, schema: Any) -> Any:
        is_reference = _has_only(schema, "definition-ref", {"schema_ref"})
        return self._named[schema["schema_ref"]] if is_reference else schema


def _is_of(schema: Any, node: StructNode) -> bool:
    """Tell whether a schema is that of a node's model, without hooks and settings that change values."""
    return (
        _has_only(schema, "model", _MODEL)
        and schema["cls"] is node.kind
        and not schema.get("custom_init")
        and not schema.get("root_model")
        and _CONFIG.issuperset(schema.get("config", ()))
    )


def _has_only(schema: Any, kind: str | None, allowed: Collection[str]) -> bool:
    """Tell whether a schema is of a kind, and says nothing but what is allowed."""
    return schema.get("type") == kind and all(name in _SILENT or name in allowed for name in schema)
