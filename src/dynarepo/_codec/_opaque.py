"""
Types that only Pydantic knows, values with a declared serializer, and `Json`.

An opaque value is stored as what Pydantic's JSON dump makes of it, and proved by reading it back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from dynarepo._codec._dynamic import LOOSE, decode_dynamic
from dynarepo._codec._nodes import ALL_TAGS, DecodeError, Node, content_of, refusal
from dynarepo._codec._paths import Path
from dynarepo._codec._sameness import same
from dynarepo._codec._text import encode_text
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidValueError, SchemaError

__all__ = ["JsonNode", "OpaqueNode", "SerializerNode", "adapter_of", "json_node", "opaque_node"]

_DUMP_ERRORS: Final = (PydanticSerializationError, RecursionError, ValueError, TypeError)
_LOAD_ERRORS: Final = (ValidationError, RecursionError, ValueError, TypeError)
_TAGS: Final[Mapping[str, str]] = {"string": "S", "integer": "N", "number": "N", "array": "L", "object": "M"}


@dataclass(frozen=True, slots=True)
class OpaqueNode(Node):
    """A type with a Pydantic schema of its own, such as a URL or an IP address."""

    adapter: TypeAdapter[Any]
    label: str
    tags: frozenset[str]
    rank: int = 3

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode Pydantic's JSON form of the value, if the same comes back."""
        try:
            plain = self.adapter.dump_python(value, mode="json", by_alias=False, warnings="error")
        except _DUMP_ERRORS:
            raise _not_dumpable(self.label, path) from None
        wire = LOOSE.encode(plain, path)
        try:
            back = self.decode(wire)
        except DecodeError:
            raise refusal("would not be read back; declare another type", path) from None
        if not same(back, value) and not self._alike(back, value, plain):
            raise refusal("would not come back the same; declare another type", path)
        return wire

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Validate the stored form."""
        try:
            text = json.dumps(decode_dynamic(wire, depth), default=_json_number)
            return self.adapter.validate_json(text, by_alias=False, by_name=True)
        except _LOAD_ERRORS:
            raise DecodeError(f"not a stored {self.label}") from None

    def _alike(self, back: object, value: object, plain: object) -> bool:
        # Objects without an equality of their own are the same if they are of one type and dump alike.
        if type(back) is not type(value) or type(back).__eq__ is not object.__eq__:
            return False
        return bool(self.adapter.dump_python(back, mode="json", by_alias=False) == plain)


@dataclass(frozen=True, slots=True)
class SerializerNode(Node):
    """
    A type with a declared serializer: what that gives is stored.

    The stored form is left to the validation of the field around it, unless `validates`.
    """

    adapter: TypeAdapter[Any]
    output: Node
    tags: frozenset[str]
    validates: bool = False
    rank: int = 8

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode what the serializer gives."""
        try:
            plain = self.adapter.dump_python(value, by_alias=False, warnings=False)
        except _DUMP_ERRORS:
            raise refusal("its serializer failed", path) from None
        return {"NULL": True} if plain is None else self.output.encode(plain, path)

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Give what is stored."""
        stored = None if wire == {"NULL": True} else self.output.decode(wire, depth)
        if not self.validates:
            return stored
        try:
            return self.adapter.validate_python(stored, by_alias=True, by_name=True)
        except ValidationError:
            raise DecodeError("does not fit the type with a serializer") from None


@dataclass(frozen=True, slots=True)
class JsonNode(Node):
    """A value that is stored as JSON text."""

    adapter: TypeAdapter[Any]
    tags: frozenset[str] = frozenset({"S"})
    rank: int = 8

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the JSON text of the value, if the same comes back."""
        try:
            text = self.adapter.dump_json(value, by_alias=False, warnings="error").decode()
            back = self.adapter.validate_json(text, by_alias=False, by_name=True)
            encode_text(text)
        except _DUMP_ERRORS:
            raise _not_dumpable("JSON", path) from None
        if not same(back, value):
            raise refusal("would not come back the same from JSON", path)
        return {"S": text}

    def decode(self, wire: AttributeValue, _depth: int = 1, /) -> object:
        """Give the text: the validation of the field parses it."""
        return content_of(wire, "S", str)


def adapter_of(declared: Any, where: str) -> TypeAdapter[Any]:
    """Make Pydantic's adapter of a type; `SchemaError` if Pydantic knows no way to validate it."""
    try:
        return TypeAdapter(declared)
    except (PydanticUserError, NameError, TypeError):
        raise SchemaError(
            f"{where}: this type cannot be stored; declare one that Pydantic can dump and validate"
        ) from None


def opaque_node(declared: Any, where: str) -> OpaqueNode:
    """Make the node of a type that only Pydantic knows."""
    adapter = adapter_of(declared, where)
    try:
        kind = adapter.json_schema(mode="serialization").get("type")
    except PydanticUserError:
        kind = None
    tags = frozenset({_TAGS[kind]}) if isinstance(kind, str) and kind in _TAGS else ALL_TAGS
    return OpaqueNode(adapter, getattr(declared, "__name__", "value"), tags)


def json_node(declared: Any, where: str) -> JsonNode:
    """Make the node of `Json[...]`."""
    return JsonNode(adapter_of(declared, where))


def _not_dumpable(label: str, path: Path) -> InvalidValueError:
    return refusal(f"cannot be dumped as the declared {label}", path)


def _json_number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError("not a value of JSON")
