"""
Optimistic locking: an integer field that counts the writes of an item.

An instance that was never stored has version 0. A write stores the next version on condition that
the item still has the one that the caller had; the caller's instance is never changed.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import BaseModel

from dynarepo._codec._fields import FieldPlan
from dynarepo.exceptions import InvalidValueError, SchemaError

__all__ = ["advanced", "check_version_field", "version_of"]

T = TypeVar("T", bound=BaseModel)


def check_version_field(where: str, plan: FieldPlan) -> None:
    """Refuse a version field that does not count; `SchemaError` says why."""
    if plan.computed or plan.node.tags != {"N"}:
        raise SchemaError(f"{where}: the version {plan.name!r} must be a plain int field")
    for value, is_version in ((1, True), (0.5, False)):
        try:
            plan.node.encode(value, (plan.name,))
        except InvalidValueError:
            is_taken = False
        else:
            is_taken = True
        if is_taken != is_version:
            raise SchemaError(f"{where}: the version {plan.name!r} must be a plain int field")


def version_of(item: BaseModel, field: str) -> int:
    """Give the version of an instance."""
    version = getattr(item, field, None)
    if type(version) is not int or version < 0:
        raise InvalidValueError("the version is a whole number from 0", path=field)
    return version


def advanced(item: T, field: str) -> T:
    """Give a copy with the next version."""
    return cast("T", cast("Any", item).model_copy(update={field: version_of(item, field) + 1}))
