"""Pydantic's validation of single fields, and its errors without the values."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator, core_schema

from dynarepo._codec._containers import DictNode
from dynarepo._codec._dynamic import DynamicNode
from dynarepo._codec._nodes import Node
from dynarepo._codec._paths import Path

__all__ = ["field_validator", "problems_of"]


def field_validator(model: type[BaseModel], name: str) -> SchemaValidator:
    """Make a validator of one field; its result is a tuple that begins with a dict of the field."""
    # Pydantic validates single fields only on a whole instance, whose model validators would run, too.
    schema: Any = model.__pydantic_core_schema__
    definitions: Any = []
    config: Any = None
    while schema["type"] != "model-fields":
        if schema["type"] == "definitions":
            definitions = schema["definitions"]
        if schema["type"] == "model":
            config = schema.get("config")
        if schema["type"] == "definition-ref":
            schema = next(each for each in definitions if each.get("ref") == schema["schema_ref"])
        else:
            schema = schema["schema"]
    alone = core_schema.model_fields_schema({name: schema["fields"][name]})
    return SchemaValidator(
        core_schema.definitions_schema(alone, definitions) if definitions else alone, config
    )


def problems_of(error: ValidationError, root: Node) -> tuple[tuple[Path, str], ...]:
    """Take places and error types from Pydantic's error, and nothing that could be a value."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple((_known_part(detail["loc"], root), detail["type"]) for detail in details)


def _known_part(location: Path, node: Node) -> Path:
    # What follows the key of a dict, or the label of a union's member, is not a path of fields.
    known: list[str | int] = []
    for step in location:
        if isinstance(node, DictNode | DynamicNode):
            break
        try:
            _, node = node.child(step)
        except LookupError:
            break
        known.append(step)
    return tuple(known)
