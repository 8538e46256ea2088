"""What a reply says was consumed, by table and kind of units; and how many items a request is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dynarepo._item_text import plain_payload
from dynarepo._record import Record
from dynarepo._wire import Payload

__all__ = ["Consumption", "consumed", "entry_count", "table_names", "takes_write_units"]

_WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
#: Far beyond what any request can take: whoever says more, or less than nothing, is no DynamoDB.
_MOST_UNITS: Final = 1_000_000


class Consumption(Record, frozen=True):
    """The units that one request took of one table."""

    table_name: str | None
    read: float
    write: float


def takes_write_units(operation: str) -> bool:
    """Tell whether an operation is paid in write units."""
    return operation in _WRITES


def consumed(operation: str, table_name: str | None, reply: Payload) -> Iterator[Consumption]:
    """
    Give what a request consumed.

    Args:
        operation: DynamoDB's name of the operation.
        table_name: The table, where the reply does not name it.
        reply: The reply; one that says nothing gives nothing.
    """
    said = reply.get("ConsumedCapacity")
    for each in said if isinstance(said, list) else [said]:
        if isinstance(each, dict) and "CapacityUnits" in each:
            yield _consumption(operation, table_name, each)


def _consumption(operation: str, table_name: str | None, said: Payload) -> Consumption:
    total = _units(said, "CapacityUnits")
    # Only transactions tell the kinds apart; those of a single kind have the total alone.
    read, write = _units(said, "ReadCapacityUnits"), _units(said, "WriteCapacityUnits")
    if not read and not write:
        read, write = (0.0, total) if takes_write_units(operation) else (total, 0.0)
    name = said.get("TableName")
    return Consumption(name if isinstance(name, str) else table_name, read, write)


def _units(said: Payload, member: str) -> float:
    units = said.get(member)
    return float(units) if isinstance(units, int | float) and 0 <= units <= _MOST_UNITS else 0.0


def entry_count(payload: Payload) -> int:
    """Count the items that a request names: those of a batch or transaction, or else one."""
    if "TransactItems" in payload:
        return len(payload["TransactItems"])
    if "RequestItems" in payload:
        return sum(map(_entries, payload["RequestItems"].values()))
    return 1


def _entries(wanted: Any) -> int:
    return len(wanted) if isinstance(wanted, list) else len(wanted["Keys"])


def table_names(payload: Payload) -> list[str]:
    """Name the tables that a request is about, each once."""
    if "TransactItems" in payload:
        bodies = [body for entry in plain_payload(payload)["TransactItems"] for body in entry.values()]
        return list(dict.fromkeys(body["TableName"] for body in bodies))
    if "RequestItems" in payload:
        return list(payload["RequestItems"])
    return [payload["TableName"]] if "TableName" in payload else []
