"""
Readers: functions that are generated for one model and make instances of stored items.

A tree of nodes decodes everything, and says exactly what is wrong with what it cannot decode, at the price of
several calls for each attribute. Nearly all items are in order and of ordinary types, and for these a reader
does the same in one function of straight code. For a model of `name: str` and `size: int = 0` it is

    def v1(item, depth):
        if depth >= c1: raise GiveUpError
        v3 = item[c2]
        if len(v3) != 1 or type(v4 := v3["S"]) is not str: raise GiveUpError
        v2 = {c3: v4}
        v5 = item.get(c4)
        if v5 is not None:
            if len(v5) != 1 or type(v6 := v5["N"]) is not str: raise GiveUpError
            v7 = int(v6) if len(v6) < 19 and v6.isascii() and v6.isdigit() else c6(v6)
            v2[c5] = v7
        elif c4 in item: raise GiveUpError
        return c7(v2, by_name=True, by_alias=False)

where `c2` and `c4` are the stored names of the fields, `c3` and `c5` their names in Python, `c6` is
`decode_int`, `c7` the validation of the model, and `c1` the depth from which on DynamoDB nests no deeper.

A reader is right about all that it takes, and gives up, by whatever exception, where anything is unusual: an
attribute of another type, odd text of a number, a nested model that does not validate. Then the nodes decode
the item again, from its beginning, and their result or error counts. So there is one place that knows the
errors, and what follows is the short list of what is unrolled; every other node is called as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from dynarepo._codec._containers import DictNode, ListNode, SetNode, TupleNode
from dynarepo._codec._dynamic import DynamicNode, decode_dynamic
from dynarepo._codec._enums import EnumNode, LiteralNode
from dynarepo._codec._fields import FieldPlan, FieldSerializerNode
from dynarepo._codec._generated_code import StructureSource, ValueWriter, give_up
from dynarepo._codec._nodes import Node
from dynarepo._codec._numbers import decode_int, encode_number
from dynarepo._codec._opaque import JsonNode
from dynarepo._codec._scalars import BOOL, OptionalNode, ScalarNode
from dynarepo._codec._shapes import InstanceShape, SerializedShape
from dynarepo._codec._structs import StructNode
from dynarepo._codec._times import read_datetime
from dynarepo._codec._unions import ProvedNode, UnionNode
from dynarepo._wire import WireItem

__all__ = ["Reader", "generate_reader"]

#: Makes an instance of an item at a depth; any exception says that the nodes have to do it.
Reader: TypeAlias = Callable[[WireItem, int], object]

_TEXT_TAGS: Final = (frozenset({"S"}), frozenset({"N"}))
#: Stands for a stored form that no member of an enumeration and no literal has.
_MISSING: Final = object()


def generate_reader(node: StructNode) -> Reader:
    """Generate the reader of a model; where a serializer of the model's decides, it gives up at once."""
    return give_up if isinstance(node.shape, SerializedShape) else _ReaderSource().compile(node)


