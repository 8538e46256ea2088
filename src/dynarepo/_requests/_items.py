"""Requests about one item: build them, read their replies, explain their failed conditions."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from dynarepo._codec import Entity, ModelResolver
from dynarepo._expressions import Condition, ExpressionWriter, Or, Where, attr, check_length, condition_of
from dynarepo._request import Request
from dynarepo._requests._target import Target, unexpected
from dynarepo._requests._updates import Update, write_update, write_upsert
from dynarepo._wire import Payload, WireItem
from dynarepo.exceptions import (
    ConditionFailedError,
    InvalidItemError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    VersionConflictError,
)

__all__ = [
    "condition_members",
    "create_item",
    "delete_item",
    "explain_failed_create",
    "explain_failed_save",
    "explain_failed_update",
    "explain_failed_write",
    "get_item",
    "old_model",
    "put_item",
    "read_deleted",
    "read_item",
    "read_updated",
    "update_item",
    "update_members",
    "upsert_item",
]

T = TypeVar("T", bound=BaseModel)


def get_item(target: Target[T], pk: object, sk: object, *, consistent: bool | None = None) -> Request:
    """Build a GetItem."""
    key = target.entity.table.encode(pk, sk)
    consistent = target.consistent_read if consistent is None else consistent
    payload = target.payload(Key=key, **({"ConsistentRead": True} if consistent else {}))
    return target.request("GetItem", payload, key)


def read_item(target: Target[T], reply: Payload) -> T | None:
    """Read the item of a GetItem, `None` where there is none."""
    item = reply.get("Item")
    if item is None:
        return None
    if not isinstance(item, dict):
        raise unexpected("GetItem", "has an Item that is no object")
    return target.entity.decode(item)


def put_item(target: Target[T], item: T, where: Where[T] | None) -> Request:
    """Build a PutItem that creates or replaces; of a versioned model, what `to_store` gave."""
    wire = target.entity.encode(item)
    version = target.entity.replaced_version(item)
    payload = target.payload(Item=wire, **condition_members(target.entity, where, version=version))
    return target.request("PutItem", payload, target.entity.table.of(wire))


def create_item(target: Target[T], item: T, where: Where[T] | None) -> Request:
    """Build a PutItem that must not replace."""
    wire = target.entity.encode(item)
    payload = target.payload(Item=wire, **condition_members(target.entity, where, key_exists=False))
    return target.request("PutItem", payload, target.entity.table.of(wire))


def update_item(
    target: Target[T], pk: object, sk: object, changes: Update[T], where: Where[T] | None
) -> Request:
    """Build an UpdateItem of some fields of an item that exists."""
    key = target.entity.table.encode(pk, sk)
    members = update_members(target.entity, pk, sk, changes, where)
    payload = target.payload(Key=key, ReturnValues="ALL_NEW", **members)
    return target.request("UpdateItem", payload, key)


def upsert_item(target: Target[T], item: T, where: Where[T] | None) -> Request:
    """Build an UpdateItem that creates an item or makes it what it is to be; takes what `to_store` gave."""
    entity = target.entity
    wire = entity.encode(item)
    key = entity.table.of(wire)
    writer = ExpressionWriter(ModelResolver(entity))
    expression = write_upsert(writer, entity, wire)
    members = _condition(writer, entity, where, None)
    if expression:
        members["UpdateExpression"] = expression
    members = writer.into(members)
    return target.request("UpdateItem", target.payload(Key=key, ReturnValues="ALL_NEW", **members), key)


def read_updated(target: Target[T], reply: Payload) -> T:
    """Read the item as it is after an UpdateItem."""
    item = reply.get("Attributes")
    if not isinstance(item, dict):
        raise unexpected("UpdateItem", "lacks the Attributes that were asked for")
    return target.entity.decode(item)


def delete_item(target: Target[T], pk: object, sk: object, where: Where[T] | None) -> Request:
    """Build a DeleteItem that tells what it removed."""
    key = target.entity.table.encode(pk, sk)
    payload = target.payload(Key=key, ReturnValues="ALL_OLD", **condition_members(target.entity, where))
    return target.request("DeleteItem", payload, key)


def read_deleted(reply: Payload) -> bool:
    """Tell whether a DeleteItem found something to delete."""
    item = reply.get("Attributes")
    if item is not None and not isinstance(item, dict):
        raise unexpected("DeleteItem", "has Attributes that are no object")
    return bool(item)


def condition_members(
    entity: Entity[T],
    where: Where[T] | None,
    *,
    key_exists: bool | None = None,
    version: int | None = None,
) -> Payload:
    """Write a write's condition; it may also demand that the item is there or not, or has a version."""
    writer = ExpressionWriter(ModelResolver(entity))
    return writer.into(_condition(writer, entity, where, key_exists, version))


