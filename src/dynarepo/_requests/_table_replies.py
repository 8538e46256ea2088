"""What replies about tables say: in which state a table and its indexes are, and how its items expire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from dynarepo._requests._target import is_items, unexpected
from dynarepo._wire import Payload

__all__ = [
    "index_status",
    "is_active",
    "is_on_demand",
    "read_table",
    "read_table_names",
    "read_ttl",
    "stream_view",
]

M = TypeVar("M", list[str], Payload)


def read_table(reply: Payload) -> Payload:
    """Give the table that a DescribeTable describes."""
    table = _member(reply, "DescribeTable", "Table", dict)
    if not is_items(table.get("GlobalSecondaryIndexes", [])):
        raise unexpected("DescribeTable", "has indexes that are no list")
    return table


def read_table_names(reply: Payload) -> list[str]:
    """Give the names of a ListTables."""
    return _member(reply, "ListTables", "TableNames", list)


def read_ttl(reply: Payload) -> str | None:
    """Give the attribute of a DescribeTimeToLive where expiry is on, or will be within the hour."""
    description = _member(reply, "DescribeTimeToLive", "TimeToLiveDescription", dict)
    if description.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        return None
    name = description.get("AttributeName")
    if not isinstance(name, str):
        raise unexpected("DescribeTimeToLive", "lacks its AttributeName")
    return name


def stream_view(table: Payload) -> str | None:
    """Give what the stream of a described table has of an item, in lower case; `None` without a stream."""
    stream = table.get("StreamSpecification")
    if not isinstance(stream, dict) or not stream.get("StreamEnabled"):
        return None
    return str(stream.get("StreamViewType")).lower()


def is_active(table: Payload) -> bool:
    """Tell whether a described table and its global indexes can be used."""
    states = [table.get("TableStatus"), *(index.get("IndexStatus") for index in _global_indexes(table))]
    return all(state == "ACTIVE" for state in states)


def index_status(table: Payload, index_name: str) -> str | None:
    """Give the state of a global index of a described table; `None` where there is no such index."""
    for index in _global_indexes(table):
        if index.get("IndexName") == index_name:
            return str(index.get("IndexStatus"))
    return None


def is_on_demand(table: Payload) -> bool:
    """Tell whether a described table is billed by request, rather than by provisioned capacity."""
    summary = table.get("BillingModeSummary")
    return isinstance(summary, dict) and summary.get("BillingMode") == "PAY_PER_REQUEST"


def _global_indexes(table: Payload) -> Iterator[Payload]:
    yield from table.get("GlobalSecondaryIndexes", ())


def _member(reply: Payload, operation: str, name: str, kind: type[M]) -> M:
    found: Any = reply.get(name)
    if not isinstance(found, kind):
        raise unexpected(operation, f"lacks its {name}")
    return found
