"""What is told of a comparison."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks import tables
from benchmarks.results import Comparison
from tests.benchmarks.runs import made_up


def test_a_comparison_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = made_up()
    run.write(tmp_path / "run.json")
    assert Comparison.read(tmp_path / "run.json") == run


def test_what_is_written_has_few_digits(tmp_path: Path) -> None:
    run = made_up()
    run.add("get", 32, "dynarepo", dict.fromkeys(("cpu_us", "wall_us"), 12.345_678))
    run.add("get", 32, "dynarepo", dict.fromkeys(("cpu_us", "wall_us"), 1_234.567_8))
    run.write(tmp_path / "run.json")
    *_, small, large = Comparison.read(tmp_path / "run.json").rows["get"]["32"]["dynarepo"]
    assert (small["cpu_us"], large["cpu_us"]) == (12.346, 1_234.6)


def test_the_best_repetition_is_the_cheapest() -> None:
    assert made_up().best("get", 32, "dynarepo", "cpu_us") == 100


def test_a_client_without_an_operation_has_no_figure_and_no_ratio() -> None:
    run = made_up()
    assert run.best("put", 1, "aiodynamo", "cpu_us") is None
    assert run.times_ours("put", 1, "aiodynamo", "cpu_us") is None


def test_rows_in_which_a_peer_is_not_behind_are_named() -> None:
    ((operation, at_once, client, cpu, wall),) = tables.not_ahead(made_up())
    assert (operation, at_once, client) == ("get", 32, "aiodynamo")
    assert str(cpu) == str(wall) == "0.5 (0.5–1.1)"  # noqa: RUF001


def test_the_table_of_ratios_has_our_figure_and_the_peers_multiples() -> None:
    assert tables.ratios(made_up(), 32).splitlines() == [
        "|  | dynarepo, µs | aioboto3 `Table` | aiodynamo <fast> |",
        "| --- | ---: | ---: | ---: |",
        "| get | 100 | 4.0 (3.0–5.0) | 0.5 (0.5–1.1) |",  # noqa: RUF001
    ]


def test_the_table_of_all_figures_has_a_line_for_each_client() -> None:
    get, put = tables.every_figure(made_up()).split("\n\n")
    assert [line.split("  ")[0] for line in get.splitlines()] == [
        "get, 32 at once",
        "dynarepo",
        "aioboto3 `Table`",
        "aiodynamo <fast>",
    ]
    ours = re.split(r"\s{2,}", get.splitlines()[1])
    assert ours == ["dynarepo", "100.0", "5,000", "100", "300", "1.0 (1.0–1.0)", "1.0 (1.0–1.0)"]  # noqa: RUF001
    assert len(put.splitlines()) == 3
