"""The formats of files of items: each reads what it writes, equal in value and type."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._formats._columns import CSV
from dynarepo.cli._formats._format import Format
from dynarepo.cli._formats._lines import DYNAMODB_JSON, JSON_LINES, LineFormat
from dynarepo.cli._formats._parquet import PARQUET

__all__ = ["DYNAMODB_JSON", "FORMATS", "Format", "LineFormat", "format_of"]

#: By the names that `--format` takes.
FORMATS: Final[Mapping[str, Format]] = {each.name: each for each in (JSON_LINES, CSV, PARQUET, DYNAMODB_JSON)}
_BY_SUFFIX: Final[Mapping[str, Format]] = {
    ".csv": CSV,
    ".json": DYNAMODB_JSON,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".parquet": PARQUET,
}


def format_of(path: Path, name: str | None) -> Format:
    """Give the format of a name, or without one that of a file's ending, if it can be used here."""
    found = FORMATS[name] if name is not None else _of_ending(path)
    if found is PARQUET:
        PARQUET.check_installed()
    return found


def _of_ending(path: Path) -> Format:
    suffix = (path.with_suffix("") if path.suffix == ".gz" else path).suffix
    if suffix not in _BY_SUFFIX:
        known = ", ".join(_BY_SUFFIX)
        raise CommandError(f"{path}: the ending tells no format ({known}): give --format", Exit.USAGE)
    return _BY_SUFFIX[suffix]
