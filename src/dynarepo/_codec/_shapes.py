"""How values with named fields are taken apart and made again: what differs between the kinds of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import SchemaSerializer, SchemaValidator

from dynarepo.exceptions import InvalidValueError

__all__ = ["InstanceShape", "SerializedShape", "Shape", "TypedDictShape"]


class Shape(ABC):
    """What differs between models, dataclasses and TypedDicts."""

    __slots__ = ()

    @abstractmethod
    def take_apart(self, value: Any) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """Give the values by field name, and the values that no field declares."""

    @abstractmethod
    def build(self, values: dict[str, object]) -> object:
        """Make a value of its fields; may raise `pydantic.ValidationError`."""


@dataclass(frozen=True, slots=True)
class InstanceShape(Shape):
    """A model or dataclass: `derived` are its computed fields, `serialized` those with a serializer."""

    validator: SchemaValidator
    names: tuple[str, ...]
    has_dict: bool
    derived: tuple[str, ...] = ()
    serializer: SchemaSerializer | None = None
    serialized: frozenset[str] = frozenset()

    def take_apart(self, value: Any) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """Read the attributes."""
        values: dict[str, object]
        if self.has_dict:
            values = value.__dict__
        else:
            values = {name: getattr(value, name) for name in self.names if hasattr(value, name)}
        if self.derived or self.serialized:
            values = dict(values)
            values.update((name, getattr(value, name)) for name in self.derived)
        if self.serializer is not None and self.serialized:
            values.update(
                self.serializer.to_python(value, include=set(self.serialized), by_alias=False, warnings=False)
            )
        return values, getattr(value, "__pydantic_extra__", None) or {}

    def build(self, values: dict[str, object]) -> object:
        """Validate the fields, by their names in Python."""
        return self.validator.validate_python(values, by_name=True, by_alias=False)


@dataclass(frozen=True, slots=True)
class SerializedShape(Shape):
    """A model with a serializer of its own: what it gives is what is stored."""

    validator: SchemaValidator
    serializer: SchemaSerializer
    names: Mapping[str, str]

    def take_apart(self, value: Any) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """Let the serializer take it apart."""
        dumped = self.serializer.to_python(value, by_alias=True, warnings=False)
        if type(dumped) is not dict:
            raise InvalidValueError("has a serializer that does not give a dict")
        known = {self.names[key]: each for key, each in dumped.items() if key in self.names}
        return known, {key: each for key, each in dumped.items() if key not in self.names}

    def build(self, values: dict[str, object]) -> object:
        """Validate what was stored; keys that are the serializer's own may be aliases."""
        return self.validator.validate_python(values, by_name=True, by_alias=True)


@dataclass(frozen=True, slots=True)
class TypedDictShape(Shape):
    """A dict with declared keys; the validation of the model around it checks the values."""

    names: frozenset[str]

    def take_apart(self, value: Any) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """Part the declared keys from the others."""
        return value, {key: each for key, each in value.items() if key not in self.names}

    def build(self, values: dict[str, object]) -> object:
        """Give the dict."""
        return values
