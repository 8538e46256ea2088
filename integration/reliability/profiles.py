"""How much is tried: `RELIABILITY_PROFILE=short` for each change, `full` (the default) for the numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

import pytest

__all__ = ["Profile", "chosen_profile"]

_VARIABLE: Final = "RELIABILITY_PROFILE"


@dataclass(frozen=True, slots=True)
class Profile:
    """
    Numbers of a run.

    Attributes:
        name: What it is chosen by.
        scale: What the numbers of calls are multiplied with.
    """

    name: str
    scale: float

    def number(self, full: int) -> int:
        """Scale a number of calls."""
        return round(full * self.scale)


_PROFILES: Final = {
    "short": Profile("short", 0.2),
    "full": Profile("full", 1.0),
}


def chosen_profile() -> Profile:
    """Give the profile that the environment names."""
    name = os.environ.get(_VARIABLE, "full")
    if name not in _PROFILES:
        raise pytest.UsageError(f"{_VARIABLE} is one of {', '.join(_PROFILES)}")
    return _PROFILES[name]
