"""One item a line: plain JSON, and DynamoDB's own JSON as AWS exports it to S3."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dynarepo._codec import DecodeError, decode_item
from dynarepo._wire import WireItem
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
from dynarepo.cli._plain_json import MalformedError, item_of, item_text

__all__ = ["DYNAMODB_JSON", "JSON_LINES", "LineFormat"]


@dataclass(frozen=True, slots=True)
class LineFormat:
    """A format that can be written item by item, and cut at the end of any line."""

    name: str
    encode: Callable[[WireItem], str]
    decode: Callable[[str], WireItem]

    def write(self, path: Path, items: Items) -> None:
        """Write a file of items."""
        with opened_text(path, "w") as file:
            file.writelines(f"{self.encode(item)}\n" for item in items())

    def count(self, path: Path) -> int:
        """Count the lines."""
        return line_count(path)

    def read(
        self,
        path: Path,
        key_types: Mapping[str, str],  # noqa: ARG002
        check: Check = unchecked,
    ) -> Reading:
        """Read a file of items; empty lines are none."""
        with placed(path, "line") as place, lines_of(path) as lines:
            for line in lines:
                place.number += 1
                if line.strip():
                    item = self.decode(line)
                    if "\\u" in line:
                        _check_text(item)
                    check(item)
                    yield item


def _check_text(item: WireItem) -> None:
    try:
        json.dumps(item, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedError("a lone surrogate, which is no text") from None


def _marshalled(item: WireItem) -> str:
    return json.dumps({"Item": item}, ensure_ascii=False, separators=(",", ":"))


def _unmarshalled(line: str) -> WireItem:
    item: WireItem = {}
    try:
        item = json.loads(line)["Item"]
        is_item = bool(decode_item(item))
    except (DecodeError, KeyError, TypeError, ValueError, RecursionError):
        is_item = False
    if not is_item:
        raise MalformedError('not an item as {"Item": {"name": {"S": "..."}}}')
    return item


JSON_LINES: Final = LineFormat("jsonl", item_text, item_of)
DYNAMODB_JSON: Final = LineFormat("dynamodb-json", _marshalled, _unmarshalled)
