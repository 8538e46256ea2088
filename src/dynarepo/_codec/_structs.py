"""
Values with named fields, stored as maps: models, dataclasses and TypedDicts.

Instances are read attribute by attribute, which is what Pydantic's own dump does where no
serializer is declared. They are made again by Pydantic's validation, from the inside outwards, so
that strict models work and each model's validators run once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import PydanticSerializationError, SchemaSerializer, SchemaValidator

from dynarepo._codec._containers import DictNode
from dynarepo._codec._dynamic import DYNAMIC, LOOSE, DynamicNode
from dynarepo._codec._nodes import (
    DecodeError,
    Node,
    check_depth,
    check_stored_depth,
    content_of,
    refusal,
    wrong_type,
)
from dynarepo._codec._paths import Path
from dynarepo._codec._scalars import OptionalNode
from dynarepo._codec._text import encode_name
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidValueError

__all__ = [
    "Extra",
    "FieldPlan",
    "FieldSerializerNode",
    "InstanceShape",
    "Role",
    "RootNode",
    "SerializedShape",
    "Shape",
    "StructNode",
    "TypedDictShape",
    "problems_of",
]

Role: TypeAlias = Literal["value", "key", "ttl"]
Extra: TypeAlias = Literal["ignore", "allow", "forbid"]


class FieldSerializerNode(Node):
    """A field with a serializer method; to serialize a value alone, an empty instance stands in for `self`."""

    __slots__ = ("_name", "_owner", "output", "rank", "tags")

    def __init__(self, owner: Any, name: str, output: Node) -> None:
        self._owner = owner
        self._name = name
        self.output = OptionalNode(output, 8, output.tags | {"NULL"})
        self.tags = self.output.tags
        self.rank = 8

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode what the serializer gives for a value."""
        if issubclass(self._owner, BaseModel):
            instance = self._owner.model_construct()
        else:
            instance = object.__new__(self._owner)
        object.__setattr__(instance, self._name, value)
        try:
            dumped = self._owner.__pydantic_serializer__.to_python(
                instance, include={self._name}, by_alias=False, warnings=False
            )
        except PydanticSerializationError:
            raise refusal("its serializer failed", path) from None
        return self.output.encode(dumped[self._name], path)

    def decode(self, wire: AttributeValue, depth: int = 1) -> object:
        """Give what is stored; validation makes the value of it."""
        return self.output.decode(wire, depth)


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """
    How one field is stored.

    Attributes:
        name: Its name in Python.
        attribute: Its stored name.
        node: The converter of its declared type.
        role: Whether it is (a part of) a key, or the expiry time.
        omit_none: `None` is stored as no attribute at all.
        omit_empty: The set type whose empty value is stored as no attribute.
        absent: Makes the value that an absent attribute stands for, where the model's default does not.
        computed: Written, and never read back.
        required: An instance always has a value.
        exclude_if: Pydantic's own condition for leaving it out.
    """

    name: str
    attribute: str
    node: Node
    role: Role = "value"
    omit_none: bool = False
    omit_empty: type | None = None
    absent: Callable[[], object] | None = None
    computed: bool = False
    required: bool = True
    exclude_if: Callable[[Any], bool] | None = None

    @property
    def writer(self) -> Node:
        """The node for a value that was read from an instance: a serializer has already run on it."""
        return self.node.output if isinstance(self.node, FieldSerializerNode) else self.node

    def omits(self, value: object) -> bool:
        """Tell whether this value is stored as no attribute."""
        if value is None:
            return self.omit_none
        if self.omit_empty is not None and type(value) is self.omit_empty and not value:
            return True
        return self.exclude_if is not None and self.exclude_if(value)


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


@dataclass(slots=True)
class RootNode(Node):
    """A RootModel, stored as its root; made first and filled by `define`, so that it can contain itself."""

    kind: type[RootModel[Any]]
    validator: SchemaValidator
    inner: Node = field(init=False)
    rank: int = 9
    tags: frozenset[str] = frozenset()

    def define(self, inner: Node) -> None:
        """Fill in the root."""
        self.inner = inner
        self.rank = inner.rank
        self.tags = inner.tags

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the root."""
        if not isinstance(value, RootModel) or type(value) is not self.kind:
            raise wrong_type(self.kind.__name__, value, path)
        return self.inner.encode(value.root, path)

    def decode(self, wire: AttributeValue, depth: int = 1) -> object:
        """Make the model of its root."""
        try:
            return self.validator.validate_python(
                self.inner.decode(wire, depth), by_name=True, by_alias=False
            )
        except ValidationError as error:
            raise DecodeError.of(problems_of(error, self.inner)) from None

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give the part of the root."""
        return self.inner.child(step)


