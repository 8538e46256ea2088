"""
How far long work is: a bar at a terminal, a line every few seconds elsewhere, on stderr in both cases.

Shown are the items done, how many there may be, the rate, the capacity consumed and the time left. DynamoDB
counts a table's items every few hours, so the total is a guess, and grows when it was too low.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from dynarepo.cli._meter import Meter
from dynarepo.cli._output import counted

__all__ = ["PlainProgress", "TerminalProgress", "WorkProgress", "progress"]

_SECONDS_BETWEEN_LINES: Final = 5.0


class WorkProgress(Protocol):
    """Is told of each step, and shows them while it is entered."""

    def advance(self, items: int) -> None:
        """Count items done."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


def progress(doing: str, total: int | None, meter: Meter, *, done: int = 0) -> WorkProgress:
    """
    Show how far work is.

    Args:
        doing: What is done, such as `export shop`.
        total: How many items there may be; `None` where that is not known.
        meter: What is consumed.
        done: How many items an earlier run did.
    """
    console = Console(stderr=True)
    if console.is_terminal:
        return TerminalProgress(doing, total, meter, done, console)
    return PlainProgress(doing, total, meter, done)


class TerminalProgress:
    """A bar that is drawn again and again."""

    def __init__(self, doing: str, total: int | None, meter: Meter, done: int, console: Console) -> None:
        self._rich = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counts]}"),
            _Rate(),
            TextColumn("{task.fields[units]}"),
            TimeRemainingColumn(compact=True),
            console=console,
        )
        self._meter = meter
        self._done = done
        self._total = total
        self._task = self._rich.add_task(doing, total=total, completed=done, counts="", units="")

    def advance(self, items: int) -> None:
        """Count items done."""
        self._done += items
        self._total = None if self._total is None else max(self._total, self._done)
        self._rich.update(
            self._task,
            completed=self._done,
            total=self._total,
            counts=_counts(self._done, self._total),
            units=_units(self._meter),
        )

    def __enter__(self) -> Self:
        self.advance(0)
        self._rich.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._rich.stop()


class _Rate(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s")


class PlainProgress:
    """A line every few seconds, for logs."""

    def __init__(
        self,
        doing: str,
        total: int | None,
        meter: Meter,
        done: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[str], None] | None = None,
    ) -> None:
        self._doing = doing
        self._total = total
        self._meter = meter
        self._done = self._before = done
        self._clock = clock
        self._write = (lambda line: click.echo(line, file=sys.stderr)) if write is None else write
        self._began = self._shown_at = clock()

    def advance(self, items: int) -> None:
        """Count items done."""
        self._done += items
        now = self._clock()
        if now - self._shown_at >= _SECONDS_BETWEEN_LINES:
            self._shown_at = now
            self._write(self._line(now - self._began))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the last word to the command."""

    def _line(self, seconds: float) -> str:
        rate = (self._done - self._before) / seconds
        parts = [f"{self._doing}: {_counts(self._done, self._total)}", f"{rate:,.0f}/s", _units(self._meter)]
        if self._total is not None and rate > 0:
            parts.append(f"about {max(0.0, self._total - self._done) / rate:,.0f} s left")
        return ", ".join(part for part in parts if part)


def _counts(done: int, total: int | None) -> str:
    return counted(done) if total is None else f"{done:,} of about {counted(max(total, done))}"


def _units(meter: Meter) -> str:
    kinds = (("read", meter.read_units), ("write", meter.write_units))
    return ", ".join(f"{units:,.1f} {kind} units" for kind, units in kinds if units)
