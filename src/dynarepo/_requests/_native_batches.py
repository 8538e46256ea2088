"""
Native batches: what makes two items of a table without a model the same.

A key tells it itself: it has the attributes of the table's key and no others. Of an item that is to be
written, only a description of the table tells which of the attributes these are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dynarepo._codec import PlainTable, encode_item, encode_item_key
from dynarepo._expressions import Path
from dynarepo._json import dumps
from dynarepo._record import Record
from dynarepo._requests._batches import WriteEntry
from dynarepo._requests._native import expression_members
from dynarepo._requests._table_replies import read_table
from dynarepo._requests._target import unexpected
from dynarepo._wire import Payload, WireItem
from dynarepo.exceptions import InvalidKeyError, InvalidRequestError

__all__ = [
    "NativeWrite",
    "native_entries",
    "native_keys",
    "native_writes",
    "projected_paths",
    "read_table_key",
    "table_of_keys",
]

_NAME: Final = r"#?[A-Za-z0-9_]+"
_INDEX: Final = r"\[\s*\d+\s*\]"
_PATH: Final = re.compile(rf"\s*{_NAME}(?:\s*\.\s*{_NAME}|\s*{_INDEX})*\s*", re.ASCII)
_STEP: Final = re.compile(rf"{_INDEX}|{_NAME}", re.ASCII)


class NativeWrite(Record, frozen=True):
    """A put or delete, encoded; `source` is the dict as the caller gave it, and `where` its place."""

    is_put: bool
    wire: WireItem
    source: object
    where: str

    def operation(self) -> Payload:
        """Give it as a batch has it."""
        return {"PutRequest": {"Item": self.wire}} if self.is_put else {"DeleteRequest": {"Key": self.wire}}


def native_writes(
    puts: Iterable[Mapping[str, object]], deletes: Iterable[Mapping[str, object]]
) -> list[NativeWrite]:
    """Encode items to put and keys to delete, in this order."""
    places = ((f"puts[{number}]", item) for number, item in enumerate(puts))
    writes = [NativeWrite(True, encode_item(item, where), item, where) for where, item in places]
    places = ((f"deletes[{number}]", key) for number, key in enumerate(deletes))
    return writes + [NativeWrite(False, encode_item_key(key, where), key, where) for where, key in places]


def native_entries(table: PlainTable, writes: Iterable[NativeWrite]) -> list[WriteEntry]:
    """Make entries of a batch; `InvalidKeyError` for one without the key of the table."""
    identify = table.table.identity
    entries = []
    for write in writes:
        if write.is_put:
            table.check_item(write.wire, write.where)
        else:
            table.check_key(write.wire, write.where)
        operation = write.operation()
        entries.append(WriteEntry(identify(write.wire), dumps(operation), write.source))
    return entries


def native_keys(keys: Iterable[Mapping[str, object]]) -> list[WireItem]:
    """Encode keys to read."""
    return [encode_item_key(key, f"keys[{number}]") for number, key in enumerate(keys)]


def table_of_keys(keys: Sequence[WireItem], what: str, paths: tuple[Path, ...] | None = None) -> PlainTable:
    """Learn the key of a table from keys; `InvalidKeyError` unless all have the same attributes."""
    table = PlainTable.of_key(keys[0], f"{what}[0]", paths)
    for number, key in enumerate(keys):
        table.check_key(key, f"{what}[{number}]")
    return table


def read_table_key(reply: Payload) -> PlainTable:
    """Learn the key of a table from its description."""
    table = read_table(reply)
    try:
        types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
        schema = {each["KeyType"]: each["AttributeName"] for each in table["KeySchema"]}
        names = [schema[kind] for kind in ("HASH", "RANGE") if kind in schema]
        return PlainTable.described({name: types[name] for name in names})
    except (KeyError, TypeError, InvalidKeyError):
        raise unexpected("DescribeTable", "does not describe the key of a table") from None


def projected_paths(
    projection_expression: str | None, names: Mapping[str, str] | None
) -> tuple[Path, ...] | None:
    """Take a projection expression apart, so that the key can be projected with it."""
    members = expression_members(names, None, projection_expression=projection_expression)
    if not members:
        return None
    aliases: Mapping[str, str] = members.get("ExpressionAttributeNames", {})
    return tuple(_path(part, aliases) for part in members["ProjectionExpression"].split(","))


def _path(text: str, aliases: Mapping[str, str]) -> Path:
    if not _PATH.fullmatch(text):
        raise InvalidRequestError(
            "projection_expression is a list of paths such as 'name, #lines[0].total', with commas between"
        )
    steps = _STEP.findall(text)
    return tuple(int(step[1:-1]) if step[0] == "[" else aliases.get(step, step) for step in steps)
