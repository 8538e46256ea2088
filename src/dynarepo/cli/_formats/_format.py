"""What a format can do, and how files are opened for one."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias

from dynarepo._wire import WireItem
from dynarepo.cli._exits import CommandError
from dynarepo.cli._plain_json import MalformedError
from dynarepo.exceptions import InvalidKeyError, InvalidValueError

__all__ = [
    "Check",
    "Format",
    "Items",
    "Reading",
    "line_count",
    "lines_of",
    "malformed",
    "opened_text",
    "placed",
    "unchecked",
]

#: Gives the items from the first one on, as often as it is called.
Items: TypeAlias = Callable[[], Iterator[WireItem]]

#: Gives the items of a file, which it closes at their end or when it is closed itself.
Reading: TypeAlias = Generator[WireItem, None, None]

#: Refuses an item that cannot be used, by `MalformedError` or `InvalidKeyError`.
Check: TypeAlias = Callable[[WireItem], None]


def unchecked(item: WireItem) -> None:
    """Take every item."""


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

    def read(self, path: Path, key_types: Mapping[str, str], check: Check = unchecked) -> Reading:
        """
        Read a file of items.

        Args:
            path: The file.
            key_types: The types of the table's key attributes, for a file that states none.
            check: Looks at each item.

        Raises:
            CommandError: The file is not of this format, or an item is refused; the message says where, and
                holds no value.
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
    except (MalformedError, InvalidKeyError, InvalidValueError) as error:
        raise malformed(path, f"{unit} {place.number}", error) from None
    except UnicodeError:
        raise malformed(path, f"{unit} {place.number + 1}", "not UTF-8") from None
    except _MALFORMED + others:
        raise malformed(path, f"{unit} {place.number + 1}", "not of this format, or cut off") from None


def opened_text(path: Path, mode: str, encoding: str = "utf-8", errors: str = "strict") -> IO[str]:
    """Open a file of text with its line ends as they are; one that ends in `.gz` is compressed."""
    if path.suffix == ".gz":
        return gzip.open(path, f"{mode}t", encoding=encoding, errors=errors, newline="")  # type: ignore[return-value]
    return path.open(mode, encoding=encoding, errors=errors, newline="")


@contextmanager
def lines_of(path: Path) -> Iterator[Iterator[str]]:
    """Open lines of UTF-8, with a byte order mark or without; `UnicodeError` at the first that is not."""
    # Files are decoded in blocks: an error in one would be told of the line where its block begins.
    with opened_text(path, "r", "utf-8-sig", "surrogateescape") as file:
        yield map(_checked, file)


def _checked(line: str) -> str:
    line.encode()
    return line


def line_count(path: Path) -> int:
    """Count the lines of a file, with little memory."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except (EOFError, gzip.BadGzipFile):
        raise malformed(path, "as a whole", "not compressed by gzip, or cut off") from None
