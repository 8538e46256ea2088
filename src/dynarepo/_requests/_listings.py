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
from typing import Final, Generic, TypeAlias, TypeGuard, TypeVar

from msgspec import field
from msgspec.structs import replace

from dynarepo._codec import DecodeError, KeyAttribute, decode_dynamic, encode_plain_key, key_of
from dynarepo._item_text import StoredItem, glance_at
from dynarepo._record import Record
from dynarepo._request import Request
from dynarepo._requests._target import is_items, unexpected
from dynarepo._wire import AttributeValue, Payload, ReadPayload, WireItem, sort_value
from dynarepo.exceptions import InvalidKeyError

__all__ = ["Listing", "Page", "PlainKey"]

I_co = TypeVar("I_co", bound=StoredItem, covariant=True)

#: A key as Python values: attribute name to text, number or bytes.
PlainKey: TypeAlias = dict[str, object]

_NOT_IDENTIFYING: Final = frozenset({"ConsistentRead", "ReturnConsumedCapacity"})


class Page(Record, Generic[I_co], frozen=True):
    """One reply to a Query or Scan."""

    items: list[I_co]
    count: int
    scanned_count: int
    last_key: WireItem | None


class Listing(Record, frozen=True):
    """
    A query or scan, ready to be asked page by page.

    `ranges` holds one key condition for each key range, in reading order; a scan has one range
    without a condition. `split` is the value between the two ranges of `ne`. `identity` is what a
    cursor is bound to. `is_empty`: nothing can be found, so that nothing need be asked.
    `hydrates`: what is found are keys, and the items are to be read from the table. `sifts`: what is
    found may have expired or be of another model, which no filter could tell.
    """

    operation: str
    payload: Payload
    keys: tuple[KeyAttribute, ...]
    ranges: tuple[str | None, ...] = (None,)
    partition: Mapping[str, AttributeValue] = field(default_factory=dict)
    split: tuple[str, AttributeValue] | None = None
    identity: Payload = field(default_factory=dict)
    is_empty: bool = False
    hydrates: bool = False
    sifts: bool = False

    @property
    def has_filter(self) -> bool:
        """Whether items may be read and not returned."""
        return self.sifts or "FilterExpression" in self.payload

    def request(self, range_number: int, start: WireItem | None, page_size: int | None) -> Request:
        """Build the request of one page."""
        payload = ReadPayload(self.payload)
        condition = self.ranges[range_number]
        if condition is not None:
            payload["KeyConditionExpression"] = condition
        if start is not None:
            payload["ExclusiveStartKey"] = start
        if page_size is not None:
            payload["Limit"] = page_size
        pk = next((decode_dynamic(value) for value in self.partition.values()), None)
        return Request(self.operation, payload, payload["TableName"], pk)

    def read(self, reply: Payload) -> Page[StoredItem]:
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

    def segment(self, number: int, total: int) -> Listing:
        """Give one segment of a parallel scan."""
        part = {"Segment": number, "TotalSegments": total}
        return replace(self, payload=self.payload | part, identity=self.identity | part)

    def range_of(self, start: WireItem | None) -> int:
        """Tell which range a position lies in."""
        if start is None or self.split is None:
            return 0
        attribute, value = self.split
        is_below = sort_value(start[attribute]) < sort_value(value)  # type: ignore[operator]
        return 0 if is_below == self.payload.get("ScanIndexForward", True) else 1

    def position(self, item: StoredItem) -> WireItem:
        """Give the position right behind an item; `UnexpectedResponseError` if its keys are none."""
        found = key_of(glance_at(*(key.attribute for key in self.keys))(item), self.keys)
        if not self._is_position(found):
            raise unexpected(self.operation, "has an item with keys that are none of the table or index")
        return found

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
        read = {name: value for name, value in self.identity.items() if name not in _NOT_IDENTIFYING}
        identity = [self.operation, read, self.ranges]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).digest()
