"""What a failed condition means: the item is there, is not, or has another version or model."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from dynarepo._codec import Source
from dynarepo._requests._target import Target
from dynarepo._wire import WireItem
from dynarepo.exceptions import (
    ConditionFailedError,
    InvalidItemError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    VersionConflictError,
)

__all__ = ["explain_failed_create", "explain_failed_update", "explain_failed_write", "old_model"]

T = TypeVar("T", bound=BaseModel)


def old_model(source: Source[T], item: WireItem | None) -> T | None:
    """Make a model of the item that a failed condition returned, `None` where it is no such model."""
    if not item:
        return None
    try:
        return source.decode(item)
    except InvalidItemError:
        return None


def explain_failed_create(
    target: Target[T], error: ConditionFailedError, version: int | None = None
) -> ConditionFailedError:
    """Name what a failed create found."""
    if not error.item:
        return explain_failed_write(target, error, version)
    message = "an item with this key exists; it was left as it is"
    return ItemAlreadyExistsError(message, **_context(target, error))


def explain_failed_update(
    target: Target[T], error: ConditionFailedError, version: int | None = None
) -> ConditionFailedError:
    """Name what a failed update found."""
    if error.item:
        return explain_failed_write(target, error, version)
    return ItemNotFoundError("there is no item with this key; none was made", **_context(target, error))


def explain_failed_write(
    target: Target[T], error: ConditionFailedError, version: int | None = None
) -> ConditionFailedError:
    """
    Name the condition that failed, and hang the stored model on the error.

    Args:
        target: Where it was written.
        error: The plain failure, with the stored item.
        version: The version that the item was to have.
    """
    context, field, kind = _context(target, error), target.entity.schema.version, target.entity.discriminator
    if error.item and kind is not None and not kind.marks(error.item):
        message = (
            f"the item with this key is no {target.entity.name} by its discriminator; nothing was changed"
        )
        return ConditionFailedError(message, **context)
    found = None if context["item"] is None or field is None else getattr(context["item"], field)
    if version is None or version == (found if error.item else 0):
        return ConditionFailedError("the condition does not hold; nothing was changed", **context)
    stored = "a version that cannot be read" if found is None else f"version {found}"
    return VersionConflictError(
        f"the stored item has {stored}, not {version}; it was left as it is"
        if error.item
        else f"version {version} was expected, and there is no item; none was made",
        expected=version,
        found=found,
        **context,
    )


def _context(target: Target[T], error: ConditionFailedError) -> dict[str, Any]:
    return {
        "item": old_model(target.source, error.item),
        "operation": error.operation,
        "table_name": error.table_name,
        "pk": error.pk,
        "sk": error.sk,
        "code": error.code,
        "request_id": error.request_id,
    }
