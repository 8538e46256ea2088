"""
How far a consumer has come in each shard, and who keeps that.

A position is text, so that any store can hold it: the sequence number of the last change that was processed,
or one of three that are none. `oldest` is the beginning of a shard that was there at the start. `since:` and
a time in seconds is what a start at the latest goes back to where nothing came before it was interrupted.
`end` is the end of a shard that was read completely.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from dynarepo.exceptions import InvalidRequestError

__all__ = ["END", "OLDEST", "CheckpointStore", "MemoryCheckpoints", "Progress", "since", "since_time"]

OLDEST: Final = "oldest"
END: Final = "end"
_SINCE: Final = "since:"

#: By how much the clocks here and there may differ.
_CLOCK_SECONDS: Final = 60


def since(now: float) -> str:
    """Give the position of a start at the latest change."""
    return f"{_SINCE}{int(now) - _CLOCK_SECONDS}"


def since_time(position: str) -> int | None:
    """Give the time from which on changes count; `None` where the position says nothing of it."""
    return int(position.removeprefix(_SINCE)) if position.startswith(_SINCE) else None


class CheckpointStore(Protocol):
    """
    Keeps how far a consumer has come, so that another run goes on from there.

    One store is one consumer's. Positions are opaque text of at most a hundred characters.
    """

    async def load(self, stream_arn: str) -> Mapping[str, str]:
        """Give the positions that are kept for a stream, by the ids of its shards."""
        ...

    async def save(self, stream_arn: str, positions: Mapping[str, str | None]) -> None:
        """Keep positions beside those of other shards; `None` says to forget a shard."""
        ...


class MemoryCheckpoints:
    """
    Checkpoints that live as long as the process.

    Attributes:
        positions: What is kept, by stream and shard. It may be given to another one.
    """

    def __init__(self, positions: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.positions: dict[str, dict[str, str]] = {
            stream: dict(shards) for stream, shards in (positions or {}).items()
        }

    async def load(self, stream_arn: str) -> Mapping[str, str]:
        """Give what was saved for a stream."""
        return dict(self.positions.get(stream_arn, {}))

    async def save(self, stream_arn: str, positions: Mapping[str, str | None]) -> None:
        """Keep it."""
        kept = self.positions.setdefault(stream_arn, {})
        for shard_id, position in positions.items():
            if position is None:
                kept.pop(shard_id, None)
            else:
                kept[shard_id] = position


class Progress:
    """
    The positions of one run: as they are, and as they are saved, which is never ahead.

    Args:
        store: Where they are saved.
        stream_arn: The stream.
        kept: What the store has.
        every: How many changes are processed before a position is saved, unless a page ends earlier.
    """

    def __init__(self, store: CheckpointStore, stream_arn: str, kept: Mapping[str, str], every: int) -> None:
        self._store = store
        self._stream_arn = stream_arn
        self._every = every
        self._unsaved: dict[str, str] = {}
        self._since_saved = 0
        self.positions: dict[str, str] = dict(_checked(kept))

    async def processed(self, shard_id: str, sequence_number: str) -> None:
        """Note that a change is processed, and save that if many are."""
        self.reach(shard_id, sequence_number)
        self._since_saved += 1
        if self._since_saved >= self._every:
            await self.save()

    def reach(self, shard_id: str, position: str) -> None:
        """Note a position; it is saved later."""
        if self.positions.get(shard_id) != position:
            self.positions[shard_id] = self._unsaved[shard_id] = position

    async def save(self) -> None:
        """Save what is new."""
        if self._unsaved:
            unsaved, self._unsaved = self._unsaved, {}
            self._since_saved = 0
            await self._store.save(self._stream_arn, dict(unsaved))

    async def forget(self, shard_ids: list[str]) -> None:
        """Forget shards that nobody asks for any more."""
        if shard_ids:
            for shard_id in shard_ids:
                del self.positions[shard_id]
            await self._store.save(self._stream_arn, dict.fromkeys(shard_ids))


def _checked(kept: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for shard_id, position in kept.items():
        number = position.removeprefix(_SINCE)
        if position not in (OLDEST, END) and not (number.isascii() and number.isdigit()):
            raise InvalidRequestError(f"the checkpoint of {shard_id} is not one that was saved")
        yield shard_id, position
