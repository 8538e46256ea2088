"""
What `u` is in `where=lambda u: u.age >= 18`.

To a type checker `u` is the model, so a wrong name or a value of the wrong type is an error in the
editor. When the lambda runs, once, `u` is a stand-in that records: attributes and items give
stand-ins for parts, comparisons give conditions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeAlias, TypeVar, cast

from pydantic import BaseModel

from dynarepo._expressions._conditions import (
    BeginsWith,
    Comparator,
    Comparison,
    Condition,
    FieldReference,
    SizeComparison,
)
from dynarepo._expressions._paths import Path, show_path
from dynarepo.exceptions import InvalidRequestError

__all__ = [
    "FieldStandIn",
    "SizeStandIn",
    "Where",
    "as_condition",
    "condition_of",
    "operand_of",
    "stand_in_path",
    "value_of",
]

T = TypeVar("T", bound=BaseModel)

#: A condition, or a function that makes one of the model.
Where: TypeAlias = Callable[[T], Condition | bool] | Condition


class FieldStandIn:
    """Stands for a model, or for a part of one; every name that a field can have is free."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getattr__(self, name: str) -> FieldStandIn:
        if name.startswith("_"):
            raise AttributeError(name)
        return FieldStandIn((*self._path, name))

    def __getitem__(self, step: object) -> FieldStandIn:
        if not isinstance(step, str | int) or isinstance(step, bool) or (isinstance(step, int) and step < 0):
            raise InvalidRequestError(
                f"{self._shown()}: an item is taken by a dict's key or a list's index from 0"
            )
        return FieldStandIn((*self._path, step))

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self._compare("=", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self._compare("<>", other)

    def __lt__(self, other: object) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: object) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: object) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: object) -> Condition:
        return self._compare(">=", other)

    def __and__(self, other: Condition | bool) -> Condition:
        return self._is_true() & other

    def __rand__(self, other: Condition | bool) -> Condition:
        return other & self._is_true()

    def __or__(self, other: Condition | bool) -> Condition:
        return self._is_true() | other

    def __ror__(self, other: Condition | bool) -> Condition:
        return other | self._is_true()

    def startswith(self, prefix: object) -> Condition:
        """Text that begins with a prefix; as `str.startswith` with one argument."""
        return BeginsWith(self._path, value_of(prefix))

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise InvalidRequestError(
            f"{self._shown()}: DynamoDB cannot call methods; of str, startswith is there, "
            "and dynarepo has contains, size, exists and others as functions"
        )

    def __contains__(self, _: object) -> NoReturn:
        raise TypeError(f"`in` cannot be recorded: write contains({self._shown()}, value)")

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{self._shown()} stands for a stored value and cannot be iterated")

    def __len__(self) -> NoReturn:
        raise TypeError(f"len() cannot be recorded: write size({self._shown()})")

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self._shown()} stands for a stored value and has no truth value: "
            "write & for and, | for or, not_(...) for not"
        )

    def __invert__(self) -> NoReturn:
        raise TypeError(f"~ cannot be recorded for a field: write not_({self._shown()})")

    def __add__(self, _: object) -> NoReturn:
        raise TypeError(
            f"arithmetic cannot be recorded: in an update, write increment({self._shown()}, amount)"
        )

    __radd__ = __sub__ = __rsub__ = __add__

    def __hash__(self) -> NoReturn:
        # Without it, `u.age in {1, 2}` would be False at once, and a condition beside it would stand alone.
        raise TypeError(f"`in` cannot be recorded: write in_({self._shown()}, [...])")

    def __str__(self) -> NoReturn:
        raise TypeError(f"the text of {self._shown()} cannot be recorded: it is known to DynamoDB alone")

    def __repr__(self) -> str:
        return f"<the stored value of {self._shown()}>"

    def _shown(self) -> str:
        return show_path(self._path) or "the model"

    def _compare(self, comparator: Comparator, other: object) -> Condition:
        return Comparison(self._path, comparator, operand_of(other))

    def _is_true(self) -> Condition:
        return Comparison(self._path, "=", operand=True)


class SizeStandIn:
    """Stands for the size of a field; comparisons give conditions."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return SizeComparison(self._path, "=", other)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return SizeComparison(self._path, "<>", other)  # type: ignore[arg-type]

    def __lt__(self, other: int) -> Condition:
        return SizeComparison(self._path, "<", other)

    def __le__(self, other: int) -> Condition:
        return SizeComparison(self._path, "<=", other)

    def __gt__(self, other: int) -> Condition:
        return SizeComparison(self._path, ">", other)

    def __ge__(self, other: int) -> Condition:
        return SizeComparison(self._path, ">=", other)

    def __hash__(self) -> NoReturn:
        raise TypeError("`in` cannot be recorded for a size: compare it, as in size(u.tags) == 2")

    def __bool__(self) -> NoReturn:
        raise TypeError("a size has no truth value: compare it, as in size(u.tags) > 0")


def stand_in_path(value: object) -> Path:
    """Give the path of a field that a function was called with."""
    if not isinstance(value, FieldStandIn) or not value._path:
        raise InvalidRequestError("takes a field of the model, such as u.age, inside `lambda u: ...`")
    return value._path


def operand_of(value: object) -> object:
    """Tell another field from a value."""
    if isinstance(value, SizeStandIn):
        raise InvalidRequestError(f"{show_path(value._path)}: a size is compared with a number alone")
    return FieldReference(stand_in_path(value)) if isinstance(value, FieldStandIn) else value


def value_of(value: object) -> object:
    """Refuse another field where only a value can stand."""
    if isinstance(value, FieldStandIn | SizeStandIn):
        raise InvalidRequestError(f"{show_path(value._path)}: takes a value here, not another field")
    return value


def condition_of(where: Where[T] | None) -> Condition | None:
    """
    Give the condition that a caller states, calling a function once with a stand-in.

    Raises:
        InvalidRequestError: It is no condition; a plain `bool` least of all.
    """
    if where is None or isinstance(where, Condition):
        return where
    return as_condition(where(cast("T", FieldStandIn(()))) if callable(where) else where)


def as_condition(stated: object) -> Condition:
    """Give a condition, also of a boolean field alone; refuse all else, a plain `bool` above all."""
    if isinstance(stated, FieldStandIn):
        return stated._is_true()
    if not isinstance(stated, Condition):
        raise InvalidRequestError(
            "where= takes a condition, such as lambda u: u.age >= 18 or attr('age').ge(18), "
            f"not a value of type {type(stated).__name__}"
        )
    return stated