class _ReaderSource(StructureSource):
    """Writes the lines that decode stored values."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: Mapping[type[Node], ValueWriter] = {
            type(BOOL): self._bool,
            ScalarNode: self._scalar,
            OptionalNode: self._optional,
            EnumNode: self._enum,
            LiteralNode: self._literal,
            ListNode: self._list,
            TupleNode: self._tuple,
            SetNode: self._set,
            DictNode: self._dict,
            StructNode: self._struct,
            UnionNode: self._union,
            DynamicNode: self._dynamic,
            JsonNode: self._json,
            ProvedNode: self._proved,
            FieldSerializerNode: self._serialized,
        }

    def body(self, node: StructNode) -> None:
        """Make the values of the fields, and the instance of them."""
        code, values = self.code, self.code.name()
        plans = [plan for plan in node.fields.values() if not plan.computed]
        if node.extra != "ignore":
            known = code.bind(node.reserved.union(node.by_attribute))
            code.give_up_if(f"not {known}.issuperset(item)")
        required = [self._required(plan) for plan in plans if _is_required(node, plan)]
        code.line(f"{values} = {{{', '.join(required)}}}")
        for plan in plans:
            if not _is_required(node, plan):
                self._possible(plan, values)
        if isinstance(node.shape, InstanceShape):
            validate = code.bind(node.shape.validator.validate_python)
            code.line(f"return {validate}({values}, by_name=True, by_alias=False)")
        else:
            code.line(f"return {values}")

    def call(self, node: Node, name: str, at: int) -> str:
        """Let the node decode."""
        return self._called(node.decode, name, at)

    def _required(self, plan: FieldPlan) -> str:
        code, wire = self.code, self.code.name()
        code.line(f"{wire} = item[{code.bind(plan.attribute)}]")
        return f"{code.bind(plan.name)}: {self.value(plan.node, wire, 0)}"

    def _possible(self, plan: FieldPlan, values: str) -> None:
        code, wire = self.code, self.code.name()
        attribute, name = code.bind(plan.attribute), code.bind(plan.name)
        code.line(f"{wire} = item.get({attribute})")
        with code.block(f"if {wire} is not None"):
            code.line(f"{values}[{name}] = {self.value(plan.node, wire, 0)}")
        code.line(f"elif {attribute} in item: raise GiveUpError")
        if plan.absent is not None:
            code.line(f"else: {values}[{name}] = {code.bind(plan.absent)}()")

    def _called(self, decode: Callable[..., object], wire: str, at: int) -> str:
        value = self.code.name()
        self.code.line(f"{value} = {self.code.bind(decode)}({wire}, depth + {at})")
        return value

    def _content(self, wire: str, tag: str, kind: str) -> str:
        # Nothing else in a reply can be asked for a tag: what is no dict raises.
        content = self.code.name()
        self.code.give_up_if(f'len({wire}) != 1 or type({content} := {wire}["{tag}"]) is not {kind}')
        return content

    def _opened(self, wire: str, tag: str, kind: str, at: int) -> str:
        self.nest(at)
        return self._content(wire, tag, kind)

    def _bool(self, _: Node, wire: str, _at: int) -> str:
        return self._content(wire, "BOOL", "bool")

    def _json(self, _: JsonNode, wire: str, _at: int) -> str:
        return self._content(wire, "S", "str")

    def _scalar(self, node: ScalarNode, wire: str, _: int) -> str:
        return self._text(node, self._content(wire, node.tag, "str"))

    def _text(self, node: ScalarNode, text: str) -> str:
        if node.read is str:
            return text
        code, value, read = self.code, self.code.name(), self.code.bind(node.read)
        if node.read is decode_int:
            is_plain = f"len({text}) < 19 and {text}.isascii() and {text}.isdigit()"
            code.line(f"{value} = int({text}) if {is_plain} else {read}({text})")
        elif node.read is read_datetime:
            code.line(f"{value} = {code.bind(datetime.fromisoformat)}({text})")
            code.line(f"if {value}.tzinfo is not {code.bind(UTC)}: {value} = {read}({text})")
        else:
            code.line(f"{value} = {read}({text})")
        return value

    def _optional(self, node: OptionalNode, wire: str, at: int) -> str:
        code, value = self.code, self.code.name()
        with code.block(f'if "NULL" in {wire}'):
            null = self._content(wire, "NULL", "bool")
            code.give_up_if(f"not {null}")
            code.line(f"{value} = None")
        with code.block("else"):
            code.line(f"{value} = {self.value(node.inner, wire, at)}")
        return value

    def _enum(self, node: EnumNode, wire: str, at: int) -> str | None:
        return self._listed(node, node.members, wire, at)

    def _literal(self, node: LiteralNode, wire: str, at: int) -> str | None:
        return self._listed(node, node.values, wire, at)

    def _listed(self, node: Node, values: Mapping[Any, object], wire: str, at: int) -> str | None:
        if node.tags not in _TEXT_TAGS:
            return None
        (tag,) = node.tags
        texts = {
            content if tag == "S" else encode_number(content): each for (_, content), each in values.items()
        }
        code, value, missing = self.code, self.code.name(), self.code.bind(_MISSING)
        text = self._content(wire, tag, "str")
        code.line(f"{value} = {code.bind(texts)}.get({text}, {missing})")
        with code.block(f"if {value} is {missing}"):
            code.line(f"{value} = {self._called(node.decode, wire, at)}")
        return value

    def _list(self, node: ListNode, wire: str, at: int) -> str:
        code, values, element = self.code, self.code.name(), self.code.name()
        elements = self._opened(wire, "L", "list", at)
        code.line(f"{values} = []")
        with code.block(f"for {element} in {elements}"):
            code.line(f"{values}.append({self.value(node.element, element, at + 1)})")
        return self._made(node.kind, values)

    def _tuple(self, node: TupleNode, wire: str, at: int) -> str:
        code, values = self.code, []
        elements = self._opened(wire, "L", "list", at)
        code.give_up_if(f"len({elements}) != {len(node.elements)}")
        for index, inner in enumerate(node.elements):
            element = code.name()
            code.line(f"{element} = {elements}[{index}]")
            values.append(self.value(inner, element, at + 1))
        value = code.name()
        code.line(f"{value} = {code.bind(node.build)}([{', '.join(values)}])")
        return value

    def _set(self, node: SetNode, wire: str, _: int) -> str | None:
        element = node.element
        if not isinstance(element, ScalarNode):
            return None
        code, values, text = self.code, self.code.name(), self.code.name()
        elements = self._content(wire, f"{element.tag}S", "list")
        code.line(f"{values} = []")
        with code.block(f"for {text} in {elements}"):
            code.give_up_if(f"type({text}) is not str")
            code.line(f"{values}.append({self._text(element, text)})")
        return self._made(node.kind, values)

    def _made(self, kind: type, values: str) -> str:
        if kind is not list:
            self.code.line(f"{values} = {self.code.bind(kind)}({values})")
        return values

    def _dict(self, node: DictNode, wire: str, at: int) -> str | None:
        if not node.plain:
            return None
        code, values, key, element = (self.code, *(self.code.name() for _ in range(3)))
        entries = self._opened(wire, "M", "dict", at)
        code.line(f"{values} = {{}}")
        with code.block(f"for {key}, {element} in {entries}.items()"):
            code.line(f"{values}[{key}] = {self.value(node.element, element, at + 1)}")
        return values

    def _struct(self, node: StructNode, wire: str, at: int) -> str:
        value = self.code.name()
        content = self._opened(wire, "M", "dict", at)
        self.code.line(f"{value} = {self.function(node)}({content}, depth + {at + 1})")
        return value

    def _union(self, node: UnionNode, wire: str, at: int) -> str | None:
        if node.discriminator is not None or any(len(members) > 1 for members in node.by_tag.values()):
            return None
        code, value, word = self.code, self.code.name(), "if"
        for tag, (member,) in node.by_tag.items():
            with code.block(f'{word} "{tag}" in {wire}'):
                code.line(f"{value} = {self.value(member.node, wire, at)}")
            word = "elif"
        code.line("else: raise GiveUpError")
        return value

    def _dynamic(self, _: DynamicNode, wire: str, at: int) -> str:
        return self._called(decode_dynamic, wire, at)

    def _proved(self, node: ProvedNode, wire: str, at: int) -> str:
        return self.value(node.inner, wire, at)

    def _serialized(self, node: FieldSerializerNode, wire: str, at: int) -> str:
        return self.value(node.output, wire, at)


def _is_required(node: StructNode, plan: FieldPlan) -> bool:
    """Tell whether items nearly always have the attribute; where one has not, the reader gives up."""
    info = getattr(node.kind, "__pydantic_fields__", {}).get(plan.name)
    return plan.absent is None and info is not None and bool(info.is_required())
