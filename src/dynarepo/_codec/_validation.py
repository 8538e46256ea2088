"""
Pydantic's validation of single fields and of their parts, and its errors without the values.

Pydantic validates a part only on a whole instance, where the rules of what stands around it run, too. So
the part's schema is taken out of the model's and runs alone: a model validator, the length of a list or
a validator of a whole dict cannot be judged by one field or element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from msgspec import field
from msgspec.structs import replace
from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator, core_schema

from dynarepo._codec._containers import DictNode
from dynarepo._codec._dynamic import DynamicNode
from dynarepo._codec._nodes import Node
from dynarepo._codec._paths import Path
from dynarepo._record import Record

__all__ = ["Rules", "problems_of"]

_WITH_CONFIG: Final = frozenset({"model", "dataclass", "typed-dict"})


class Rules(Record, frozen=True):
    """
    What Pydantic checks of a model, or of a part of one.

    Attributes:
        schema: The part's own schema in Pydantic's core.
        name: The innermost field around it, which validators may ask for.
        config: The configuration of the innermost model around it.
        definitions: The schemas that the part's own may refer to.
    """

    schema: Any
    name: str = ""
    config: Any = None
    definitions: Any = ()
    _validators: dict[tuple[int, str], SchemaValidator] = field(default_factory=dict)

    @classmethod
    def of(cls, model: type[BaseModel]) -> Rules:
        """Give the rules of a model."""
        return cls(model.__pydantic_core_schema__)

    def validate(self, value: object) -> object:
        """Validate a value by the part's rules alone; the places in an error begin with the field's name."""
        # By identity, because dict keys in paths have no end; the model's schema keeps its parts alive.
        known = id(self.schema), self.name
        if known not in self._validators:
            self._validators[known] = self._validator()
        values, _, _ = self._validators[known].validate_python(
            {self.name: value}, by_name=True, by_alias=False
        )
        return values[self.name]

    def part(self, step: str | int) -> Rules | None:
        """Give the rules of a field, an element or an entry; `None` where they are unknown or several."""
        found = [inside for bare in self.bare() for inside in bare.inside(step)]
        return found[0] if len(found) == 1 else None

    def keys(self) -> Rules | None:
        """Give the rules of a dict's keys, if they are text."""
        keys = [bare.at(bare.schema["keys_schema"]) for bare in self.bare() if "keys_schema" in bare.schema]
        return keys[0] if len(keys) == 1 and all(map(_is_text, keys[0].bare())) else None

    def at(self, schema: Any) -> Rules:
        """Give the rules of a schema that stands in this one."""
        config = self.schema.get("config") if self.schema["type"] in _WITH_CONFIG else self.config
        return replace(self, schema=schema, config=config)

    def bare(self) -> Iterator[Rules]:
        """Take off what stands around: defaults, functions and references; of a union, give each member."""
        match self.schema:
            case {"type": "definitions", "schema": inner, "definitions": definitions}:
                within = [replace(self, schema=inner, definitions=definitions)]
            case {"type": "definition-ref", "schema_ref": reference}:
                within = [self.at(each) for each in self.definitions if each.get("ref") == reference]
            case {"choices": choices}:
                within = [self.at(each) for each in _members(choices)]
            case {"json_schema": inner} | {"schema": inner}:
                within = [self.at(inner)]
            case _:
                yield self
                return
        for each in within:
            yield from each.bare()

    def inside(self, step: str | int) -> Iterator[Rules]:
        """Give the rules of a field, an element or an entry, of what is bare."""
        if self.schema["type"] == "any":
            yield self
        elif step in (fields := _fields(self.schema)):
            yield replace(self.at(fields[step]["schema"]), name=str(step))
        elif (element := _element(self.schema, step)) is not None:
            yield self.at(element)

    def _validator(self) -> SchemaValidator:
        alone: Any = core_schema.model_fields_schema({self.name: core_schema.model_field(self.schema)})
        if self.definitions:
            alone = core_schema.definitions_schema(alone, self.definitions)
        return SchemaValidator(alone, self.config)


def problems_of(error: ValidationError, root: Node, *, skip: int = 0) -> tuple[tuple[Path, str], ...]:
    """Take places, but for their first steps, and error types, and nothing that could be a value."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple((_known_part(detail["loc"][skip:], root), detail["type"]) for detail in details)


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


def _members(choices: Any) -> list[Any]:
    if isinstance(choices, Mapping):
        return list(choices.values())
    return [each[0] if isinstance(each, tuple) else each for each in choices]


def _fields(schema: Any) -> Mapping[str | int, Any]:
    match schema:
        case {"type": "model-fields" | "typed-dict", "fields": fields}:
            return cast("Mapping[str | int, Any]", fields)
        case {"type": "dataclass-args", "fields": fields}:
            return {each["name"]: each for each in fields}
    return {}


def _element(schema: Any, step: str | int) -> Any:
    match schema:
        case {"values_schema": element}:
            return element
        case {"items_schema": [element], "variadic_item_index": 0}:
            return element
        case {"items_schema": [*elements]}:
            return elements[step] if isinstance(step, int) and step < len(elements) else None
        case {"items_schema": element}:
            return element if isinstance(step, int) else None
    return None


def _is_text(rules: Rules) -> bool:
    expected = rules.schema.get("expected", (None,))
    return rules.schema["type"] == "str" or all(isinstance(each, str) for each in expected)
