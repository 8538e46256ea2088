"""What was counted, as it is kept in a file and shown in a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from platform import python_version
from typing import Final

from integration.mutation.targets import Target

__all__ = ["Score", "groups", "read_scores", "table", "write_scores"]

_HEAD: Final = (
    "| module | mutants | tried | killed | timeout | survived | score |",
    "|---|---:|---:|---:|---:|---:|---:|",
)


@dataclass(slots=True)
class Score:
    """The mutants of one module, or of several; the digests of the killed, and what the survivors change."""

    group: str
    module: str = ""
    mutants: int = 0
    killed: list[str] = field(default_factory=list)
    timeout: list[str] = field(default_factory=list)
    survived: list[str] = field(default_factory=list)
    source: str = ""
    date: str = ""
    versions: str = ""

    @classmethod
    def of(cls, target: Target, mutants: int) -> Score:
        """Begin the score of a module as it is now."""
        return cls(
            target.group,
            str(target.path),
            mutants,
            source=sha256(target.path.read_bytes()).hexdigest(),
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            versions=f"mutmut {version('mutmut')}, CPython {python_version()}",
        )

    @property
    def tried(self) -> int:
        """How many were judged."""
        return len(self.killed) + len(self.timeout) + len(self.survived)

    @property
    def share(self) -> float:
        """How many of those did not survive, between 0 and 1."""
        return 1 - len(self.survived) / self.tried if self.tried else 1.0

    def is_of_the_same(self, other: Score) -> bool:
        """Tell whether both are about the same source."""
        return (self.source, self.versions) == (other.source, other.versions)


def read_scores(path: Path) -> dict[str, Score]:
    """Return the scores that are kept, by module."""
    kept = json.loads(path.read_text()) if path.exists() else []
    return {entry["module"]: Score(**entry) for entry in kept}


def write_scores(path: Path, scores: Mapping[str, Score]) -> None:
    """Keep the scores."""
    entries = [asdict(scores[module]) for module in sorted(scores)]
    path.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n")


def groups(scores: Mapping[str, Score]) -> list[Score]:
    """Add up the modules of each part of the library."""
    ordered = sorted(scores.values(), key=lambda score: score.group)
    return [_sum(name, list(members)) for name, members in groupby(ordered, key=lambda score: score.group)]


def _sum(group: str, members: list[Score]) -> Score:
    total = Score(group)
    for member in members:
        total.mutants += member.mutants
        total.killed += member.killed
        total.timeout += member.timeout
        total.survived += member.survived
    return total


def table(scores: Mapping[str, Score]) -> str:
    """Show groups and modules in Markdown."""
    rows = []
    for group in groups(scores):
        members = [score for score in scores.values() if score.group == group.group]
        rows += [
            _row(f"**{group.group}**", group),
            *(_row(f"`{Path(each.module).stem}`", each) for each in members),
        ]
    return "\n".join((*_HEAD, *rows, "", f"{_dates(scores.values())}.")) + "\n"


def _row(name: str, score: Score) -> str:
    counts = map(len, (score.killed, score.timeout, score.survived))
    return f"| {' | '.join(map(str, (name, score.mutants, score.tried, *counts)))} | {score.share:.1%} |"


def _dates(scores: Iterable[Score]) -> str:
    return ", ".join(sorted({f"{score.date} ({score.versions})" for score in scores}))
