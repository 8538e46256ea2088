"""Progress says how many, how fast, for how much and how long."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dynarepo.cli._meter import Meter
from dynarepo.cli._progress import PlainProgress, TerminalProgress, progress
from tests.cli.test_meter import Clock, used


def shown(total: int | None, meter: Meter, steps: list[tuple[float, int]], done: int = 0) -> list[str]:
    """Give the lines of some steps, each some seconds after the one before."""
    clock, lines = Clock(), list[str]()
    with PlainProgress("export shop", total, meter, done, clock=clock, write=lines.append) as bar:
        for seconds, items in steps:
            clock.now += seconds
            bar.advance(items)
    return lines


def test_a_line_comes_every_few_seconds_and_not_for_each_step() -> None:
    lines = shown(10_000, Meter(usages=[used(12.5, 0)]), [(1, 100)] * 11)
    assert lines == [
        "export shop: 500 of about 10,000 items, 100/s, 12.5 read units, about 95 s left",
        "export shop: 1,000 of about 10,000 items, 100/s, 12.5 read units, about 90 s left",
    ]


def test_without_a_total_no_time_is_foretold() -> None:
    assert shown(None, Meter(usages=[used(0, 3)]), [(10, 20)]) == [
        "export shop: 20 items, 2/s, 3.0 write units"
    ]


def test_the_rate_is_that_of_this_run() -> None:
    assert shown(100, Meter(), [(10, 20)], done=60) == [
        "export shop: 80 of about 100 items, 2/s, about 10 s left"
    ]


def test_a_total_that_was_too_low_grows() -> None:
    assert shown(10, Meter(), [(5, 20)]) == ["export shop: 20 of about 20 items, 4/s, about 0 s left"]


def test_standing_still_has_no_end() -> None:
    assert shown(10, Meter(), [(5, 0)]) == ["export shop: 0 of about 10 items, 0/s"]


@pytest.mark.parametrize(("total", "counts"), [(40, "15 of about 40 items"), (None, "15 items")])
def test_at_a_terminal_there_is_a_bar(total: int | None, counts: str) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=160)
    with TerminalProgress("export shop", total, Meter(usages=[used(2, 0)]), 5, console) as bar:
        bar.advance(10)
    assert counts in written.getvalue()
    assert "2.0 read units" in written.getvalue()
    assert "━" in written.getvalue()


def test_the_stream_decides_which_one_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(progress("work", 1, Meter()), PlainProgress)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(progress("work", 1, Meter()), TerminalProgress)
