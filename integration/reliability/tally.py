"""What was tried and what became of it, added up for the table at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Tally"]

_COLUMNS = ("tried", "survived", "lost", "doubled", "leaked")


@dataclass(slots=True)
class _Row:
    tried: int = 0
    survived: int = 0
    lost: int = 0
    doubled: int = 0
    leaked: int = 0


class Tally:
    """
    One row for each goal, in the order in which they were first met.

    `tried` counts calls or scenarios; `survived` those that ended as promised: done once, refused without
    an effect, or said to be unknown. `lost` are effects that were acknowledged and are not there, and items
    that were there and not found. `doubled` are effects that nobody acknowledged or called unknown. `leaked`
    are tasks, connections, replies and errors where they do not belong, and calls over their deadline.
    """

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    def add(
        self, goal: str, tried: int, survived: int, *, lost: int = 0, doubled: int = 0, leaked: int = 0
    ) -> None:
        """Count something for a goal."""
        row = self._rows.setdefault(goal, _Row())
        row.tried += tried
        row.survived += survived
        row.lost += lost
        row.doubled += doubled
        row.leaked += leaked

    def markdown(self) -> Iterator[str]:
        """Give the lines of a table; none where nothing was tried."""
        if self._rows:
            yield f"| goal | {' | '.join(_COLUMNS)} |"
            yield f"|---|{'---:|' * len(_COLUMNS)}"
        for goal, row in self._rows.items():
            yield f"| {goal} | {' | '.join(f'{getattr(row, name):,}' for name in _COLUMNS)} |"
