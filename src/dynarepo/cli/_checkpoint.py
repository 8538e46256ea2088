"""
How far work on many items is, in a file, so that the same command goes on after it was killed.

The file is replaced as a whole and names what it is of by a digest. It holds keys of items, so that only its
owner can read it. Work is done by one process at a time, which has a lock on a file beside it: a lock on the
file itself would be lost when that is replaced.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from dynarepo._wire import WireItem
from dynarepo.cli._exits import CommandError, Exit, told
from dynarepo.exceptions import DynamoDBServiceError, RejectedError

if sys.platform == "win32":  # pragma: no cover - the tests run elsewhere
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


__all__ = ["Checkpoint", "Position", "alone", "replace_privately", "resumable"]

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
        source: What tells the file that is read from a later one in its place, where one is read.
        items: Items done.
        before: Those of them that earlier runs did.
        size: Bytes of the output that hold them, where there is an output.
        positions: Where each segment is, where there are segments.
    """

    path: Path
    of: str
    source: list[int] | None = None
    items: int = 0
    before: int = field(default=0, compare=False)
    size: int = 0
    positions: list[Position] = field(default_factory=list)

    @classmethod
    def found(
        cls,
        path: Path,
        work: Mapping[str, object],
        *,
        source: list[int] | None = None,
        segments: int = 0,
        restart: bool = False,
    ) -> Self:
        """
        Read how far an earlier run came, or begin.

        Args:
            path: The file.
            work: What the work is; where it was another, going on would spoil both.
            source: What tells the file that is read from a later one in its place.
            segments: How many there are.
            restart: Forget an earlier run.

        Raises:
            CommandError: The file is of other work, of another source, or damaged.
        """
        digest = hashlib.sha256(json.dumps(work, sort_keys=True, default=str).encode()).hexdigest()
        begun = cls(path, digest, source, positions=[Position() for _ in range(segments)])
        if restart:
            begun.remove()
        if not path.exists():
            return begun
        try:
            stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            positions = [Position(each["behind"], each["is_done"]) for each in stored["positions"]]
            found = cls(path, stored["of"], stored["source"], stored["items"], size=stored["size"])
            found.before, found.positions = found.items, positions
        except (ValueError, KeyError, TypeError):
            raise CommandError(
                f"{path} is no state file of dynarepo: remove it, or give --restart", Exit.USAGE
            ) from None
        if found.of != digest or len(positions) != segments:
            raise CommandError(
                f"{path} is of other work: give the options it was begun with, or --restart",
                Exit.USAGE,
            )
        if found.source != source:
            raise CommandError(
                f"the file changed since the run that {path} is of: begin again with it by --restart; "
                "putting an item twice is the same as once",
                Exit.USAGE,
            )
        return found

    @property
    def is_begun(self) -> bool:
        """Whether an earlier run came anywhere."""
        return self.path.exists()

    @property
    def counts(self) -> dict[str, object]:
        """Give the items done by all runs and by this one, for machines."""
        return {"items": self.items, "items_this_run": self.items - self.before}

    @property
    def by_this_run(self) -> str:
        """Say how many of the items this run did, where an earlier one did some."""
        return f", {self.items - self.before:,} of them by this run" if self.before else ""

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
                "source": self.source,
                "items": self.items,
                "size": self.size,
                "positions": [{"behind": each.behind, "is_done": each.is_done} for each in self.positions],
            }
        )
        replace_privately(self.path, text)

    def remove(self) -> None:
        """Forget it: the work is done."""
        self.path.unlink(missing_ok=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """
    Keep other runs out while this one works with a file; a run that was killed keeps nobody out.

    Raises:
        CommandError: Another run works with it.
    """
    beside = path.with_name(f"{path.name}.lock")
    with beside.open("ab") as file:
        try:
            _lock(file.fileno())
            # The one who had it removes the file: a lock on what was removed keeps nobody out.
            is_alone = os.path.samestat(os.fstat(file.fileno()), beside.stat())
        except (BlockingIOError, PermissionError, FileNotFoundError):
            is_alone = False
        if not is_alone:
            raise CommandError(f"another run is at work on {path}: let it end first")
        try:
            yield
        finally:
            with suppress(PermissionError):  # Windows removes no file that is open; it stays, and is empty
                beside.unlink(missing_ok=True)


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
        is_refused = isinstance(error.__cause__ or error, RejectedError)
        go_on = f"when that is mended, {_GO_ON}" if is_refused else _GO_ON
        raise CommandError(f"{told(error)[0]}; {go_on}", Exit.DIFFERENT) from None
