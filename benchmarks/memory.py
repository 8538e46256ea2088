"""The most memory that this process had."""

from __future__ import annotations

import resource
import sys

__all__ = ["peak_mb"]


def peak_mb() -> float:
    """Give the largest resident size so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
