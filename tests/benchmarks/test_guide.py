"""The guide's figures are those of the committed results."""

from __future__ import annotations

import pytest

from benchmarks import guide, scale
from benchmarks.drawing import picture
from benchmarks.results import Comparison
from tests.docs.markdown import ROOT

RESULTS = ROOT / "benchmarks" / "results"
GUIDE = ROOT / "docs" / "performance.md"


@pytest.fixture
def run() -> Comparison:
    return Comparison.read(RESULTS / "compare.json")


def test_the_guide_has_the_figures_of_the_committed_results(run: Comparison) -> None:
    """Whoever edits a figure, or commits results without the guide, is told."""
    text = GUIDE.read_text()
    assert guide.filled(text, run, scale.read(RESULTS / "scale.json")) == text


def test_every_part_of_the_results_stands_in_the_guide(run: Comparison) -> None:
    known = guide.parts(run, scale.read(RESULTS / "scale.json"))
    assert [name for name in known if f"<!-- results: {name} -->" not in GUIDE.read_text()] == []


def test_the_picture_is_of_the_committed_results(run: Comparison) -> None:
    assert (RESULTS / "performance.svg").read_text() == picture(run)


def test_a_part_is_renewed_and_what_stands_around_it_stays(run: Comparison) -> None:
    shown = scale.read(RESULTS / "scale.json")
    text = "before\n\n<!-- results: not-ahead -->\n\nold\n\n<!-- end -->\n\nafter\n"
    new = guide.filled(text, run, shown)
    assert new.startswith("before\n\n<!-- results: not-ahead -->\n\n")
    assert new.endswith("\n\n<!-- end -->\n\nafter\n")
    assert "old" not in new


def test_the_committed_results_describe_the_machine_and_do_not_name_it(run: Comparison) -> None:
    described = {"cpu", "cores", "os", "python", "date", "load_before", "load_after"}
    assert run.machine.keys() == described
    assert scale.read(RESULTS / "scale.json")["machine"].keys() == described
