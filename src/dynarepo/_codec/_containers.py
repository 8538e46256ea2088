"""Lists, tuples, sets and dicts of declared elements."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dynarepo._codec._dynamic import encode_map, encode_set
from dynarepo._codec._nodes import (
    DecodeError,
    Node,
    check_depth,
    check_stored_depth,
    content_of,
    refusal,
    tag_of,
    wrong_type,
)
from dynarepo._codec._paths import Entry, Path
from dynarepo._codec._sameness import same
from dynarepo._codec._text import encode_name
from dynarepo._wire import AttributeValue

__all__ = ["DictNode", "ListNode", "SetNode", "TupleNode"]


@dataclass(frozen=True, slots=True)
class ListNode(Node):
    """Any number of elements of one type: a list, a variadic tuple or a deque."""

    kind: type[list[Any] | tuple[Any, ...] | deque[Any]]
    element: Node
    rank: int = 5
    tags: frozenset[str] = frozenset({"L"})

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode each element."""
        if not isinstance(value, self.kind) or type(value) is not self.kind:
            raise wrong_type(self.kind.__name__, value, path)
        check_depth(path)
        if getattr(value, "maxlen", None) is not None:
            raise refusal("the bound of a deque would be lost; use one without maxlen", path)
        encode = self.element.encode
        return {"L": [encode(each, (*path, index)) for index, each in enumerate(value)]}

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Decode each element."""
        check_stored_depth(depth)
        elements: Any = content_of(wire, "L", list)
        decoded = _decode_all(((self.element, each) for each in elements), depth)
        return decoded if self.kind is list else self.kind(decoded)

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give an element."""
        return _index(step), self.element


@dataclass(frozen=True, slots=True)
class TupleNode(Node):
    """Elements that each have a type of their own: a fixed tuple or a named tuple."""

    kind: type[tuple[Any, ...]]
    elements: tuple[Node, ...]
    build: Callable[[Iterable[object]], object]
    rank: int = 4
    tags: frozenset[str] = frozenset({"L"})

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode each element by its own rule."""
        if not isinstance(value, tuple) or type(value) is not self.kind:
            raise wrong_type(self.kind.__name__, value, path)
        check_depth(path)
        if len(value) != len(self.elements):
            raise refusal(f"is declared with {len(self.elements)} elements, but holds {len(value)}", path)
        return {
            "L": [
                node.encode(each, (*path, index))
                for index, (node, each) in enumerate(zip(self.elements, value, strict=True))
            ]
        }

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Decode each element by its own rule."""
        check_stored_depth(depth)
        content: Any = content_of(wire, "L", list)
        if len(content) != len(self.elements):
            raise DecodeError(f"not {len(self.elements)} elements")
        return self.build(_decode_all(zip(self.elements, content, strict=True), depth))

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give an element."""
        index = _index(step)
        return index, self.elements[index]


@dataclass(frozen=True, slots=True)
class SetNode(Node):
    """A set or frozenset, stored as a DynamoDB set."""

    kind: type[set[Any] | frozenset[Any]]
    element: Node
    rank: int
    tags: frozenset[str]

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode the elements in the order of their text."""
        if not isinstance(value, self.kind) or type(value) is not self.kind:
            raise wrong_type(self.kind.__name__, value, path)
        return encode_set(value, self.element.encode, path)

    def decode(self, wire: AttributeValue, _depth: int = 1, /) -> object:
        """Decode the elements."""
        tag = tag_of(wire)
        if tag not in self.tags:
            raise DecodeError(f"stored as {tag}, not as a set of the declared type")
        elements: Any = content_of(wire, tag, list)
        decode = self.element.decode
        return self.kind([decode({tag[0]: each}) for each in elements])


@dataclass(frozen=True, slots=True)
class DictNode(Node):
    """A dict. Keys that are not text are stored as their text."""

    key: Node
    plain: bool
    element: Node
    rank: int = 9
    tags: frozenset[str] = frozenset({"M"})

    def encode(self, value: object, path: Path) -> AttributeValue:
        """Encode each entry."""
        if not isinstance(value, dict) or type(value) is not dict:
            raise wrong_type("dict", value, path)
        check_depth(path)
        if self.plain:
            return {"M": encode_map(value, str, _plain_key, self.element.encode, path)}
        return {"M": encode_map(value, object, self._key_text, self.element.encode, path)}

    def decode(self, wire: AttributeValue, depth: int = 1, /) -> object:
        """Decode each entry."""
        check_stored_depth(depth)
        content: Any = content_of(wire, "M", dict)
        decoded: dict[object, object] = {}
        for ordinal, (name, element) in enumerate(content.items()):
            try:
                key = name if self.plain else self._read_key(name)
                decoded[key] = self.element.decode(element, depth + 1)
            except DecodeError as error:
                raise error.under(Entry(ordinal)) from None
        return decoded

    def child(self, step: str | int) -> tuple[str | int, Node]:
        """Give the value of an entry; the key is given as it is declared, or as its text."""
        if self.plain:
            return str(step), self.element
        try:
            return self._key_text(step, ()), self.element
        except ValueError:
            return str(step), self.element

    def _key_text(self, key: object, path: Path) -> str:
        ((_, text),) = self.key.encode(key, path).items()
        if not same(self._read_key(text), key):
            raise refusal("its key would come back as another type; declare one type of keys", path)
        return encode_name(text)

    def _read_key(self, text: str) -> object:
        for tag in sorted(self.key.tags):
            try:
                return self.key.decode({tag: text})
            except DecodeError:
                continue
        raise DecodeError("its key is not of the declared type")


def _index(step: str | int) -> int:
    if type(step) is not int or step < 0:
        raise LookupError(step)
    return step


def _plain_key(key: str, _: Path) -> str:
    return encode_name(key)


def _decode_all(pairs: Iterable[tuple[Node, AttributeValue]], depth: int) -> list[object]:
    decoded: list[object] = []
    for index, (node, wire) in enumerate(pairs):
        try:
            decoded.append(node.decode(wire, depth + 1))
        except DecodeError as error:
            raise error.under(index) from None
    return decoded
