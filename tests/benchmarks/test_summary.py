"""Quantiles and ratios."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.summary import quantile, ratio

POSITIVE = st.floats(min_value=0.001, max_value=1e9)


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_a_quantile_is_the_smallest_value_that_the_share_does_not_exceed(share: float, value: float) -> None:
    assert quantile(range(100, 0, -1), share) == value


@given(st.lists(POSITIVE, min_size=1), st.floats(min_value=0, max_value=1))
def test_a_quantile_is_one_of_the_values(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_a_ratio_compares_each_repetition_with_its_neighbour() -> None:
    """A machine that was slow for both in one repetition does not show in the ratio."""
    times = ratio([200, 4_000, 330], [100, 2_000, 110])
    assert (times.median, times.low, times.high) == (2, 2, 3)
    assert str(times) == "2.0 (2.0–3.0)"  # noqa: RUF001


def test_a_ratio_refuses_series_of_different_lengths() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        ratio([1.0], [1.0, 2.0])


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1))
def test_the_middle_of_a_ratio_is_within_its_spread(pairs: list[tuple[float, float]]) -> None:
    times = ratio([above for above, _ in pairs], [below for _, below in pairs])
    assert times.low <= times.median <= times.high
