"""Requests about one item: build them, and read their replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from pydantic import BaseModel

from dynarepo._codec import Entity, ModelResolver
from dynarepo._expressions import ExpressionWriter, Where, check_length, condition_of
from dynarepo._item_text import is_item
from dynarepo._request import Repeat, Request
from dynarepo._requests._guard import Guard
from dynarepo._requests._reading import Reading
from dynarepo._requests._repeats import (
    Effect,
    new_write_id,
    repeat_of_delete,
    repeat_of_put,
    repeat_of_update,
)
from dynarepo._requests._target import Target, check_flag, unexpected
from dynarepo._requests._updates import Update, write_update, write_upsert
from dynarepo._wire import Payload, ReadPayload, WireItem

__all__ = [
    "condition_members",
    "create_item",
    "delete_item",
    "get_attributes",
    "get_item",
    "get_key",
    "projection_members",
    "put_item",
    "read_attributes",
    "read_deleted",
    "read_item",
    "read_updated",
    "update_item",
    "update_members",
    "upsert_item",
]

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

_ANY: Final = Guard()
_EXISTS: Final = Guard(exists=True)
_NO_ID: Final[WireItem] = {}


def get_item(
    target: Target[T], reading: Reading[R], pk: object, sk: object, *, consistent: bool | None = None
) -> Request:
    """Build a GetItem."""
    consistent = target.consistent_read if consistent is None else check_flag("consistent", consistent)
    return get_key(target, reading, target.source.table.encode(pk, sk), consistent=consistent)


def get_key(target: Target[T], reading: Reading[R], key: WireItem, *, consistent: bool) -> Request:
    """Build a GetItem of an encoded key."""
    payload = ReadPayload(target.payload(Key=key, **projection_members(target, reading)))
    if consistent:
        payload["ConsistentRead"] = True
    return target.request("GetItem", payload, key)


def projection_members(target: Target[T], reading: Reading[R]) -> Payload:
    """Write the projection of a read by key; nothing for whole items."""
    if reading.reader.paths is None:
        return {}
    writer = ExpressionWriter(ModelResolver(target.source))
    keys = [key.attribute for key in target.source.table.attributes]
    return writer.into({"ProjectionExpression": reading.project(writer, keys)})


def get_attributes(target: Target[T], key: WireItem, attributes: Sequence[str]) -> Request:
    """Build a consistent GetItem of some attributes, and the key."""
    writer = ExpressionWriter(ModelResolver(target.source))
    names = dict.fromkeys((*key, *attributes))
    projection = check_length(", ".join(writer.attribute(name) for name in names))
    members = writer.into({"ProjectionExpression": projection})
    return target.request("GetItem", target.payload(Key=key, ConsistentRead=True, **members), key)


def read_attributes(reply: Payload) -> WireItem:
    """Read the item of a GetItem as it is stored; empty where there is none."""
    item = reply.get("Item", {})
    if not isinstance(item, dict):
        raise unexpected("GetItem", "has an Item that is no object")
    return item


def read_item(reading: Reading[R], reply: Payload) -> R | None:
    """Read the item of a GetItem, `None` where there is none."""
    item = reply.get("Item")
    if item is None:
        return None
    if not is_item(item):
        raise unexpected("GetItem", "has an Item that is no object")
    return reading.found(item)


def put_item(target: Target[T], item: T, where: Where[T] | None) -> Request:
    """Build a PutItem that creates or replaces; of a versioned model, what `to_store` gave."""
    wire = target.entity.encode(item) | new_write_id(target.entity)
    guard = Guard(version=target.entity.replaced_version(item))
    payload = target.payload(Item=wire, **condition_members(target.entity, where, guard))
    repeat = repeat_of_put(target.entity, wire, guard)
    return target.request("PutItem", payload, target.entity.table.of(wire), repeat)


def create_item(target: Target[T], item: T, where: Where[T] | None) -> Request:
    """Build a PutItem that must not replace."""
    wire = target.entity.encode(item) | new_write_id(target.entity)
    guard = Guard(exists=False)
    payload = target.payload(Item=wire, **condition_members(target.entity, where, guard))
    repeat = repeat_of_put(target.entity, wire, guard)
    return target.request("PutItem", payload, target.entity.table.of(wire), repeat)


def update_item(
    target: Target[T],
    pk: object,
    sk: object,
    changes: Update[T],
    where: Where[T] | None,
    guard: Guard = _EXISTS,
) -> Request:
    """Build an UpdateItem of some fields of an item that exists."""
    key = target.entity.table.encode(pk, sk)
    write_id = new_write_id(target.entity)
    members, effect = update_members(target.entity, pk, sk, changes, where, guard, write_id)
    payload = target.payload(Key=key, ReturnValues="ALL_NEW", **members)
    return target.request(
        "UpdateItem", payload, key, repeat_of_update(target.entity, effect, guard, write_id)
    )


def upsert_item(target: Target[T], item: T, where: Where[T] | None) -> Request:
    """Build an UpdateItem that creates an item or makes it what it is to be; takes what `to_store` gave."""
    entity = target.entity
    wire = entity.encode(item)
    key = entity.table.of(wire)
    writer = ExpressionWriter(ModelResolver(entity))
    expression = write_upsert(writer, entity, wire, new_write_id(entity))
    members = _condition(writer, entity, where, Guard())
    if expression:
        members["UpdateExpression"] = expression
    members = writer.into(members)
    payload = target.payload(Key=key, ReturnValues="ALL_NEW", **members)
    return target.request("UpdateItem", payload, key, Repeat(is_safe=entity.schema.version is None))


def read_updated(target: Target[T], reply: Payload) -> T:
    """Read the item as it is after an UpdateItem."""
    item = reply.get("Attributes")
    if not isinstance(item, dict):
        raise unexpected("UpdateItem", "lacks the Attributes that were asked for")
    entity = target.entity
    return Reading(entity, entity, operation="UpdateItem", table_name=target.table_name).make(item)


def delete_item(
    target: Target[T], pk: object, sk: object, where: Where[T] | None, guard: Guard = _ANY
) -> Request:
    """Build a DeleteItem that tells what it removed."""
    key = target.entity.table.encode(pk, sk)
    members = condition_members(target.entity, where, guard)
    payload = target.payload(Key=key, ReturnValues="ALL_OLD", **members)
    return target.request("DeleteItem", payload, key, repeat_of_delete())


def read_deleted(reply: Payload) -> bool:
    """Tell whether a DeleteItem found something to delete."""
    item = reply.get("Attributes")
    if item is not None and not isinstance(item, dict):
        raise unexpected("DeleteItem", "has Attributes that are no object")
    return bool(item)


def condition_members(entity: Entity[T], where: Where[T] | None, guard: Guard) -> Payload:
    """Write a write's condition."""
    writer = ExpressionWriter(ModelResolver(entity))
    return writer.into(_condition(writer, entity, where, guard))


def update_members(
    entity: Entity[T],
    pk: object,
    sk: object,
    changes: Update[T],
    where: Where[T] | None,
    guard: Guard = _EXISTS,
    write_id: WireItem = _NO_ID,
) -> tuple[Payload, Effect]:
    """Write the update of an item that exists, and its condition; say what it does."""
    writer = ExpressionWriter(ModelResolver(entity))
    known = {**entity.table.known(pk, sk), **guard.unchanged}
    expression, effect = write_update(writer, entity, changes, known, write_id)
    members = _condition(writer, entity, where, guard)
    return writer.into({"UpdateExpression": expression, **members}), effect


def _condition(writer: ExpressionWriter, entity: Entity[T], where: Where[T] | None, guard: Guard) -> Payload:
    text = writer.conjunction(guard.clauses(writer, entity), condition_of(where))
    if not text:
        return {}
    return {"ConditionExpression": text, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
