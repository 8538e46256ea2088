"""Conditions meet the model: stored names for fields, and values encoded as the field stores them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Final

from pydantic import BaseModel

from dynarepo._codec._dynamic import encode_dynamic
from dynarepo._codec._keys import encode_any_number, encode_comparable, is_number
from dynarepo._codec._plan import Node
from dynarepo._codec._source import Source
from dynarepo._codec._text import encode_name
from dynarepo._expressions import BeginsWith, Between, Comparison, Condition, Contains, In, Path, show_path
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidRequestError, InvalidValueError

__all__ = ["ModelResolver"]

_ORDERED: Final = frozenset({"S", "N", "B"})
_COLLECTIONS: Final = frozenset({"L", "SS", "NS", "BS"})
_SET_ELEMENTS: Final[Mapping[str, str]] = {"SS": "S", "NS": "N", "BS": "B"}
_ORDER_COMPARATORS: Final = frozenset({"<", "<=", ">", ">="})


class ModelResolver:
    """
    Resolves the fields of conditions on one model or union.

    Args:
        source: What is read or written.
        refused: Says of a stored name why the expression may not use it; `None` where it may.
    """

    def __init__(self, source: Source[BaseModel], refused: Callable[[str], str | None] | None = None) -> None:
        self._source = source
        self._refused = refused

    def stored_path(self, path: Path) -> Path:
        """Give attribute names for field names."""
        stored, _ = self._source.resolve(path)
        reason = None if self._refused is None else self._refused(str(stored[0]))
        if reason is not None:
            raise InvalidRequestError(f"{show_path(path)}: {reason}")
        for step in stored:
            if isinstance(step, str):
                try:
                    encode_name(step)
                except InvalidValueError as error:
                    raise InvalidRequestError(f"a step of the path is no name: {error.message}") from None
        return stored

    def check_fields(self, condition: Condition, path: Path, other: Path) -> None:
        """Refuse to compare a field with itself, or with one that never holds a value of the same type."""
        where = f"{show_path(path)} and {show_path(other)}"
        if path == other:
            raise InvalidRequestError(f"{where}: a field cannot be compared with itself")
        tags = self._source.resolve(path)[1].tags & self._source.resolve(other)[1].tags
        if not tags & (_ORDERED if _is_order(condition) else tags - {"NULL"}):
            raise InvalidRequestError(f"{where}: the fields cannot be compared, their types differ")

    def operand(self, condition: Condition, path: Path, value: object) -> AttributeValue:
        """Encode a value by the rule of the field, if the condition suits the field."""
        _, node = self._source.resolve(path)
        where = show_path(path)
        if value is None:
            raise InvalidRequestError(f"{where}: compare with None by not_exists() or is_type('NULL')")
        if isinstance(condition, BeginsWith):
            return _prefix(where, node, value)
        if isinstance(condition, Contains):
            return self._element(path, node, value)
        try:
            wire = encode_comparable(node, value, path)
        except InvalidValueError:
            if _is_list_of_values(condition, node, value):
                raise InvalidRequestError(f"{where}: give the values one by one: in_(*values)") from None
            raise
        if _is_order(condition) and not wire.keys() <= _ORDERED:
            raise InvalidRequestError(f"{where}: only text, numbers and binary have an order")
        return wire

    def _element(self, path: Path, node: Node, value: object) -> AttributeValue:
        if _is_part(node, value):
            return encode_dynamic(value, path)
        if node.tags & _SET_ELEMENTS.keys() and isinstance(value, Hashable):
            return _set_element(node, value, path)
        if "L" in node.tags:
            return encode_comparable(self._source.resolve((*path, 0))[1], value, path)
        raise InvalidRequestError(
            f"{show_path(path)}: contains takes a part of a text, or an element of a list or set"
        )


def _is_order(condition: Condition) -> bool:
    return isinstance(condition, Between) or (
        isinstance(condition, Comparison) and condition.comparator in _ORDER_COMPARATORS
    )


def _is_list_of_values(condition: Condition, node: Node, value: object) -> bool:
    """Tell whether `attr(...).in_` was given its values as one, for a field that holds no such thing."""
    if not isinstance(condition, In) or len(condition.operands) > 1 or node.tags & _COLLECTIONS:
        return False
    return isinstance(value, list | tuple | set | frozenset)


def _prefix(where: str, node: Node, value: object) -> AttributeValue:
    if _is_part(node, value):
        return encode_dynamic(value, (where,))
    raise InvalidRequestError(
        f"{where}: begins_with takes text for a text field and bytes for a binary field"
    )


def _is_part(node: Node, value: object) -> bool:
    return ("S" in node.tags and isinstance(value, str)) or ("B" in node.tags and isinstance(value, bytes))


def _set_element(node: Node, value: Hashable, path: Path) -> AttributeValue:
    if "NS" in node.tags and is_number(value):
        return encode_any_number(value, path)
    # A set of one goes through the field's own rule, so that an element is encoded as it is stored.
    try:
        wire = node.encode({value}, path)
    except InvalidValueError:
        wire = node.encode(frozenset((value,)), path)
    ((tag, content),) = wire.items()
    return {_SET_ELEMENTS[tag]: content[0]}