@dataclass(slots=True)
class StructNode(Node):
    """
    A value with named fields.

    It is made first and filled by `define`, so that the fields can refer to it.
    """

    kind: type
    rank: int = 3
    tags: frozenset[str] = frozenset({"M"})
    shape: Shape = field(init=False)
    fields: Mapping[str, FieldPlan] = field(init=False)
    by_attribute: Mapping[str, FieldPlan] = field(init=False)
    extra: Extra = field(init=False)
    reserved: frozenset[str] = field(init=False)
    literals: tuple[FieldPlan, ...] = field(init=False)
    _absent: tuple[FieldPlan, ...] = field(init=False)

    def define(
        self,
        shape: Shape,
        fields: Mapping[str, FieldPlan],
        extra: Extra,
        reserved: frozenset[str] = frozenset(),
    ) -> None:
        """Fill in what the type declares; `reserved` attributes are written by others and not read."""
        self.reserved = reserved
        self.shape = shape
        self.fields = fields
        self.by_attribute = {plan.attribute: plan for plan in fields.values()}
        self.extra = extra
        self.literals = tuple(plan for plan in fields.values() if plan.node.rank == 0 and not plan.computed)
        self._absent = tuple(plan for plan in fields.values() if plan.absent is not None)

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the fields as a map."""
        if type(value) is not self.kind:
            raise wrong_type(self.kind.__name__, value, path)
        check_depth(path)
        return {"M": self.write(value, path)}

    def decode(self, wire: AttributeValue, depth: int = 1) -> object:
        """Make a value of a map."""
        check_stored_depth(depth)
        return self.read(content_of(wire, "M", dict), depth + 1)

    def write(self, value: object, path: Path) -> WireItem:
        """Encode the fields of a value."""
        try:
            values, extras = self.shape.take_apart(value)
        except InvalidValueError as error:
            raise refusal(error.message, path) from None
        except (PydanticSerializationError, RecursionError):
            raise refusal("its serializer failed", path) from None
        wire: WireItem = {}
        for name, plan in self.fields.items():
            try:
                held = values[name]
            except KeyError:
                if plan.required:
                    raise refusal("has no value", (*path, name)) from None
                continue
            if not plan.omits(held):
                wire[plan.attribute] = plan.writer.encode(held, (*path, name))
        if extras:
            self._write_extras(wire, extras, path)
        return wire

    def read(self, content: Any, depth: int) -> object:
        """Make a value of stored attributes."""
        values: dict[str, object] = {}
        by_attribute = self.by_attribute
        for attribute, wire in content.items():
            plan = by_attribute.get(attribute)
            if plan is None:
                self._read_extra(values, attribute, wire, depth)
            elif not plan.computed:
                try:
                    values[plan.name] = plan.node.decode(wire, depth)
                except DecodeError as error:
                    raise error.under(plan.name) from None
        for plan in self._absent:
            if plan.name not in values and plan.absent is not None:
                values[plan.name] = plan.absent()
        try:
            return self.shape.build(values)
        except ValidationError as error:
            raise DecodeError.of(problems_of(error, self)) from None

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give a field by its name in Python."""
        if isinstance(step, str):
            if step in self.fields:
                plan = self.fields[step]
                return plan.attribute, plan.node
            if self.extra == "allow":
                return step, DYNAMIC
        raise LookupError(step)

    def fit(self, content: Mapping[str, AttributeValue]) -> tuple[int, int] | None:
        """Say how many attributes it does not know, and less those it knows; `None` if a literal differs."""
        for plan in self.literals:
            wire = content.get(plan.attribute)
            try:
                if wire is not None:
                    plan.node.decode(wire)
            except DecodeError:
                return None
        known = sum(attribute in self.by_attribute for attribute in content)
        return len(content) - known, -known

    def _write_extras(self, wire: WireItem, extras: Mapping[str, object], path: Path) -> None:
        if isinstance(self.shape, TypedDictShape):
            raise refusal("holds a key that its TypedDict does not declare", path)
        node = LOOSE if isinstance(self.shape, SerializedShape) else DYNAMIC
        for name, value in extras.items():
            try:
                encode_name(name)
            except InvalidValueError as error:
                raise refusal(f"the name of an extra field: {error.message}", path) from None
            if name in self.fields or name in self.by_attribute or name in self.reserved:
                raise refusal("the name of an extra field is that of a declared field or a key", path)
            wire[name] = node.encode(value, (*path, name))

    def _read_extra(self, values: dict[str, object], name: str, wire: AttributeValue, depth: int) -> None:
        serialized = isinstance(self.shape, SerializedShape)
        if name in self.reserved or (self.extra == "ignore" and not serialized):
            return
        if self.extra == "forbid" and not serialized:
            raise DecodeError("extra_forbidden", (name,))
        if name in self.fields:
            raise DecodeError("an unknown attribute has the name of a field", (name,))
        try:
            values[name] = DYNAMIC.decode(wire, depth)
        except DecodeError as error:
            raise error.under(name) from None


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
