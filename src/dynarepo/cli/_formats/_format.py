"""What a format can do, and how files are opened for one."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias

from dynarepo._wire import WireItem
from dynarepo.cli._exits import CommandError
from dynarepo.cli._plain_json import MalformedError
from dynarepo.exceptions import InvalidValueError

__all__ = ["Format", "Items", "line_count", "malformed", "opened_text", "placed"]

#: Gives the items from the first one on, as often as it is called.
Items: TypeAlias = Callable[[], Iterator[WireItem]]


class Format(Protocol):
    """Writes items into a file, and reads them from one."""

    @property
    def name(self) -> str:
        """What `--format` calls it."""
        ...

    def write(self, path: Path, items: Items) -> None:
        """Write a file of items."""
        ...

    def count(self, path: Path) -> int:
        """Count the items of a file, or guess."""
        ...

    def read(self, path: Path, key_types: Mapping[str, str]) -> Iterator[WireItem]:
        """
        Read a file of items.

        Args:
            path: The file.
            key_types: The types of the table's key attributes, for a file that states none.

        Raises:
            CommandError: The file is not of this format; the message says where, and holds no value.
        """
        ...


def malformed(path: Path, place: str, error: object) -> CommandError:
    """Say where a file is not of its format."""
    return CommandError(f"{path}, {place}: {error}")


#: What readers raise, with texts that are not for users.
_MALFORMED: Final[tuple[type[Exception], ...]] = (
    ValueError,
    TypeError,
    EOFError,
    csv.Error,
    gzip.BadGzipFile,
)


@dataclass(slots=True)
class Place:
    """The line or row that is being read; 0 before the first."""

    number: int = 0


@contextmanager
def placed(path: Path, unit: str, *others: type[Exception]) -> Iterator[Place]:
    """Say in which line or row a file is not of its format; `others` are further errors that say so."""
    place = Place()
    try:
        yield place
    except (MalformedError, InvalidValueError) as error:
        raise malformed(path, f"{unit} {place.number}", error) from None
    except _MALFORMED + others:
        raise malformed(path, f"{unit} {place.number + 1}", "not of this format, or cut off") from None


def opened_text(path: Path, mode: str) -> IO[str]:
    """Open a file of UTF-8 text with its line ends as they are; one that ends in `.gz` is compressed."""
    if path.suffix == ".gz":
        return gzip.open(path, f"{mode}t", encoding="utf-8", newline="")  # type: ignore[return-value]
    return path.open(mode, encoding="utf-8", newline="")


def line_count(path: Path) -> int:
    """Count the lines of a file, with little memory."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except (EOFError, gzip.BadGzipFile):
        raise malformed(path, "as a whole", "not compressed by gzip, or cut off") from None
