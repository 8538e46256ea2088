"""
Writers: functions that are generated for one model and encode its instances.

They are to `StructNode.write` what readers are to `StructNode.read`: straight code that is right about all
that it takes, and gives up, by whatever exception, where a value is unusual or could not be read back. Then
the nodes encode the instance again, and their result or error counts.

Like the nodes, a writer has the model validate what it wrote, because a changed copy was never validated;
but not where the types, which it looks at anyway, say as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Final, TypeAlias, cast

from msgspec import to_builtins

from dynarepo._codec._containers import DictNode, ListNode, SetNode
from dynarepo._codec._enums import EnumNode, LiteralNode
from dynarepo._codec._fields import FieldPlan
from dynarepo._codec._generated_code import StructureSource, ValueWriter, give_up
from dynarepo._codec._nodes import Node
from dynarepo._codec._numbers import encode_int
from dynarepo._codec._scalars import BOOL, OptionalNode, ScalarNode
from dynarepo._codec._shapes import InstanceShape
from dynarepo._codec._structs import StructNode
from dynarepo._codec._text import encode_name, encode_text
from dynarepo._codec._times import write_datetime
from dynarepo._codec._unconstrained import takes_all_of_its_types
from dynarepo._limits import MAX_DEPTH
from dynarepo._wire import WireItem

__all__ = ["Writer", "generate_writer"]

#: Encodes an instance that stands at a depth; any exception says that the nodes have to do it.
Writer: TypeAlias = Callable[[Any, int], WireItem]

#: Well below the number of digits that DynamoDB keeps.
_PLAIN_INT: Final = 10**18
_TEXT_TAGS: Final = (frozenset({"S"}), frozenset({"N"}))
#: Paths of every length, as a node that is called looks at no more of a path unless it refuses.
_PLACES: Final = [("",) * length for length in range(MAX_DEPTH + 2)]


def generate_writer(node: StructNode) -> Writer:
    """Generate the writer of a model; where serializers decide what is stored, it gives up at once."""
    return _WriterSource().compile(node) if _is_plain(node) else give_up


class _WriterSource(StructureSource):
    """Writes the lines that check and encode values."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: Mapping[type[Node], ValueWriter] = {
            type(BOOL): self._bool,
            ScalarNode: self._scalar,
            OptionalNode: self._optional,
            EnumNode: self._enum,
            LiteralNode: self._literal,
            ListNode: self._list,
            SetNode: self._set,
            DictNode: self._dict,
            StructNode: self._struct,
        }

    def body(self, node: StructNode) -> None:
        """Encode the fields in their order, and validate them where their types do not say enough."""
        code, wire, values = self.code, self.code.name(), self.code.name()
        code.give_up_if("item.__pydantic_extra__")
        code.line(f"{values} = item.__dict__")
        code.line(f"{wire} = {{}}")
        given = []
        for plan in node.fields.values():
            value, name = code.name(), code.bind(plan.name)
            if plan.computed:
                code.line(f"{value} = getattr(item, {name})")
            else:
                code.line(f"{value} = {values}[{name}]")
                given.append(f"{name}: {value}")
            self._field(plan, value, wire)
        if not takes_all_of_its_types(node):
            validate = code.bind(cast("InstanceShape", node.shape).validator.validate_python)
            code.line(f"{validate}({{{', '.join(given)}}}, by_name=True, by_alias=False)")
        code.line(f"return {wire}")

    def call(self, node: Node, name: str, at: int) -> str:
        """Let the node encode."""
        return f"{self.code.bind(node.encode)}({name}, {self.code.bind(_PLACES)}[depth + {at}])"

    def _field(self, plan: FieldPlan, value: str, wire: str) -> None:
        code, target = self.code, f"{wire}[{self.code.bind(plan.attribute)}]"
        node = plan.node
        if plan.omit_empty is not None or plan.exclude_if is not None:
            condition = f"not {code.bind(plan.omits)}({value})"
        elif plan.omit_none:
            condition = f"{value} is not None"
            node = node.inner if isinstance(node, OptionalNode) else node
        else:
            code.line(f"{target} = {self.value(node, value, 1)}")
            return
        with code.block(f"if {condition}"):
            code.line(f"{target} = {self.value(node, value, 1)}")

    def _check_type(self, kind: type, value: str) -> None:
        self.code.give_up_if(f"type({value}) is not {self.code.bind(kind)}")

    def _open(self, kind: type, value: str, at: int) -> None:
        self.nest(at)
        self._check_type(kind, value)

    def _bool(self, _: Node, value: str, _at: int) -> str:
        self._check_type(bool, value)
        return f'{{"BOOL": {value}}}'

    def _scalar(self, node: ScalarNode, value: str, at: int) -> str:
        wire = f'{{"{node.tag}": {self._text(node, value)}}}'
        if node.takes_int:
            kind = self.code.bind(node.kind)
            return f"{wire} if type({value}) is {kind} else {self.call(node, value, at)}"
        self._check_type(node.kind, value)
        return wire

    def _text(self, node: ScalarNode, value: str) -> str:
        write = f"{self.code.bind(node.write)}({value})"
        if node.write is encode_text:
            return f"{value} if {value}.isascii() else {write}"
        if node.write is encode_int:
            return f"str({value}) if {-_PLAIN_INT} < {value} < {_PLAIN_INT} else {write}"
        if node.write is write_datetime:
            is_plain = f"{value}.tzinfo is {self.code.bind(UTC)} and {value}.microsecond"
            return f"{self.code.bind(to_builtins)}({value}) if {is_plain} else {write}"
        return write

    def _optional(self, node: OptionalNode, value: str, at: int) -> str:
        code, wire = self.code, self.code.name()
        with code.block(f"if {value} is None"):
            code.line(f'{wire} = {{"NULL": True}}')
        with code.block("else"):
            code.line(f"{wire} = {self.value(node.inner, value, at)}")
        return wire

    def _enum(self, node: EnumNode, value: str, at: int) -> str | None:
        if node.tags not in _TEXT_TAGS:
            return None
        (tag,) = node.tags
        # By name, because a class of members may have an equality of its own.
        texts = {member.name: node.encode(member, ())[tag] for member in node.kind}
        known = f'{{"{tag}": {self.code.bind(texts)}[{value}._name_]}}'
        return f"{known} if type({value}) is {self.code.bind(node.kind)} else {self.call(node, value, at)}"

    def _literal(self, node: LiteralNode, value: str, _: int) -> str:
        return f"dict({self.code.bind(node.wires)}[type({value}), {value}])"

    def _list(self, node: ListNode, value: str, at: int) -> str | None:
        if node.kind not in {list, tuple}:
            return None
        code, wires, element = self.code, self.code.name(), self.code.name()
        self._open(node.kind, value, at)
        code.line(f"{wires} = []")
        with code.block(f"for {element} in {value}"):
            code.line(f"{wires}.append({self.value(node.element, element, at + 1)})")
        return f'{{"L": {wires}}}'

    def _set(self, node: SetNode, value: str, _: int) -> str | None:
        inner = node.element
        if not isinstance(inner, ScalarNode):
            return None
        code, texts, element = self.code, self.code.name(), self.code.name()
        self._check_type(node.kind, value)
        code.line(f"{texts} = []")
        with code.block(f"for {element} in {value}"):
            self._check_type(inner.kind, element)
            code.line(f"{texts}.append({self._text(inner, element)})")
        code.give_up_if(f"not {texts} or len(set({texts})) != len({texts})")
        return f'{{"{inner.tag}S": sorted({texts})}}'

    def _dict(self, node: DictNode, value: str, at: int) -> str | None:
        if not node.plain:
            return None
        code, wires, key, element = (self.code, *(self.code.name() for _ in range(3)))
        self._open(dict, value, at)
        code.line(f"{wires} = {{}}")
        with code.block(f"for {key}, {element} in {value}.items()"):
            self._check_type(str, key)
            name = f"{code.bind(encode_name)}({key})"
            code.line(f"{wires}[{name}] = {self.value(node.element, element, at + 1)}")
        return f'{{"M": {wires}}}'

    def _struct(self, node: StructNode, value: str, at: int) -> str | None:
        if not _is_plain(node):
            return None
        self._open(node.kind, value, at)
        return f'{{"M": {self.function(node)}({value}, depth + {at})}}'


def _is_plain(node: StructNode) -> bool:
    """Tell whether it is a model whose fields are stored as they stand in the instance."""
    shape = node.shape
    return isinstance(shape, InstanceShape) and shape.has_dict and not shape.serialized
