"""One field of a structure: how it is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from dynarepo._codec._nodes import Node, refusal
from dynarepo._codec._paths import Path
from dynarepo._codec._scalars import OptionalNode
from dynarepo._wire import AttributeValue

__all__ = ["FieldPlan", "FieldSerializerNode", "Role"]

Role: TypeAlias = Literal["value", "key", "ttl"]


class FieldSerializerNode(Node):
    """A field with a serializer method; for a value alone, an empty instance stands in for `self`."""

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

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
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
