"""What a comparison gave, as it is written to JSON and read again to draw tables and pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from benchmarks.clients import OPERATIONS, OURS
from benchmarks.summary import Ratio, ratio

__all__ = ["Comparison", "Figure", "Measurements"]

Figure: TypeAlias = Literal["cpu_us", "wall_us", "p50_us", "p99_us"]
Measurements: TypeAlias = list[dict[str, float]]


@dataclass(slots=True)
class Comparison:
    """
    One run of all clients side by side.

    Args:
        machine: See `benchmarks.machine.describe`, and the load before and after.
        server: What the answering server could do, before and after.
        settings: How often and how long was measured.
        clients: By key: name, form, versions, and what opening and memory cost.
        rows: By operation, number at once and client: the repetitions in their order.
    """

    machine: Mapping[str, Any]
    server: Mapping[str, Any]
    settings: Mapping[str, Any]
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[str, Measurements]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Comparison:
        """Read what `write` wrote."""
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        rounded = _rounded(asdict(self))
        path.write_text(json.dumps(rounded, indent=1, ensure_ascii=False) + "\n")

    def add(self, operation: str, at_once: int, client: str, measured: dict[str, float]) -> None:
        """Keep one measurement."""
        row = self.rows.setdefault(operation, {}).setdefault(str(at_once), {})
        row.setdefault(client, []).append(measured)

    def groups(self, at_once: int | None = None) -> Iterator[tuple[str, int, dict[str, Measurements]]]:
        """Give operation, number at once and the clients' measurements."""
        for operation in sorted(self.rows, key=OPERATIONS.index):
            for number, row in self.rows[operation].items():
                if at_once is None or int(number) == at_once:
                    yield operation, int(number), row

    def best(self, operation: str, at_once: int, client: str, figure: Figure) -> float | None:
        """Give the least of a client's repetitions."""
        measured = self.rows[operation][str(at_once)].get(client)
        return min(each[figure] for each in measured) if measured else None

    def times_ours(self, operation: str, at_once: int, client: str, figure: Figure) -> Ratio | None:
        """Give how many times as much as ours a client takes, repetition by repetition."""
        row = self.rows[operation][str(at_once)]
        if client not in row or OURS not in row:
            return None
        theirs, ours = ([each[figure] for each in row[name]] for name in (client, OURS))
        return ratio(theirs, ours)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3 if value < 100 else 1)
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
