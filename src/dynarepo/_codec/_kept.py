"""
Fields that the library keeps by itself: a version that counts the writes, and two times.

An instance that was never stored has version 0. A write stores the next version on condition that
the item still has the one that the caller had. The caller's instance is never changed: what is to
be stored is a copy.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel

from dynarepo._codec._fields import FieldPlan
from dynarepo._codec._plan import ModelPlan
from dynarepo._schema import TableSchema
from dynarepo.exceptions import InvalidRequestError, InvalidValueError, SchemaError

__all__ = ["check_kept_fields", "renewed", "version_of"]

T = TypeVar("T", bound=BaseModel)


def check_kept_fields(plan: ModelPlan[T], schema: TableSchema) -> None:
    """Refuse a version that does not count from 0, and a time that holds none; `SchemaError` says why."""
    model, fields = plan.model, plan.fields
    for name in (schema.version, schema.created_at, schema.updated_at):
        if name is not None and name not in fields:
            raise SchemaError(f"{model.__name__}.{name}: is excluded, and what the library keeps is stored")
    if schema.version is not None:
        if not _counts(fields[schema.version]):
            raise SchemaError(f"{model.__name__}: the version {schema.version!r} must be a plain int field")
        info = model.model_fields[schema.version]
        if not info.is_required() and info.default != 0:
            raise SchemaError(f"{model.__name__}: the version {schema.version!r} must have 0 as its default")
    for time in (schema.created_at, schema.updated_at):
        if time is not None and not _holds_now(plan, time):
            raise SchemaError(f"{model.__name__}: the time {time!r} must be a datetime field")


def version_of(item: BaseModel, field: str) -> int:
    """Give the version of an instance."""
    version = getattr(item, field, None)
    if type(version) is not int or version < 0:
        raise InvalidValueError("the version is a whole number from 0", path=field)
    return version


def renewed(item: T, schema: TableSchema, zone: tzinfo | None = None) -> T:
    """Give a copy with the next version and the time of now; the instance itself where neither is kept."""
    if schema.version is None and schema.updated_at is None and schema.created_at is None:
        return item
    changes: dict[str, object] = {}
    now = datetime.now(zone or UTC)
    if schema.version is not None:
        changes[schema.version] = version_of(item, schema.version) + 1
    if schema.updated_at is not None:
        changes[schema.updated_at] = now
    if schema.created_at is not None and getattr(item, schema.created_at, None) is None:
        changes[schema.created_at] = now
    return item.model_copy(update=changes) if changes else item


def _counts(plan: FieldPlan) -> bool:
    if plan.computed or plan.exclude_if is not None or plan.node.tags != {"N"}:
        return False
    return _takes(plan, 10**9) and not _takes(plan, 0.5) and not _takes(plan, Decimal("0.5"))


def _holds_now(plan: ModelPlan[T], name: str) -> bool:
    try:
        return plan.encode_field(name, plan.validate_field(name, datetime.now(UTC))) is not None
    except (InvalidRequestError, InvalidValueError):
        return False


def _takes(plan: FieldPlan, value: object) -> bool:
    try:
        plan.node.encode(value, (plan.name,))
    except InvalidValueError:
        return False
    return True
