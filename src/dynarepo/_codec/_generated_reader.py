"""
Readers: functions that are generated for one model and make instances of stored items.

A tree of nodes decodes everything, and says exactly what is wrong with what it cannot decode, at the price of
several calls for each attribute. Nearly all items are in order and of ordinary types, and for these a reader
does the same in two steps. First msgspec parses the text of the item into structures that are made for the
model, which checks how each attribute is stored, and passes over all others. Then one function of straight
code takes the structures apart. For a model of `name: str` and `size: int = 0` with a validator they are

    class Item(Struct):            # f0 and f1 have the stored names of the fields
        f0: S                      # class S(Struct): S: str
        f1: N = UNSET              # class N(Struct): N: str

    def v1(item, depth):
        if depth >= c1: raise GiveUpError
        item = c6(item) if type(item) is c7 else c8(item, c9)
        v2 = {c2: item.f0.S}
        v3 = item.f1
        if v3 is not UNSET:
            v4 = v3.N
            v5 = int(v4) if len(v4) < 19 and v4.isascii() and v4.isdigit() else c4(v4)
            v2[c3] = v5
        return c5(v2, by_name=True, by_alias=False)

where `c2` and `c3` are the names of the fields in Python, `c4` is `decode_int`, `c5` the validation of the
model, `c1` the depth from which on DynamoDB nests no deeper, `c6` parses text, of the type `c7`, into an
`Item`, which is `c9`, and `c8` is msgspec's `convert`, for an item that is parsed already. Of a model without
rules beside its types, the function makes the instance itself, as Pydantic would (`_unconstrained`).

A reader is right about all that it takes, and gives up, by whatever exception, where anything is unusual: an
attribute of another type, odd text of a number, a nested model that does not validate. Then the nodes decode
the item again, and their result or error counts. So there is one place that knows the errors, and what
follows is the short list of what is unrolled; every other node is called as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from types import GenericAlias
from typing import Any, Final, Literal, TypeAlias

from msgspec import convert
from msgspec.json import Decoder

from dynarepo._codec._containers import DictNode, ListNode, SetNode, TupleNode
from dynarepo._codec._enums import EnumNode, LiteralNode
from dynarepo._codec._fields import FieldPlan, FieldSerializerNode
from dynarepo._codec._generated_code import StructureSource, ValueWriter, give_up
from dynarepo._codec._nodes import Node
from dynarepo._codec._numbers import decode_decimal, decode_int, encode_number, is_short_number
from dynarepo._codec._opaque import JsonNode
from dynarepo._codec._parts import contains_itself
from dynarepo._codec._scalars import BOOL, OptionalNode, ScalarNode
from dynarepo._codec._shapes import InstanceShape, SerializedShape
from dynarepo._codec._stored_types import Kind, Stored, StoredAttribute, can_be_named, structure_of
from dynarepo._codec._structs import StructNode
from dynarepo._codec._times import read_datetime
from dynarepo._codec._unconstrained import PARTS, defaults_to_fill_in
from dynarepo._codec._unions import ProvedNode, UnionNode
from dynarepo._item_text import ItemText, StoredItem

__all__ = ["Reader", "generate_reader"]

#: Makes an instance of an item at a depth; any exception says that the nodes have to do it.
Reader: TypeAlias = Callable[[StoredItem, int], object]

_TEXT_TAGS: Final = (frozenset({"S"}), frozenset({"N"}))
#: Fields, and whether items always have them.
_Plans: TypeAlias = list[tuple[FieldPlan, bool]]
#: Stands for a stored form that no member of an enumeration and no literal has.
_MISSING: Final = object()


def generate_reader(node: StructNode, mark: tuple[str, str] | None = None) -> Reader:
    """
    Generate the reader of a model; where a serializer of the model's decides, it gives up at once.

    Args:
        node: The structure of the model.
        mark: An attribute and the text without which an item is none of the model's.
    """
    names = node.reserved.union(node.by_attribute, () if mark is None else mark[:1])
    if isinstance(node.shape, SerializedShape) or not can_be_named(names):
        return give_up
    return _ReaderSource(node, mark).compile(node)


class _ReaderSource(StructureSource):
    """Writes the lines that decode stored values, and says what structures they are parsed into."""

    def __init__(self, model: StructNode, mark: tuple[str, str] | None) -> None:
        super().__init__()
        self._model = model
        self._mark = mark
        self._parse = self.code.bind(None)
        self._kind = self.code.bind(None)
        self._stored: dict[str, Stored] = {}
        self._attributes: dict[int, list[StoredAttribute]] = {}
        self._structures: dict[int, Any] = {}
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
            JsonNode: self._json,
            ProvedNode: self._proved,
            FieldSerializerNode: self._serialized,
        }

    def write(self, node: StructNode) -> str:
        """Write all functions; what parses an item is known when all structures are."""
        name = super().write(node)
        kind = self.structure(node)
        self.code.rebind(self._kind, kind)
        self.code.rebind(self._parse, Decoder(kind).decode)
        return name

    def structure(self, node: StructNode) -> Any:
        """Give the type that the attributes of a structure are parsed into."""
        if id(node) not in self._structures:
            is_closed = node.extra != "ignore"
            self._structures[id(node)] = structure_of(self._attributes[id(node)], is_closed=is_closed)
        return self._structures[id(node)]

    def body(self, node: StructNode) -> None:
        """Make the values of the fields, and the instance of them."""
        code = self.code
        if node is self._model:
            is_text = f"type(item) is {code.bind(ItemText)}"
            code.line(
                f"item = {self._parse}(item) if {is_text} else {code.bind(convert)}(item, {self._kind})"
            )
        attributes = self._attributes[id(node)] = list[StoredAttribute]()
        mark = self._mark if node is self._model else None
        plans = [
            (plan, _is_required(node, plan) or plan.attribute == (mark and mark[0]))
            for plan in node.fields.values()
            if not plan.computed
        ]
        defaults = defaults_to_fill_in(node)
        if defaults is None:
            self._validated(node, plans, attributes)
        else:
            self._filled_in(node.kind, plans, attributes, defaults)
        if mark is not None and mark[0] not in node.by_attribute:
            stored = Stored({"S": lambda: Literal[mark[1]]})
            attributes.append(StoredAttribute(mark[0], stored.kind, is_required=True))
        if node.extra != "ignore":
            known = node.reserved.union(node.by_attribute) - {each.name for each in attributes}
            attributes += (StoredAttribute(name, lambda: Any, is_required=False) for name in sorted(known))

    def unrolled(self, node: Node, name: str, at: int) -> str | None:
        """Write the lines for a value; leave no trace where the node has to be called."""
        lines = self.code.lines()
        expression = super().unrolled(node, name, at)
        if expression is None:
            self.code.cut(lines)
        return expression

    def call(self, node: Node, name: str, at: int) -> str:
        """Let the node decode."""
        self._stored_at(name).is_called = True
        value = self.code.name()
        self.code.line(f"{value} = {self.code.bind(node.decode)}({name}, depth + {at})")
        return value

    def _stored_at(self, wire: str) -> Stored:
        return self._stored.setdefault(wire, Stored())

    def _kind_of(self, wire: str) -> Kind:
        return self._stored.pop(wire).kind

    def _validated(self, node: StructNode, plans: _Plans, attributes: list[StoredAttribute]) -> None:
        """Have the values that are there validated."""
        code, values = self.code, self.code.name()
        required = [self._required(plan, attributes) for plan, is_always in plans if is_always]
        code.line(f"{values} = {{{', '.join(required)}}}")
        for plan in (plan for plan, is_always in plans if not is_always):
            target = f"{values}[{code.bind(plan.name)}]"
            with self._if_there(plan, attributes) as value:
                code.line(f"{target} = {value}")
            if plan.absent is not None:
                code.line(f"else: {target} = {code.bind(plan.absent)}()")
        if isinstance(node.shape, InstanceShape):
            validate = code.bind(node.shape.validator.validate_python)
            code.line(f"return {validate}({values}, by_name=True, by_alias=False)")
        else:
            code.line(f"return {values}")

    def _filled_in(
        self, kind: type, plans: _Plans, attributes: list[StoredAttribute], defaults: Mapping[str, object]
    ) -> None:
        """Make the instance that Pydantic would make of the values that are there, and of defaults."""
        code, given, made = self.code, self.code.name(), self.code.name()
        code.line(f"{given} = {code.bind({plan.name for plan, _ in plans})}.copy()")
        pairs = []
        for plan, is_always in plans:
            if is_always:
                pairs.append(self._required(plan, attributes))
                continue
            filled, name = code.name(), code.bind(plan.name)
            with self._if_there(plan, attributes) as value:
                code.line(f"{filled} = {value}")
            if plan.absent is not None:
                code.line(f"else: {filled} = {code.bind(plan.absent)}()")
            else:
                code.line(f"else: {filled} = {code.bind(defaults[plan.name])}; {given}.discard({name})")
            pairs.append(f"{name}: {filled}")
        code.line(f"{made} = {code.bind(object.__new__)}({code.bind(kind)})")
        parts = (f"{{{', '.join(pairs)}}}", given, None, None)
        for set_part, part in zip(PARTS, parts, strict=True):
            code.line(f"{code.bind(set_part)}({made}, {part})")
        code.line(f"return {made}")

    def _required(self, plan: FieldPlan, attributes: list[StoredAttribute]) -> str:
        wire = f"item.f{len(attributes)}"
        value = self.value(plan.node, wire, 0)
        attributes.append(StoredAttribute(plan.attribute, self._kind_of(wire), is_required=True))
        return f"{self.code.bind(plan.name)}: {value}"

    @contextmanager
    def _if_there(self, plan: FieldPlan, attributes: list[StoredAttribute]) -> Iterator[str]:
        """Write what is done where an attribute is there; give its value."""
        wire = self._named(f"item.f{len(attributes)}")
        with self.code.block(f"if {wire} is not UNSET"):
            yield self.value(plan.node, wire, 0)
        attributes.append(StoredAttribute(plan.attribute, self._kind_of(wire), is_required=False))

    def _content(self, wire: str, tag: str, kind: Kind) -> str:
        stored, content = self._stored_at(wire), f"{wire}.{tag}"
        stored.tags[tag] = kind
        if stored.is_choice:
            self.code.give_up_if(f"{content} is UNSET")
        return content

    def _named(self, expression: str) -> str:
        name = self.code.name()
        self.code.line(f"{name} = {expression}")
        return name

    def _opened(self, wire: str, tag: str, kind: Kind, at: int) -> str:
        self.nest(at)
        return self._content(wire, tag, kind)

    def _choice(self, wire: str) -> str:
        """Say that a value may have several tags, and give it a name of its own."""
        stored = self._stored_at(wire)
        stored.is_choice = True
        name = self._named(wire)
        self._stored[name] = stored
        return name

    def _bool(self, _: Node, wire: str, _at: int) -> str:
        return self._content(wire, "BOOL", lambda: bool)

    def _json(self, _: JsonNode, wire: str, _at: int) -> str:
        return self._content(wire, "S", lambda: str)

    def _scalar(self, node: ScalarNode, wire: str, _: int) -> str:
        return self._text(node, self._content(wire, node.tag, lambda: str))

    def _text(self, node: ScalarNode, text: str) -> str:
        if node.read is str:
            return text
        code, read = self.code, self.code.bind(node.read)
        if node.read is decode_int:
            text = self._named(text)
            is_plain = f"len({text}) < 19 and {text}.isascii() and {text}.isdigit()"
            return self._named(f"int({text}) if {is_plain} else {read}({text})")
        if node.read is read_datetime:
            value = self._named(f"{code.bind(datetime.fromisoformat)}({text})")
            code.line(f"if {value}.tzinfo is not {code.bind(UTC)}: {value} = {read}({text})")
            return value
        if node.read is decode_decimal:
            text = self._named(text)
            plain, zero = f"{code.bind(is_short_number)}({text})", code.bind(Decimal(0))
            return self._named(f"{code.bind(Decimal)}({text}) or {zero} if {plain} else {read}({text})")
        return self._named(f"{read}({text})")

    def _optional(self, node: OptionalNode, wire: str, at: int) -> str | None:
        code, value = self.code, self.code.name()
        wire = self._choice(wire)
        with code.block(f"if {wire}.NULL is UNSET"):
            inner = self.unrolled(node.inner, wire, at)
            if inner is None:
                return None
            code.line(f"{value} = {inner}")
        others = [f"{wire}.{tag} is not UNSET" for tag in self._stored[wire].tags if tag != "NULL"]
        with code.block("else"):
            null = self._content(wire, "NULL", lambda: bool)
            code.give_up_if(" or ".join([f"not {null}", *others]))
            code.line(f"{value} = None")
        return value

    def _enum(self, node: EnumNode, wire: str, _: int) -> str | None:
        return self._listed(node, node.members, wire)

    def _literal(self, node: LiteralNode, wire: str, _: int) -> str | None:
        return self._listed(node, node.values, wire)

    def _listed(self, node: Node, values: Mapping[Any, object], wire: str) -> str | None:
        if node.tags not in _TEXT_TAGS:
            return None
        (tag,) = node.tags
        texts = {
            content if tag == "S" else encode_number(content): each for (_, content), each in values.items()
        }
        code, missing = self.code, self.code.bind(_MISSING)
        text = self._content(wire, tag, lambda: str)
        value = self._named(f"{code.bind(texts)}.get({text}, {missing})")
        with code.block(f"if {value} is {missing}"):
            code.line(f"{value} = {code.bind(node.decode)}({{{tag!r}: {text}}})")
        return value

    def _list(self, node: ListNode, wire: str, at: int) -> str:
        code, values, element = self.code, self.code.name(), self.code.name()
        elements = self._opened(wire, "L", lambda: list[kind()], at)  # type: ignore[misc]
        code.line(f"{values} = []")
        with code.block(f"for {element} in {elements}"):
            code.line(f"{values}.append({self.value(node.element, element, at + 1)})")
        kind = self._kind_of(element)
        return self._made(node.kind, values)

    def _tuple(self, node: TupleNode, wire: str, at: int) -> str:
        elements = self._opened(wire, "L", lambda: GenericAlias(tuple, tuple(kind() for kind in kinds)), at)
        wires = [f"{elements}[{index}]" for index in range(len(node.elements))]
        values = [self.value(inner, each, at + 1) for inner, each in zip(node.elements, wires, strict=True)]
        kinds = [self._kind_of(each) for each in wires]
        return self._named(f"{self.code.bind(node.build)}([{', '.join(values)}])")

    def _set(self, node: SetNode, wire: str, _: int) -> str | None:
        element = node.element
        if not isinstance(element, ScalarNode):
            return None
        code, values, text = self.code, self.code.name(), self.code.name()
        elements = self._content(wire, f"{element.tag}S", lambda: list[str])
        code.line(f"{values} = []")
        with code.block(f"for {text} in {elements}"):
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
        entries = self._opened(wire, "M", lambda: dict[str, kind()], at)  # type: ignore[misc]
        code.line(f"{values} = {{}}")
        with code.block(f"for {key}, {element} in {entries}.items()"):
            code.line(f"{values}[{key}] = {self.value(node.element, element, at + 1)}")
        kind = self._kind_of(element)
        return values

    def _struct(self, node: StructNode, wire: str, at: int) -> str | None:
        if contains_itself(node) or not can_be_named(node.reserved.union(node.by_attribute)):
            return None
        content = self._opened(wire, "M", lambda: self.structure(node), at)
        return self._named(f"{self.function(node)}({content}, depth + {at + 1})")

    def _union(self, node: UnionNode, wire: str, at: int) -> str | None:
        if node.discriminator is not None or any(len(members) > 1 for members in node.by_tag.values()):
            return None
        code, value = self.code, self.code.name()
        wire = self._choice(wire)
        present = [f"({wire}.{tag} is not UNSET)" for tag in node.by_tag]
        code.give_up_if(f"{' + '.join(present)} != 1")
        for tag, (member,) in node.by_tag.items():
            with code.block(f"if {wire}.{tag} is not UNSET"):
                inner = self.unrolled(member.node, wire, at)
                if inner is None:
                    return None
                code.line(f"{value} = {inner}")
        return value

    def _proved(self, node: ProvedNode, wire: str, at: int) -> str | None:
        return self.unrolled(node.inner, wire, at)

    def _serialized(self, node: FieldSerializerNode, wire: str, at: int) -> str | None:
        return self.unrolled(node.output, wire, at)


def _is_required(node: StructNode, plan: FieldPlan) -> bool:
    """Tell whether items nearly always have the attribute; where one has not, the reader gives up."""
    info = getattr(node.kind, "__pydantic_fields__", {}).get(plan.name)
    return plan.absent is None and info is not None and bool(info.is_required())
