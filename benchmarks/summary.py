"""Statistics over repetitions: robust, and honest about their spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Ratio", "quantile", "ratio"]


def quantile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as much: in the middle, least and most."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.1f} ({self.low:.1f}–{self.high:.1f})"  # noqa: RUF001


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
    """
    Compare two series repetition by repetition.

    What slowed the machine slowed the two neighbours of one repetition alike, so it leaves their ratio.
    """
    each = [above / below for above, below in zip(numerators, denominators, strict=True)]
    return Ratio(median(each), min(each), max(each))
