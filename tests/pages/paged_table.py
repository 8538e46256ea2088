"""A table for queries and scans, sorted as DynamoDB sorts, with pages cut wherever a test says."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any, Final, TypeAlias

from dynarepo._wire import AttributeValue, Payload, WireItem, sort_value

__all__ = ["PagedTable"]

_CONDITION: Final = re.compile(
    r"begins_with\((?P<prefixed>#\w+), (?P<prefix>:\w+)\)"
    r"|(?P<bounded>#\w+) BETWEEN (?P<low>:\w+) AND (?P<high>:\w+)"
    r"|(?P<name>#\w+) (?P<operator>=|<=|>=|<|>) (?P<value>:\w+)"
)

_COMPARATORS: Final = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_Position: TypeAlias = tuple[Any, ...]


class PagedTable:
    """
    Answers Query and Scan.

    Args:
        items: What is stored.
        order: The attributes of its key and its index's key, in the order in which they sort.
        cuts: How many places each page in turn covers at most, besides its `Limit`.
        is_exact: Leave out the last key where nothing follows; DynamoDB gives it where it stopped at a limit.
        ghosts: Items that take a place and are not there, as when they were deleted while the page was
            read: a page of nothing else is empty and not the last.
    """

    def __init__(
        self,
        items: Iterable[WireItem],
        order: tuple[str, ...],
        *,
        cuts: Iterable[int] = repeat(1_000_000),
        ghosts: Iterable[WireItem] = (),
        is_exact: bool = False,
    ) -> None:
        self._is_exact = is_exact
        self._order = order
        places = {self._position(ghost): (ghost, False) for ghost in ghosts}
        places |= {self._position(item): (item, True) for item in items}
        self._places = [places[position] for position in sorted(places)]
        self._cuts: Iterator[int] = iter(cuts)

    def __call__(self, _operation: str, payload: Payload) -> Payload:
        """Answer one request."""
        covered, scanned = 0, 0
        items: list[WireItem] = []
        last: WireItem | None = None
        cut, limit = next(self._cuts), payload.get("Limit", 1_000_000)
        for item, is_there in self._ahead(payload):
            if covered == cut or scanned == limit:
                return self._page(payload, items, scanned, last)
            covered, last = covered + 1, item
            scanned += is_there
            if is_there and _holds(payload.get("FilterExpression"), payload, item):
                items.append(item)
        stopped = not self._is_exact and (covered == cut or scanned == limit)
        return self._page(payload, items, scanned, last if stopped else None)

    def _ahead(self, payload: Payload) -> Iterator[tuple[WireItem, bool]]:
        forward = payload.get("ScanIndexForward", True)
        start = payload.get("ExclusiveStartKey")
        begin = None if start is None else self._position(start)
        total, segment = payload.get("TotalSegments", 1), payload.get("Segment", 0)
        for number, (item, is_there) in enumerate(self._places if forward else reversed(self._places)):
            position = self._position(item)
            is_behind = begin is None or (position > begin if forward else position < begin)
            is_of_segment = number % total == segment
            if is_behind and is_of_segment and _holds(payload.get("KeyConditionExpression"), payload, item):
                yield item, is_there

    def _page(self, payload: Payload, items: list[WireItem], scanned: int, last: WireItem | None) -> Payload:
        page: Payload = {"Count": len(items), "ScannedCount": scanned}
        if payload.get("Select") != "COUNT":
            page["Items"] = items
        if last is not None:
            page["LastEvaluatedKey"] = {name: last[name] for name in self._order}
        return page

    def _position(self, item: WireItem) -> _Position:
        return tuple(sort_value(item[name]) for name in self._order)


def _holds(expression: str | None, payload: Payload, item: WireItem) -> bool:
    if expression is None:
        return True
    found = list(_CONDITION.finditer(expression))
    assert " AND ".join(match.group() for match in found) == expression
    names, values = payload["ExpressionAttributeNames"], payload["ExpressionAttributeValues"]
    return all(_matches(match.groupdict(), names, values, item) for match in found)


def _matches(
    parts: Mapping[str, str], names: Mapping[str, str], values: Mapping[str, AttributeValue], item: WireItem
) -> bool:
    attribute = item.get(names[parts["prefixed"] or parts["bounded"] or parts["name"]])
    if attribute is None:
        return False
    stored: Any = sort_value(attribute)
    given: dict[str, Any] = {
        part: sort_value(values[parts[part]]) for part in ("prefix", "low", "high", "value") if parts[part]
    }
    if "prefix" in given:
        return bool(stored.startswith(given["prefix"]))
    if "low" in given:
        return bool(given["low"] <= stored <= given["high"])
    return bool(_COMPARATORS[parts["operator"]](stored, given["value"]))
