"""
Queries and scans as plans: what to ask, in which key ranges, and from where to go on.

DynamoDB has no "not equal" on keys, so `ne` is two ranges, below and above the value, that are
read one after the other. A position in a listing is always a key: whether it lies below or above
the value tells the range to go on in, so paging crosses from one range to the other without a seam.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, TypeGuard, TypeVar

from pydantic import BaseModel

from dynarepo._codec import (
    DecodeError,
    Entity,
    IndexKeys,
    KeyAttribute,
    ModelResolver,
    decode_dynamic,
    encode_plain_key,
    key_of,
)
from dynarepo._expressions import (
    ExpressionWriter,
    SortKeyCondition,
    Where,
    check_bounds,
    check_length,
    condition_of,
)
from dynarepo._limits import MAX_SEGMENTS
from dynarepo._request import Request
from dynarepo._requests._target import Target, is_items, unexpected
from dynarepo._wire import AttributeValue, Payload, WireItem, sort_value
from dynarepo.exceptions import InvalidKeyError, InvalidRequestError

__all__ = ["Listing", "Page", "PlainKey", "check_segments", "query", "require_whole_items", "scan"]

T = TypeVar("T", bound=BaseModel)

#: A key as Python values: attribute name to text, number or bytes.
PlainKey: TypeAlias = dict[str, object]

_NOT_IDENTIFYING: Final = frozenset({"ConsistentRead", "ReturnConsumedCapacity", "Select"})
_COMPARATORS: Final = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


@dataclass(frozen=True, slots=True)
class Page:
    """One reply to a Query or Scan."""

    items: list[WireItem] = field(repr=False)
    count: int
    scanned_count: int
    last_key: WireItem | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """
    A query or scan, ready to be asked page by page.

    `ranges` holds one key condition for each key range, in reading order; a scan has one range
    without a condition. `split` is the value between the two ranges of `ne`.
    """

    operation: str
    payload: Payload = field(repr=False)
    keys: tuple[KeyAttribute, ...]
    ranges: tuple[str | None, ...] = (None,)
    partition: Mapping[str, AttributeValue] = field(default_factory=dict, repr=False)
    split: tuple[str, AttributeValue] | None = field(default=None, repr=False)

    @property
    def has_filter(self) -> bool:
        """Whether items may be read and not returned."""
        return "FilterExpression" in self.payload

    def request(self, range_number: int, start: WireItem | None, page_size: int | None) -> Request:
        """Build the request of one page."""
        payload = dict(self.payload)
        condition = self.ranges[range_number]
        if condition is not None:
            payload["KeyConditionExpression"] = condition
        if start is not None:
            payload["ExclusiveStartKey"] = start
        if page_size is not None:
            payload["Limit"] = page_size
        pk = next((decode_dynamic(value) for value in self.partition.values()), None)
        return Request(self.operation, payload, payload["TableName"], pk)

    def read(self, reply: Payload) -> Page:
        """Read the reply of one page."""
        is_counting = self.payload.get("Select") == "COUNT"
        items, count = reply.get("Items", [] if is_counting else None), reply.get("Count")
        scanned = reply.get("ScannedCount")
        if not is_items(items) or type(count) is not int or type(scanned) is not int:
            raise unexpected(self.operation, "lacks its items or counts")
        if not is_counting and len(items) != count:
            raise unexpected(self.operation, "has a count that is not that of its items")
        last_key = reply.get("LastEvaluatedKey") or None
        if last_key is not None and not self._is_position(last_key):
            raise unexpected(self.operation, "has a last key that is none of the table or index")
        return Page(items, count, scanned, last_key)

    def counting(self) -> Listing:
        """Give the same listing that counts instead of reading items."""
        return replace(self, payload=self.payload | {"Select": "COUNT"})

    def segment(self, number: int, total: int) -> Listing:
        """Give one segment of a parallel scan."""
        return replace(self, payload=self.payload | {"Segment": number, "TotalSegments": total})

    def range_of(self, start: WireItem | None) -> int:
        """Tell which range a position lies in."""
        if start is None or self.split is None:
            return 0
        attribute, value = self.split
        is_below = sort_value(start[attribute]) < sort_value(value)  # type: ignore[operator]
        return 0 if is_below == self.payload.get("ScanIndexForward", True) else 1

    def position(self, item: WireItem) -> WireItem:
        """Give the position right behind an item."""
        return key_of(item, self.keys)

    def plain_position(self, position: WireItem | None) -> PlainKey | None:
        """Show a position as Python values."""
        return None if position is None else {name: decode_dynamic(value) for name, value in position.items()}

    def read_position(self, position: Mapping[str, object]) -> WireItem:
        """
        Check a position that comes from outside and encode it.

        Raises:
            InvalidKeyError: It has other attributes or types than the keys, or another partition.
        """
        names = {key.attribute for key in self.keys}
        if not isinstance(position, Mapping) or position.keys() != names:
            raise InvalidKeyError(f"last_evaluated_key must have exactly {', '.join(sorted(names))}")
        start = {key.attribute: encode_plain_key(key, position[key.attribute]) for key in self.keys}
        self.check_position(start)
        return start

    def check_position(self, start: WireItem) -> None:
        """Refuse a position outside the partition that is read."""
        if any(start.get(name) != value for name, value in self.partition.items()):
            raise InvalidKeyError("last_evaluated_key belongs to another partition than the query")

    def _is_position(self, last_key: object) -> TypeGuard[WireItem]:
        if not isinstance(last_key, dict) or last_key.keys() != {key.attribute for key in self.keys}:
            return False
        try:
            for value in last_key.values():
                decode_dynamic(value)
        except DecodeError:
            return False
        return all(key.tag in last_key[key.attribute] for key in self.keys)

    def fingerprint(self) -> bytes:
        """Give a digest of what is read and in which order, whatever the page and consistency."""
        read = {name: value for name, value in self.payload.items() if name not in _NOT_IDENTIFYING}
        identity = [self.operation, read, self.ranges]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).digest()


def query(
    target: Target[T],
    pk: object,
    sk_condition: SortKeyCondition | None = None,
    *,
    where: Where[T] | None = None,
    index: str | None = None,
    descending: bool = False,
    consistent: bool | None = None,
) -> Listing:
    """Plan a Query of one partition of the table or of an index."""
    entity = target.entity
    found = None if index is None else entity.index(index)
    hashes = (entity.table.partition,) if found is None else found.partition
    ranges = found.sort if found is not None else tuple(entity.table.attributes[1:])
    writer = ExpressionWriter(_filter_resolver(entity, (*hashes, *ranges)))
    partition = _partition(hashes, pk)
    equals = [f"{writer.attribute(name)} = {writer.value(value)}" for name, value in partition.items()]
    conditions, split = _sort_conditions(writer, ranges, sk_condition)
    base = " AND ".join(equals)
    payload = _listing_payload(target, found, where, writer, consistent)
    if descending:
        payload["ScanIndexForward"] = False
        conditions = conditions[::-1]
    return Listing(
        "Query",
        payload,
        _position_keys(entity, found),
        tuple(check_length(" AND ".join([base, *condition])) for condition in conditions),
        partition,
        split,
    )


def scan(
    target: Target[T],
    *,
    where: Where[T] | None = None,
    index: str | None = None,
    consistent: bool | None = None,
) -> Listing:
    """Plan a Scan of the table or of an index."""
    found = None if index is None else target.entity.index(index)
    writer = ExpressionWriter(ModelResolver(target.entity))
    payload = _listing_payload(target, found, where, writer, consistent)
    return Listing("Scan", payload, _position_keys(target.entity, found))


def check_segments(segments: int) -> int:
    """Refuse a number of segments that the service does not know."""
    if isinstance(segments, bool) or not isinstance(segments, int) or not 1 <= segments <= MAX_SEGMENTS:
        raise InvalidRequestError(f"segments is a whole number from 1 to {MAX_SEGMENTS}")
    return segments


def _listing_payload(
    target: Target[T],
    index: IndexKeys | None,
    where: Where[T] | None,
    writer: ExpressionWriter,
    consistent: bool | None,
) -> Payload:
    payload = target.payload()
    if index is not None:
        payload["IndexName"] = index.name
        if not target.entity.covers(index) and not index.is_global:
            # A local index fetches from the table what it does not hold itself.
            payload["Select"] = "ALL_ATTRIBUTES"
    condition = condition_of(where)
    if condition is not None:
        payload["FilterExpression"] = writer.condition(condition)
    if _is_consistent(target, index, consistent):
        payload["ConsistentRead"] = True
    return writer.into(payload)


def require_whole_items(entity: Entity[T], index: str | None) -> None:
    """Refuse to read models from a global index that does not hold all of their fields."""
    if index is None:
        return
    found = entity.index(index)
    if found.is_global and not entity.covers(found):
        raise InvalidRequestError(
            f"index {found.name} does not hold every field of {entity.model.__name__}; "
            "count it, or read the items from the table"
        )


def _is_consistent(target: Target[T], index: IndexKeys | None, consistent: bool | None) -> bool:
    is_global = index is not None and index.is_global
    if consistent and is_global:
        raise InvalidRequestError("a global index cannot be read consistently; leave out consistent=True")
    return bool(target.consistent_read and not is_global if consistent is None else consistent)


def _filter_resolver(entity: Entity[T], keys: tuple[KeyAttribute, ...]) -> ModelResolver[T]:
    return ModelResolver(
        entity,
        frozenset(key.attribute for key in keys),
        "a key of the queried table or index cannot be filtered; state it in the sort key condition",
    )


def _position_keys(entity: Entity[T], index: IndexKeys | None) -> tuple[KeyAttribute, ...]:
    keys = (*entity.table.attributes, *(index.attributes if index is not None else ()))
    return tuple({key.attribute: key for key in keys}.values())


def _partition(keys: tuple[KeyAttribute, ...], pk: object) -> dict[str, AttributeValue]:
    values = pk if len(keys) > 1 and isinstance(pk, tuple) else (pk,)
    if len(values) != len(keys):
        names = ", ".join(key.attribute for key in keys)
        raise InvalidKeyError(f"the partition key of the index is a tuple of all of {names}")
    return {key.attribute: key.encode(value) for key, value in zip(keys, values, strict=True)}


_Conditions: TypeAlias = list[list[str]]


def _sort_conditions(
    writer: ExpressionWriter, keys: tuple[KeyAttribute, ...], condition: SortKeyCondition | None
) -> tuple[_Conditions, tuple[str, AttributeValue] | None]:
    if condition is None:
        return [[]], None
    if not isinstance(condition, SortKeyCondition):
        raise InvalidRequestError("the sort key condition is a SortKeyCondition, such as .eq(value)")
    if not keys:
        raise InvalidRequestError("a sort key condition was given, but the table or index has no sort key")
    *leading, last = _leading(keys, condition.value)
    fixed = [_compare(writer, key, "=", key.encode(value)) for key, value in leading]
    key, value = last
    name = writer.attribute(key.attribute)
    match condition.operator:
        case "ne":
            if len(keys) > 1:
                raise InvalidRequestError("ne needs a sort key of one attribute")
            wire = key.encode(value)
            placeholder = writer.value(wire)
            ranges = [[f"{name} < {placeholder}"], [f"{name} > {placeholder}"]]
            return ranges, (key.attribute, wire)
        case "begins_with":
            return [[*fixed, f"begins_with({name}, {writer.value(key.encode_prefix(value))})"]], None
        case "between":
            low, high = key.encode(value), key.encode(_upper(condition))
            check_bounds(key.attribute, low, high)
            return [[*fixed, f"{name} BETWEEN {writer.value(low)} AND {writer.value(high)}"]], None
        case operator:
            return [[*fixed, _compare(writer, key, _COMPARATORS[operator], key.encode(value))]], None


def _compare(writer: ExpressionWriter, key: KeyAttribute, comparator: str, wire: AttributeValue) -> str:
    return f"{writer.attribute(key.attribute)} {comparator} {writer.value(wire)}"


def _leading(keys: tuple[KeyAttribute, ...], value: object) -> list[tuple[KeyAttribute, object]]:
    values = value if len(keys) > 1 and isinstance(value, tuple) else (value,)
    if not 1 <= len(values) <= len(keys):
        raise InvalidKeyError(f"the sort key of the index has {len(keys)} attributes")
    return list(zip(keys, values, strict=False))


def _upper(condition: SortKeyCondition) -> object:
    low, high = condition.value, condition.upper
    if not (isinstance(low, tuple) and isinstance(high, tuple)):
        return high
    if low[:-1] != high[:-1] or len(low) != len(high):
        raise InvalidKeyError("between takes two tuples that differ in their last value only")
    return high[-1]
