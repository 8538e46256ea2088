"""
Updates as immutable values: `[set_(u.age).to(37), increment(u.visits, 1), remove(u.nick)]`.

`set_(field).to(value)` rather than `set_(field, value)`, because only then does a checker refuse a
value of the wrong type. Their `repr` leaves out the values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Generic, TypeVar

from dynarepo._expressions._paths import Path, show_path
from dynarepo._expressions._standin import FieldStandIn, operand_of, stand_in_path
from dynarepo._record import Record
from dynarepo.exceptions import InvalidRequestError

__all__ = [
    "Action",
    "AddToSet",
    "Append",
    "Increment",
    "Prepend",
    "Remove",
    "RemoveFromSet",
    "Set",
    "SetField",
    "actions_of",
    "add_to_set",
    "append",
    "increment",
    "prepend",
    "remove",
    "remove_from_set",
    "set_",
]

V = TypeVar("V")
N = TypeVar("N", int, float, Decimal, int | None, float | None, Decimal | None)


class Action(Record, frozen=True):
    """The base of all actions on one field."""

    shown = ("path", "only_if_missing")

    path: Path


class Set(Action, frozen=True):
    """A new value, a copy of another field, or a value only where there is none yet."""

    value: object
    only_if_missing: bool = False


class Increment(Action, frozen=True):
    """Add a number; a missing field counts as 0."""

    amount: object


class Append(Action, frozen=True):
    """Add elements at the end of a list; a missing list counts as empty."""

    elements: object


class Prepend(Action, frozen=True):
    """Add elements at the beginning of a list; a missing list counts as empty."""

    elements: object


class Remove(Action, frozen=True):
    """Remove the attribute, or an element of a list."""


class AddToSet(Action, frozen=True):
    """Add elements to a set; a missing set counts as empty."""

    elements: object


class RemoveFromSet(Action, frozen=True):
    """Remove elements from a set."""

    elements: object


class SetField(Generic[V]):
    """What `set_(field)` gives: say what to set the field to."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"set_({show_path(self._path)})"

    def to(self, value: V) -> Action:
        """Set a value, or copy another field of the item as it was before the update."""
        return Set(self._path, operand_of(value))

    def if_not_exists(self, value: V) -> Action:
        """Set a value only where the field has none."""
        return Set(self._path, operand_of(value), only_if_missing=True)


def set_(field: V) -> SetField[V]:
    """Begin to set a field: `set_(u.age).to(37)`."""
    return SetField(stand_in_path(field))


def increment(field: N, amount: N) -> Action:
    """Add to a number, a negative one to subtract; a missing field counts as 0."""
    return Increment(stand_in_path(field), amount)


def append(field: list[V] | None, elements: list[V]) -> Action:
    """Add elements at the end of a list."""
    return Append(stand_in_path(field), elements)


def prepend(field: list[V] | None, elements: list[V]) -> Action:
    """Add elements at the beginning of a list."""
    return Prepend(stand_in_path(field), elements)


def remove(field: object) -> Action:
    """Remove a field that has a default, or an element of a list."""
    return Remove(stand_in_path(field))


def add_to_set(field: set[V] | frozenset[V] | None, elements: set[V] | frozenset[V]) -> Action:
    """Add elements to a set."""
    return AddToSet(stand_in_path(field), elements)


def remove_from_set(field: set[V] | frozenset[V] | None, elements: set[V] | frozenset[V]) -> Action:
    """Remove elements from a set; of a set that becomes empty, nothing is stored."""
    return RemoveFromSet(stand_in_path(field), elements)


def actions_of(update: Callable[[Any], Sequence[Action]]) -> tuple[Action, ...]:
    """Call an update's function once with a stand-in; `InvalidRequestError` if it gives no actions."""
    actions = update(FieldStandIn(()))
    if not isinstance(actions, list | tuple) or not all(isinstance(action, Action) for action in actions):
        for begun in actions if isinstance(actions, list | tuple) else ():
            if isinstance(begun, SetField):
                raise InvalidRequestError(f"{begun!r} lacks its value: write {begun!r}.to(value)")
        raise InvalidRequestError("an update is a list of actions, such as [set_(u.age).to(37)]")
    return tuple(actions)
