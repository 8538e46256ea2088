"""What the guard counts, and when it fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import CodeType

import pytest

from benchmarks import guard


def counted(work: Callable[[], object], is_ours: Callable[[CodeType], bool]) -> int:
    counter = guard.Calls(is_ours)
    sys.setprofile(counter)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counter.number


def theirs(number: int) -> int:
    return abs(abs(number))


def ours(number: int) -> int:
    return len(str(theirs(number)))


def test_calls_of_and_by_our_code_are_counted_and_no_others() -> None:
    """`ours`, and by it `theirs`, `str` made by no call event, and `len`; not what `theirs` calls."""
    once = counted(lambda: ours(1), lambda code: code is ours.__code__)
    twice = counted(lambda: (ours(1), ours(1)), lambda code: code is ours.__code__)
    assert once == 3
    assert twice == 6


def test_nothing_is_counted_where_nothing_is_ours() -> None:
    assert counted(lambda: ours(1), lambda _: False) == 0


@pytest.mark.parametrize("count", [97.5, 100, 102.5])
def test_a_count_within_the_tolerance_passes(count: float) -> None:
    assert guard.compare_counts({"get": count}, {"get": 100}) == []


@pytest.mark.parametrize("count", [96, 104])
def test_a_count_that_changed_fails_and_says_how_to_commit_it(count: float) -> None:
    (failure,) = guard.compare_counts({"get": count}, {"get": 100})
    assert "nox -s guard -- --update" in failure


def test_a_count_that_was_never_committed_fails() -> None:
    (failure,) = guard.compare_counts({"get": 1}, {})
    assert "no calls for each get are committed" in failure


def test_counts_are_committed_for_the_python_of_ci() -> None:
    counts = json.loads((guard.COUNTS).read_text())["3.11"]
    assert counts.keys() == {"get", "put", "decoded item"}
