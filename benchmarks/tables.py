"""Tables of a comparison: all figures for the terminal, ratios for the guide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.clients import OURS
from benchmarks.results import Comparison, Figure
from benchmarks.summary import Ratio

__all__ = ["every_figure", "markdown", "not_ahead", "ratios"]

_FIGURES: Final[tuple[Figure, ...]] = ("cpu_us", "wall_us", "p50_us", "p99_us")
_COMPARED: Final[tuple[Figure, ...]] = ("cpu_us", "wall_us")
_HEAD: Final = ("CPU µs", "ops/s", "p50 µs", "p99 µs", "CPU, times ours", "time, times ours")


def every_figure(run: Comparison) -> str:
    """Give all rows with all figures; times are the best repetition, ratios the middle and the spread."""
    parts = []
    for operation, at_once, row in run.groups():
        rows = [_figures(run, operation, at_once, client) for client in row]
        head = (f"{operation}, {at_once} at once", *_HEAD)
        parts.append(_aligned([head, *rows]))
    return "\n\n".join(parts)


def ratios(run: Comparison, at_once: int, figure: Figure = "cpu_us") -> str:
    """Give a Markdown table: each operation's own figure, and how many times as much the peers take."""
    peers = [client for client in run.clients if client != OURS]
    head = ["", f"{run.clients[OURS]['name']}, µs", *(run.clients[client]["name"] for client in peers)]
    rows = []
    for operation, _, _ in run.groups(at_once):
        own = run.best(operation, at_once, OURS, figure)
        cells = [_cell(run, operation, at_once, client, figure) for client in peers]
        rows.append([operation.replace("_", " "), "–" if own is None else f"{own:,.0f}", *cells])  # noqa: RUF001
    return markdown([head, *rows])


def not_ahead(run: Comparison) -> list[tuple[str, int, str, Ratio, Ratio]]:
    """Give every row in which a client of others takes no more than ours, of processor time or of time."""
    found = []
    for operation, at_once, row in run.groups():
        for client in row:
            cpu = run.times_ours(operation, at_once, client, "cpu_us")
            wall = run.times_ours(operation, at_once, client, "wall_us")
            if cpu is None or wall is None or run.clients[client]["is_ours"]:
                continue
            if min(cpu.median, wall.median) <= 1:
                found.append((operation, at_once, client, cpu, wall))
    return found


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table; the first row is its head, and all columns but the first have numbers."""
    head, *body = rows
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))


def _figures(run: Comparison, operation: str, at_once: int, client: str) -> tuple[str, ...]:
    cpu, wall, p50, p99 = (run.best(operation, at_once, client, figure) or 0.0 for figure in _FIGURES)
    ratios_of = [run.times_ours(operation, at_once, client, figure) for figure in _COMPARED]
    numbers = (f"{cpu:,.1f}", f"{1e6 / wall:,.0f}", f"{p50:,.0f}", f"{p99:,.0f}")
    return (run.clients[client]["name"], *numbers, *("" if each is None else str(each) for each in ratios_of))


def _cell(run: Comparison, operation: str, at_once: int, client: str, figure: Figure) -> str:
    times = run.times_ours(operation, at_once, client, figure)
    return "–" if times is None else str(times)  # noqa: RUF001


def _aligned(rows: Iterable[Sequence[str]]) -> str:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        first, *others = row
        cells = [first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(others, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
