"""Batches: entries with an identity, cut into requests, and what the service left undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import InvalidOperation
from typing import Final, TypeVar

from pydantic import BaseModel

from dynarepo._codec import Entity, Identity, Source
from dynarepo._item_text import ItemText, StoredItem
from dynarepo._json import dumps
from dynarepo._record import Record
from dynarepo._request import Repeat, Request
from dynarepo._requests._items import projection_members
from dynarepo._requests._reading import Reading
from dynarepo._requests._target import Target, is_items, is_objects, unexpected
from dynarepo._wire import Payload, ReadPayload, WireItem
from dynarepo.exceptions import InvalidItemError, InvalidKeyError, InvalidRequestError

__all__ = [
    "Identity",
    "WriteEntry",
    "batch_get",
    "batch_write",
    "delete_entry",
    "identity",
    "put_entry",
    "read_found",
    "read_unprocessed_keys",
    "read_unprocessed_writes",
    "split_key",
]

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

#: What comes of asking for the identity, or for its hash, of what is no item of the table.
_NO_IDENTITY: Final = (InvalidItemError, AttributeError, TypeError, ValueError, InvalidOperation)


class WriteEntry(Record, frozen=True):
    """
    One put or delete of a batch.

    Attributes:
        identity: Whose it is.
        text: The JSON text of it, which takes far less memory than dicts.
        source: The model, or the key, as the caller gave it.
    """

    identity: Identity
    text: bytes
    source: object

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return len(self.text)


def identity(source: Source[T], item: WireItem) -> Identity:
    """Give the identity of an item or key."""
    return source.table.identity(item)


def put_entry(target: Target[T], item: T) -> WriteEntry:
    """Make the entry that saves an item; `InvalidRequestError` for a model that counts versions."""
    entity = target.entity
    if entity.schema.version is not None:
        raise InvalidRequestError(
            f"{entity.name} counts versions, and a batch can check none: use save, or transact_write"
        )
    wire = entity.encode(entity.to_store(item))
    return _entry(entity, wire, {"PutRequest": {"Item": wire}}, item)


def delete_entry(target: Target[T], key: object) -> WriteEntry:
    """Make the entry that deletes a key."""
    pk, sk = split_key(target.source, key)
    wire = target.entity.table.encode(pk, sk)
    return _entry(target.entity, wire, {"DeleteRequest": {"Key": wire}}, key)


def _entry(entity: Entity[T], wire: WireItem, operation: Payload, source: object) -> WriteEntry:
    return WriteEntry(entity.table.identity(wire), dumps(operation), source)


def split_key(source: Source[T], key: object) -> tuple[object, object]:
    """Read a key as callers write it: `(pk, sk)`, or the bare partition key of a table without a sort key."""
    table = source.table
    if isinstance(key, tuple):
        if len(key) == len(table.attributes):
            return key[0], None if table.sort is None else key[1]
    elif table.sort is None:
        return key, None
    if table.sort is None:
        raise InvalidKeyError("a key of this table is its partition key value, or a tuple of it")
    raise InvalidKeyError("a key of this table is a tuple of its partition and sort key values")


def batch_write(target: Target[T], entries: Iterable[WriteEntry]) -> Request:
    """Build a BatchWriteItem of one chunk."""
    operations = [ItemText(entry.text) for entry in entries]
    payload = {"RequestItems": {target.table_name: operations}, "ReturnConsumedCapacity": "TOTAL"}
    return target.request("BatchWriteItem", payload, repeat=Repeat(is_safe=True))


def read_unprocessed_writes(
    target: Target[T], entries: Sequence[WriteEntry], reply: Payload
) -> list[WriteEntry]:
    """Give the entries that the service did not process."""
    left = _of_table(target, reply, "BatchWriteItem", "UnprocessedItems")
    if left is None:
        return []
    if not is_objects(left):
        raise unexpected("BatchWriteItem", "has unprocessed items that are no list")
    undone = _identities(target, [_written(write) for write in left], "BatchWriteItem")
    sent = {entry.identity: entry for entry in entries}
    unprocessed = [sent[each] for each in undone if each in sent]
    if len(unprocessed) < len(left):
        raise unexpected("BatchWriteItem", "leaves items unprocessed that were not sent")
    return unprocessed


def _written(write: Payload) -> WireItem:
    """Give the item or key of a put or delete."""
    for request, member in (("PutRequest", "Item"), ("DeleteRequest", "Key")):
        body = write.get(request)
        if isinstance(body, dict) and isinstance(body.get(member), dict):
            found: WireItem = body[member]
            return found
    raise unexpected("BatchWriteItem", "has unprocessed items that are neither puts nor deletes")


def batch_get(
    target: Target[T], reading: Reading[R], keys: Iterable[WireItem], *, consistent: bool
) -> Request:
    """Build a BatchGetItem of one chunk."""
    wanted: Payload = {"Keys": list(keys), **projection_members(target, reading)}
    if consistent:
        wanted["ConsistentRead"] = True
    payload = {"RequestItems": {target.table_name: wanted}, "ReturnConsumedCapacity": "TOTAL"}
    return target.request("BatchGetItem", ReadPayload(payload))


def read_found(target: Target[T], reply: Payload) -> dict[Identity, StoredItem]:
    """Give the items of a BatchGetItem by identity."""
    items = _of_table(target, reply, "BatchGetItem", "Responses")
    if items is None:
        return {}
    if not is_items(items):
        raise unexpected("BatchGetItem", "has items that are no list")
    return dict(zip(_identities(target, items, "BatchGetItem"), items, strict=True))


def read_unprocessed_keys(target: Target[T], reply: Payload) -> list[WireItem]:
    """Give the keys that the service did not process."""
    left = _of_table(target, reply, "BatchGetItem", "UnprocessedKeys")
    if left is None:
        return []
    keys = left.get("Keys") if isinstance(left, dict) else None
    if not is_objects(keys):
        raise unexpected("BatchGetItem", "has unprocessed keys that are no list")
    _identities(target, keys, "BatchGetItem")
    return keys


def _identities(target: Target[T], items: Sequence[StoredItem], operation: str) -> list[Identity]:
    """Identify the items, or keys, of a reply."""
    try:
        found = list(map(target.source.table.identity, items))
        hash(tuple(found))
    except _NO_IDENTITY:
        raise unexpected(operation, "has an item without the key of the table") from None
    return found


def _of_table(target: Target[T], reply: Payload, operation: str, member: str) -> object:
    by_table = reply.get(member)
    if not isinstance(by_table, dict):
        raise unexpected(operation, f"lacks {member}")
    if by_table.keys() - {target.table_name}:
        raise unexpected(operation, f"has {member} of another table")
    return by_table.get(target.table_name)
