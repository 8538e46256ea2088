"""
Which shards may be read: those whose parent is read to its end.

A shard takes over the keys of its parent, so that changes of one key stand in several shards, one behind the
other. A day later a shard leaves the description of the stream, whether it was read or not, and nothing names
it any more but the shards that follow it. So what was read whole is remembered until those are begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dynarepo._record import Record
from dynarepo._streams._errors import StreamTrimmedError
from dynarepo._streams._positions import END, OLDEST

__all__ = ["Lineage", "Shard"]


class Shard(Record, frozen=True):
    """A shard as the stream describes it."""

    shard_id: str
    parent: str | None = None
    closed: bool = False


class Lineage:
    """
    The shards of a stream, and how far each is read.

    Args:
        positions: The positions, kept by their owner; they are only looked at.
    """

    def __init__(self, positions: Mapping[str, str]) -> None:
        self._positions = positions
        self._shards: dict[str, Shard] = {}
        self._read_whole: set[str] = set()
        self._begun: set[str] = set()

    @staticmethod
    def beginning(shards: Iterable[Shard], latest: str | None) -> dict[str, str]:
        """
        Give the positions of a consumer that begins: in the oldest shards, or in those that were the latest.

        Args:
            shards: The shards that there are.
            latest: The position in a shard that takes changes yet; `None` to begin with the oldest.
        """
        known = {shard.shard_id: shard for shard in shards}
        if latest is None:
            return {name: OLDEST for name, shard in known.items() if shard.parent not in known}
        parents = {shard.parent for shard in known.values()}
        return {name: END if shard.closed else latest for name, shard in known.items() if name not in parents}

    def update(self, shards: Iterable[Shard]) -> None:
        """
        Take the shards as they are described now.

        Raises:
            StreamTrimmedError: One is missing that is not read whole.
        """
        self._shards = {shard.shard_id: shard for shard in shards}
        self._read_whole = {name for name, position in self._positions.items() if position == END}
        for name in self._positions:
            self._read_whole.update(self._ancestors(name))
        for shard in self._shards.values():
            if shard.shard_id not in self._positions and self._is_lost(shard.parent):
                raise _lost(f"{shard.shard_id} follows a shard that was not read")
        for name, position in self._positions.items():
            if position != END and name not in self._shards and name not in self._begun:
                raise _lost(f"{name} was not read to its end")

    def take_readable(self) -> list[str]:
        """Give the shards that can be read now, each once."""
        found = [
            name
            for name, shard in self._shards.items()
            if name not in self._begun
            and name not in self._read_whole
            and (shard.parent in self._read_whole or not self._is_known(shard.parent))
        ]
        self._begun.update(found)
        return found

    def waits_for_children(self) -> bool:
        """Tell whether a shard is read whole, and what follows it is not there yet."""
        parents = {shard.parent for shard in self._shards.values()}
        return any(name in self._read_whole and name not in parents for name in self._shards)

    def forgettable(self) -> list[str]:
        """Give the shards whose positions are of no use: they are gone, and what follows has its own."""
        needed = {shard.parent for shard in self._shards.values() if shard.shard_id not in self._positions}
        return [
            name
            for name, position in self._positions.items()
            if position == END and name not in self._shards and name not in needed
        ]

    def _ancestors(self, name: str) -> set[str]:
        found: set[str] = set()
        shard = self._shards.get(name)
        while shard is not None and shard.parent is not None and shard.parent not in found:
            found.add(shard.parent)
            shard = self._shards.get(shard.parent)
        return found

    def _is_known(self, name: str | None) -> bool:
        return name in self._shards or name in self._begun

    def _is_lost(self, parent: str | None) -> bool:
        return parent is not None and not self._is_known(parent) and parent not in self._read_whole


def _lost(what: str) -> StreamTrimmedError:
    return StreamTrimmedError(f"changes are lost: {what} before DynamoDB dropped it, after 24 hours")
