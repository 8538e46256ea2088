r"""
CSV, with a column for each name and type of attribute: `pk:S,age:N,tags:SS`.

An empty cell is an attribute that the item lacks. Text and binary that are empty, or begin with a backslash,
have a backslash before them. Lists, maps and sets are JSON. A column that states no type is text, or of the
type that the table's key has there; what stands behind a colon is always a type.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dynarepo._wire import AttributeValue, WireItem
from dynarepo.cli._formats._format import (
    Check,
    Items,
    Reading,
    line_count,
    lines_of,
    opened_text,
    placed,
    unchecked,
)
from dynarepo.cli._plain_json import MalformedError, content_of, content_text

__all__ = ["CSV", "CsvFormat"]

_TYPES: Final = ("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS")
_BARE: Final = frozenset({"S", "B"})
_ESCAPE: Final = "\\"
_MARK: Final = "\ufeff"

#: An item has up to 400 KB, and JSON may take a few characters for one.
_MAX_CELL: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """Reads and writes CSV as RFC 4180 has it."""

    name: str = "csv"

    def write(self, path: Path, items: Items) -> None:
        """Write a file of items, after a first look at all of them for its columns."""
        columns: dict[tuple[str, str], None] = {}
        for item in items():
            columns.update({(name, tag): None for name, value in item.items() for tag in value})
        with opened_text(path, "w") as file:
            if next(iter(columns), ("",))[0].startswith(_MARK):
                file.write(_MARK)  # reading takes one away
            writer = csv.writer(file)
            writer.writerow([f"{name}:{tag}" for name, tag in columns])
            for item in items():
                writer.writerow([_cell(item.get(name), tag) for name, tag in columns])

    def count(self, path: Path) -> int:
        """Count the lines below the first; text with line ends makes it too high."""
        return max(0, line_count(path) - 1)

    def read(self, path: Path, key_types: Mapping[str, str], check: Check = unchecked) -> Reading:
        """Read a file of items."""
        csv.field_size_limit(max(_MAX_CELL, csv.field_size_limit()))
        with placed(path, "row") as place, lines_of(path) as lines:
            rows = csv.reader(lines, strict=True)
            header = next(rows, [])
            place.number = 1
            columns = [_column(number, text, key_types) for number, text in enumerate(header, start=1)]
            for row in rows:
                place.number += 1
                if row:
                    item = _item(columns, row)
                    check(item)
                    yield item


def _cell(value: AttributeValue | None, tag: str) -> str:
    if value is None or tag not in value:
        return ""
    content = value[tag]
    if tag in _BARE:
        return f"{_ESCAPE}{content}" if not content or content.startswith(_ESCAPE) else str(content)
    return str(content) if tag == "N" else content_text(tag, content)


def _column(number: int, text: str, key_types: Mapping[str, str]) -> tuple[str, str]:
    name, colon, tag = text.rpartition(":")
    if colon and tag in _TYPES:
        return name, tag
    if colon and text not in key_types:
        known = ", ".join(_TYPES)
        # By its number: in a file without names, these are values.
        raise MalformedError(
            f"column {number}: the type behind the colon is one of {known}; "
            "text of such a name has :S behind it"
        )
    return text, key_types.get(text, "S")


def _item(columns: list[tuple[str, str]], row: list[str]) -> WireItem:
    if len(row) > len(columns):
        raise MalformedError(f"{len(row)} cells, and {len(columns)} columns")
    item: WireItem = {}
    for (name, tag), cell in zip(columns, row, strict=False):
        if not cell:
            continue
        if name in item:
            raise MalformedError("two cells of one attribute")
        try:
            item[name] = _value(tag, cell)
        except ValueError as error:
            raise MalformedError(f"{name}: {error}") from None
    return item


def _value(tag: str, cell: str) -> AttributeValue:
    if tag == "S":
        return {"S": cell.removeprefix(_ESCAPE)}
    if tag == "B":
        return content_of("B", f'"{cell.removeprefix(_ESCAPE)}"')
    return content_of(tag, cell)


CSV: Final = CsvFormat()
