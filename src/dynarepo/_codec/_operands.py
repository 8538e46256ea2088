"""Conditions meet the model: stored names for fields, and values encoded as the field stores them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from dynarepo._codec._dynamic import encode_dynamic
from dynarepo._codec._entity import Entity
from dynarepo._codec._numbers import encode_number
from dynarepo._codec._plan import Node
from dynarepo._expressions import BeginsWith, Between, Comparison, Condition, Contains, Path, show_path
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidRequestError, InvalidValueError

__all__ = ["ModelResolver"]

T = TypeVar("T", bound=BaseModel)

_ORDERED: Final = frozenset({"S", "N", "B"})
_SET_ELEMENTS: Final[Mapping[str, str]] = {"SS": "S", "NS": "N", "BS": "B"}
_ORDER_COMPARATORS: Final = frozenset({"<", "<=", ">", ">="})


class ModelResolver(Generic[T]):
    """
    Resolves the fields of conditions on one model.

    Args:
        entity: The model.
        forbidden: Stored names that the expression may not use (the keys of the queried table or
            index in a filter), with the reason.
    """

    def __init__(self, entity: Entity[T], forbidden: frozenset[str] = frozenset(), reason: str = "") -> None:
        self._entity = entity
        self._forbidden = forbidden
        self._reason = reason

    def stored_path(self, path: Path) -> Path:
        """Give attribute names for field names."""
        stored, _ = self._entity.plan.resolve(path)
        if stored[0] in self._forbidden:
            raise InvalidRequestError(f"{show_path(path)}: {self._reason}")
        return stored

    def operand(self, condition: Condition, path: Path, value: object) -> AttributeValue:
        """Encode a value by the rule of the field, if the condition suits the field."""
        _, node = self._entity.plan.resolve(path)
        where = show_path(path)
        if value is None:
            raise InvalidRequestError(f"{where}: compare with None by not_exists() or is_type('NULL')")
        if isinstance(condition, BeginsWith):
            return _prefix(where, node, value)
        if isinstance(condition, Contains):
            return self._element(path, node, value)
        wire = encode_operand(node, value, path)
        if _is_order(condition) and not wire.keys() <= _ORDERED:
            raise InvalidRequestError(f"{where}: only text, numbers and binary have an order")
        return wire

    def _element(self, path: Path, node: Node, value: object) -> AttributeValue:
        if ("S" in node.tags and isinstance(value, str)) or ("B" in node.tags and isinstance(value, bytes)):
            return encode_dynamic(value, path)
        if node.tags & _SET_ELEMENTS.keys():
            return _set_element(node, value, path)
        if "L" in node.tags:
            return encode_operand(self._entity.plan.resolve((*path, 0))[1], value, path)
        raise InvalidRequestError(
            f"{show_path(path)}: contains takes a part of a text, or an element of a list or set"
        )


def encode_operand(node: Node, value: object, path: Path) -> AttributeValue:
    """Encode a value as a field stores it; a number field takes any number."""
    if "N" in node.tags and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            return {"N": encode_number(value)}
        except InvalidValueError as error:
            raise InvalidValueError(error.message, path=show_path(path)) from None
    return node.encode(value, path)


def _is_order(condition: Condition) -> bool:
    return isinstance(condition, Between) or (
        isinstance(condition, Comparison) and condition.comparator in _ORDER_COMPARATORS
    )


def _prefix(where: str, node: Node, value: object) -> AttributeValue:
    if isinstance(value, str) and "S" in node.tags or isinstance(value, bytes) and "B" in node.tags:
        return encode_dynamic(value, (where,))
    raise InvalidRequestError(
        f"{where}: begins_with takes text for a text field and bytes for a binary field"
    )


def _set_element(node: Node, value: object, path: Path) -> AttributeValue:
    # A set of one goes through the field's own rule, so that an element is encoded as it is stored.
    try:
        wire = node.encode({value}, path)
    except InvalidValueError:
        wire = node.encode(frozenset((value,)), path)
    ((tag, content),) = wire.items()
    return {_SET_ELEMENTS[tag]: content[0]}