def update_members(
    entity: Entity[T], pk: object, sk: object, changes: Update[T], where: Where[T] | None
) -> Payload:
    """Write the update of an item that exists, and its condition."""
    writer = ExpressionWriter(ModelResolver(entity))
    expression = write_update(writer, entity, changes, entity.table.known(pk, sk))
    members = _condition(writer, entity, where, key_exists=True)
    return writer.into({"UpdateExpression": expression, **members})


def _condition(
    writer: ExpressionWriter,
    entity: Entity[T],
    where: Where[T] | None,
    key_exists: bool | None,
    version: int | None = None,
) -> Payload:
    parts = []
    if key_exists is not None:
        function = "attribute_exists" if key_exists else "attribute_not_exists"
        parts.append(f"{function}({writer.attribute(entity.table.partition.attribute)})")
    condition = _versioned(entity, condition_of(where), version)
    if condition is not None:
        text = writer.condition(condition, beside=2 * len(parts))
        parts.append(f"({text})" if parts and isinstance(condition, Or) else text)
    if not parts:
        return {}
    return {
        "ConditionExpression": check_length(" AND ".join(parts)),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _versioned(entity: Entity[T], condition: Condition | None, version: int | None) -> Condition | None:
    field = entity.schema.version
    if version is None or field is None:
        return condition
    is_same = attr(field).eq(version)
    # No save stores version 0: there is no item, or one that was written before versions were counted.
    own = is_same if version else attr(field).not_exists() | is_same
    return own if condition is None else own & condition


def old_model(entity: Entity[T], item: WireItem | None) -> T | None:
    """Make a model of the item that a failed condition returned, `None` where it is no such model."""
    if not item:
        return None
    try:
        return entity.decode(item)
    except InvalidItemError:
        return None


def explain_failed_create(target: Target[T], error: ConditionFailedError) -> ConditionFailedError:
    """Name what a failed create found."""
    if not error.item:
        return explain_failed_write(target, error)
    message = "an item with this key exists; it was left as it is"
    return _with_context(ItemAlreadyExistsError, message, target, error)


def explain_failed_update(target: Target[T], error: ConditionFailedError) -> ConditionFailedError:
    """Name what a failed update found."""
    if error.item:
        return explain_failed_write(target, error)
    message = "there is no item with this key; none was made"
    return _with_context(ItemNotFoundError, message, target, error)


def explain_failed_save(target: Target[T], item: T, error: ConditionFailedError) -> ConditionFailedError:
    """Name what a failed save found; `item` is what it was to store."""
    expected, field = target.entity.replaced_version(item), target.entity.schema.version
    old = old_model(target.entity, error.item)
    found = None if old is None or field is None else getattr(old, field)
    if expected is None or expected == (found if error.item else 0):
        return explain_failed_write(target, error)
    stored = "a version that cannot be read" if found is None else f"version {found}"
    return VersionConflictError(
        f"the stored item has {stored}, not {expected}; it was left as it is"
        if error.item
        else f"version {expected} was to be replaced, and there is no item; none was made",
        expected=expected,
        found=found,
        **_context(target, error),
    )


def explain_failed_write(target: Target[T], error: ConditionFailedError) -> ConditionFailedError:
    """Name the condition that failed, and hang the stored model on the error."""
    return _with_context(
        ConditionFailedError, "the condition does not hold; nothing was changed", target, error
    )


def _with_context(
    kind: type[ConditionFailedError], message: str, target: Target[T], error: ConditionFailedError
) -> ConditionFailedError:
    return kind(message, **_context(target, error))


def _context(target: Target[T], error: ConditionFailedError) -> dict[str, Any]:
    return {
        "item": old_model(target.entity, error.item),
        "operation": error.operation,
        "table_name": error.table_name,
        "pk": error.pk,
        "sk": error.sk,
        "code": error.code,
        "request_id": error.request_id,
    }
