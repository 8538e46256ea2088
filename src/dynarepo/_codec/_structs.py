"""
Values with named fields, stored as maps: models, dataclasses and TypedDicts.

Instances are read attribute by attribute, which is what Pydantic's own dump does where no
serializer is declared. They are made again by Pydantic's validation, from the inside outwards, so
that strict models work and each model's validators run once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import RootModel, ValidationError
from pydantic_core import PydanticSerializationError, SchemaValidator

from dynarepo._codec._dynamic import DYNAMIC, LOOSE
from dynarepo._codec._fields import FieldPlan
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
from dynarepo._codec._shapes import InstanceShape, SerializedShape, Shape, TypedDictShape
from dynarepo._codec._text import encode_name
from dynarepo._codec._validation import problems_of
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidValueError

__all__ = ["Extra", "RootNode", "StructNode"]

Extra: TypeAlias = Literal["ignore", "allow", "forbid"]


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

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
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
    _absent: Mapping[str, Callable[[], object]] = field(init=False)

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
        self._absent = {name: plan.absent for name, plan in fields.items() if plan.absent is not None}

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the fields as a map."""
        if type(value) is not self.kind:
            raise wrong_type(self.kind.__name__, value, path)
        check_depth(path)
        return {"M": self.write(value, path)}

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
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
        if isinstance(self.shape, InstanceShape) and self.shape.has_dict and not self.shape.serialized:
            self._check(values, extras, wire, path)
        return wire

    def _check(
        self, values: Mapping[str, object], extras: Mapping[str, object], wire: WireItem, path: Path
    ) -> None:
        """Refuse what the model would not take when it is read: a changed copy was never validated."""
        try:
            given = {name: values[name] for name, plan in self.fields.items() if not plan.computed}
            self.shape.build({**extras, **given})
        except Exception:  # noqa: BLE001 - a validator may expect what a serializer gives
            self._check_stored(wire, path)

    def _check_stored(self, wire: WireItem, path: Path) -> None:
        try:
            self.read(wire, len(path) + 1)
        except DecodeError as error:
            problems = error.problems
        except Exception:  # noqa: BLE001 - a validator that fails so says nothing about the value
            return
        else:
            return
        reasons = ", ".join(dict.fromkeys(reason for _, reason in problems))
        raise refusal(
            f"breaks a rule of {self.kind.__name__} ({reasons})", (*path, *problems[0][0])
        ) from None

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
        for name, make in self._absent.items():
            if name not in values:
                values[name] = make()
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
