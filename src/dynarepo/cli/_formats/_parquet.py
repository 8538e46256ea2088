"""
Parquet, with a column for each name of attribute.

A column has the type of its values where all have one: text, binary, booleans, sets as lists, and numbers as
64-bit integers or decimals where these hold all of them exactly, as text otherwise. Any other column holds
each value as JSON. The type in DynamoDB stands in the column's metadata; a file of somebody else's is read by
its own types.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

from dynarepo._codec import decode_number, encode_number
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._formats._format import Check, Items, Reading, malformed, placed, unchecked
from dynarepo.cli._plain_json import MalformedError, value_of, value_text

__all__ = ["PARQUET", "ParquetFormat"]

_METADATA: Final = b"dynamodb"
_JSON: Final = "JSON"
_ROWS: Final = 5_000
_MAX_DIGITS: Final = 38
_INT64: Final = 2**63


@dataclass(slots=True)
class _Column:
    """What is known of an attribute's values so far."""

    tags: set[str] = field(default_factory=set)
    is_int64: bool = True
    is_canonical: bool = True
    whole_digits: int = 0
    scale: int = 0

    def look(self, value: AttributeValue) -> None:
        ((tag, content),) = value.items()
        self.tags.add(tag)
        if tag == "N":
            number = decode_number(content)
            self.is_canonical &= encode_number(number) == content
            self.is_int64 &= isinstance(number, int) and -_INT64 <= number < _INT64
            whole, _, fraction = content.lstrip("-").partition(".")
            self.whole_digits = max(self.whole_digits, len(whole))
            self.scale = max(self.scale, len(fraction))

    @property
    def kind(self) -> str:
        tag = next(iter(self.tags)) if len(self.tags) == 1 else _JSON
        return _JSON if tag in {"L", "M", "NULL"} else tag

    def arrow_type(self, pa: Any) -> Any:  # noqa: PLR0911 - one for each type
        match self.kind:
            case "B":
                return pa.binary()
            case "BOOL":
                return pa.bool_()
            case "SS" | "NS":
                return pa.list_(pa.string())
            case "BS":
                return pa.list_(pa.binary())
            case "N" if self.is_canonical and self.is_int64:
                return pa.int64()
            case "N" if self.is_canonical and self.whole_digits + self.scale <= _MAX_DIGITS:
                return pa.decimal128(_MAX_DIGITS, self.scale)
        return pa.string()

    def field(self, pa: Any, name: str) -> Any:
        return pa.field(name, self.arrow_type(pa), metadata={_METADATA: self.kind.encode()})


@dataclass(frozen=True, slots=True)
class ParquetFormat:
    """Reads and writes Parquet through pyarrow."""

    name: str = "parquet"

    def check_installed(self) -> None:
        """Refuse before anything is read what would fail at its end without pyarrow."""
        _pyarrow()

    def write(self, path: Path, items: Items) -> None:
        """Write a file of items, after a first look at all of them for its columns."""
        pa, pq = _pyarrow()
        columns: dict[str, _Column] = {}
        for item in items():
            for name, value in item.items():
                columns.setdefault(name, _Column()).look(value)
        schema = pa.schema([column.field(pa, name) for name, column in columns.items()])
        source = items()
        with pq.ParquetWriter(path, schema) as writer:
            while rows := list(islice(source, _ROWS)):
                arrays = [
                    pa.array(
                        [_cell(item.get(each.name), each.metadata, each.type, pa) for item in rows], each.type
                    )
                    for each in schema
                ]
                writer.write_batch(pa.record_batch(arrays, schema=schema))

    def count(self, path: Path) -> int:
        """Give what the file says of its rows."""
        pa, pq = _pyarrow()
        try:
            return int(pq.read_metadata(path).num_rows)
        except pa.ArrowException:
            raise malformed(path, "as a whole", "not Parquet that can be read") from None

    def read(
        self,
        path: Path,
        key_types: Mapping[str, str],  # noqa: ARG002
        check: Check = unchecked,
    ) -> Reading:
        """Read a file of items."""
        pa, pq = _pyarrow()
        with placed(path, "row", pa.ArrowException) as place, pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                fields = [(each.name, _kind(each)) for each in batch.schema]
                cells = [column.to_pylist() for column in batch.columns]
                for row in zip(*cells, strict=True):
                    place.number += 1
                    item = _item(fields, row)
                    check(item)
                    yield item


def _pyarrow() -> tuple[Any, Any]:
    # Imported here: pyarrow is an optional extra, and takes long to import.
    try:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ModuleNotFoundError:
        raise CommandError(
            'Parquet needs the extra `parquet`: pip install "dynarepo[parquet]"', Exit.USAGE
        ) from None
    return pa, pq


def _cell(value: AttributeValue | None, metadata: Mapping[bytes, bytes], arrow_type: Any, pa: Any) -> object:
    if value is None:
        return None
    kind = metadata[_METADATA].decode()
    if kind == _JSON:
        return value_text(value)
    content = value[kind]
    if kind == "N" and not pa.types.is_string(arrow_type):
        return int(content) if pa.types.is_integer(arrow_type) else Decimal(content)
    if kind == "B":
        return b64decode(content)
    return [b64decode(each) for each in content] if kind == "BS" else content


def _kind(arrow_field: Any) -> str | None:
    stated = (arrow_field.metadata or {}).get(_METADATA)
    return None if stated is None else str(stated.decode())


def _item(fields: list[tuple[str, str | None]], row: tuple[Any, ...]) -> WireItem:
    item: WireItem = {}
    for (name, kind), cell in zip(fields, row, strict=True):
        if cell is None:
            continue
        try:
            item[name] = _value(kind, cell)
        except ValueError as error:
            raise MalformedError(f"column {name}: {error}") from None
    return item


def _value(kind: str | None, cell: Any) -> AttributeValue:
    match kind:
        case None:
            return _foreign(cell)
        case "JSON":
            return value_of(cell)
        case "N":
            return {"N": cell if isinstance(cell, str) else encode_number(cell)}
        case "B":
            return {"B": b64encode(cell).decode()}
        case "BS":
            return {"BS": [b64encode(each).decode() for each in cell]}
    return {kind: cell}


def _foreign(cell: Any) -> AttributeValue:  # noqa: PLR0911 - one for each type
    match cell:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": cell}
        case str():
            return {"S": cell}
        case int() | float() | Decimal():
            return {"N": encode_number(cell)}
        case bytes():
            return {"B": b64encode(cell).decode()}
        case list():
            return {"L": [_foreign(each) for each in cell]}
        case dict():
            return {"M": {name: _foreign(each) for name, each in cell.items()}}
    raise MalformedError(f"DynamoDB has no {type(cell).__name__}: make it text or a number first")


PARQUET: Final = ParquetFormat()
