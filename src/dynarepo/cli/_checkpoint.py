"""
How far work on many items is, in a file, so that the same command goes on after it was killed.

The file is replaced as a whole and names what it is of by a digest. It holds keys of items, so that only its
owner can read it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from dynarepo._wire import WireItem
from dynarepo.cli._exits import CommandError, Exit, told
from dynarepo.exceptions import DynamoDBServiceError

__all__ = ["Checkpoint", "Position", "replace_privately", "resumable"]

_GO_ON: Final = "the same command goes on where this one ended"


@dataclass(slots=True)
class Position:
    """Where a segment of a scan is: before its first item, behind a key, or at its end."""

    behind: WireItem | None = field(default=None, repr=False)
    is_done: bool = False


@dataclass(slots=True)
class Checkpoint:
    """
    How far work is.

    Attributes:
        path: The file.
        of: A digest of what the work is.
        items: Items done.
        size: Bytes of the output that hold them, where there is an output.
        positions: Where each segment is, where there are segments.
    """

    path: Path
    of: str
    items: int = 0
    size: int = 0
    positions: list[Position] = field(default_factory=list)

    @classmethod
    def found(
        cls, path: Path, work: Mapping[str, object], *, segments: int = 0, restart: bool = False
    ) -> Self:
        """
        Read how far an earlier run came, or begin.

        Args:
            path: The file.
            work: What the work is; where it was another, going on would spoil both.
            segments: How many there are.
            restart: Forget an earlier run.

        Raises:
            CommandError: The file is of other work, or damaged.
        """
        digest = hashlib.sha256(json.dumps(work, sort_keys=True, default=str).encode()).hexdigest()
        begun = cls(path, digest, positions=[Position() for _ in range(segments)])
        if restart:
            begun.remove()
        if not path.exists():
            return begun
        try:
            stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            positions = [Position(each["behind"], each["is_done"]) for each in stored["positions"]]
            found = cls(path, stored["of"], stored["items"], stored["size"], positions)
        except (ValueError, KeyError, TypeError):
            raise CommandError(
                f"{path} is no state file of dynarepo: remove it, or give --restart", Exit.USAGE
            ) from None
        if found.of != digest or len(positions) != segments:
            raise CommandError(
                f"{path} is of other work: give the options it was begun with, or --restart",
                Exit.USAGE,
            )
        return found

    @property
    def is_begun(self) -> bool:
        """Whether an earlier run came anywhere."""
        return self.path.exists()

    @property
    def is_done(self) -> bool:
        """Whether all segments are at their end."""
        return all(position.is_done for position in self.positions)

    def begin(self) -> None:
        """Save it before the first thing is done, so that the same command goes on from there on."""
        if not self.is_begun:
            self.save()

    def save(self) -> None:
        """Replace the file, so that it is there as a whole whenever the process ends."""
        text = json.dumps(
            {
                "of": self.of,
                "items": self.items,
                "size": self.size,
                "positions": [{"behind": each.behind, "is_done": each.is_done} for each in self.positions],
            }
        )
        replace_privately(self.path, text)

    def remove(self) -> None:
        """Forget it: the work is done."""
        self.path.unlink(missing_ok=True)


def replace_privately(path: Path, text: str) -> None:
    """Replace a file as a whole, by one that only its owner can read."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


@contextmanager
def resumable(path: Path) -> Iterator[None]:
    """Say that work can go on where it is interrupted, or fails after some of it was done."""
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError(f"interrupted: {_GO_ON}", Exit.INTERRUPTED) from None
    except DynamoDBServiceError as error:
        if not path.exists():
            raise
        raise CommandError(f"{told(error)[0]}; {_GO_ON}", Exit.DIFFERENT) from None
