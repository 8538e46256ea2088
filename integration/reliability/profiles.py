"""How much is tried: `RELIABILITY_PROFILE=short` for each change, `full` (the default) for the numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Final

import pytest

__all__ = ["Profile", "chosen_profile"]

_VARIABLE: Final = "RELIABILITY_PROFILE"
_SOAK_SECONDS: Final = "RELIABILITY_SOAK_SECONDS"


@dataclass(frozen=True, slots=True)
class Profile:
    """
    Numbers of a run.

    Attributes:
        name: What it is chosen by.
        scale: What the numbers of calls are multiplied with.
        soak_seconds: How long the soak takes; `RELIABILITY_SOAK_SECONDS` says otherwise.
        sequences: How many random sequences of calls are compared with a model.
        faulty_sequences: How many more of them meet faults.
    """

    name: str
    scale: float
    soak_seconds: float
    sequences: int
    faulty_sequences: int

    def number(self, full: int) -> int:
        """Scale a number of calls."""
        return round(full * self.scale)


_PROFILES: Final = {
    "short": Profile("short", 0.2, soak_seconds=60, sequences=100, faulty_sequences=40),
    "full": Profile("full", 1.0, soak_seconds=600, sequences=500, faulty_sequences=100),
}


def chosen_profile() -> Profile:
    """Give the profile that the environment names."""
    name = os.environ.get(_VARIABLE, "full")
    if name not in _PROFILES:
        raise pytest.UsageError(f"{_VARIABLE} is one of {', '.join(_PROFILES)}")
    chosen = _PROFILES[name]
    seconds = float(os.environ.get(_SOAK_SECONDS, chosen.soak_seconds))
    return replace(chosen, soak_seconds=seconds)
