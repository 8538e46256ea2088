"""
Fields that the library keeps by itself: a version that counts the writes, and two times.

An instance that was never stored has version 0. A write stores the next version on condition that
the item still has the one that the caller had. The caller's instance is never changed: what is to
be stored is a copy.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel

from dynarepo._codec._fields import FieldPlan
from dynarepo._schema import TableSchema
from dynarepo.exceptions import InvalidValueError, SchemaError

__all__ = ["check_time_field", "check_version_field", "renewed", "version_of"]

T = TypeVar("T", bound=BaseModel)


def check_version_field(where: str, plan: FieldPlan) -> None:
    """Refuse a version field that does not count; `SchemaError` says why."""
    if plan.computed or plan.node.tags != {"N"} or not _takes(plan, 1) or _takes(plan, 0.5):
        raise SchemaError(f"{where}: the version {plan.name!r} must be a plain int field")


def check_time_field(where: str, plan: FieldPlan) -> None:
    """Refuse a field that does not hold a time; `SchemaError` says why."""
    if plan.computed or not _takes(plan, datetime.now(UTC)):
        raise SchemaError(f"{where}: the time {plan.name!r} must be a datetime field")


def version_of(item: BaseModel, field: str) -> int:
    """Give the version of an instance."""
    version = getattr(item, field, None)
    if type(version) is not int or version < 0:
        raise InvalidValueError("the version is a whole number from 0", path=field)
    return version


def renewed(item: T, schema: TableSchema) -> T:
    """Give a copy with the next version and the time of now; the instance itself where neither is kept."""
    changes: dict[str, object] = {}
    now = datetime.now(UTC)
    if schema.version is not None:
        changes[schema.version] = version_of(item, schema.version) + 1
    if schema.updated_at is not None:
        changes[schema.updated_at] = now
    if schema.created_at is not None and getattr(item, schema.created_at, None) is None:
        changes[schema.created_at] = now
    return item.model_copy(update=changes) if changes else item


def _takes(plan: FieldPlan, value: object) -> bool:
    try:
        plan.node.encode(value, (plan.name,))
    except InvalidValueError:
        return False
    return True
