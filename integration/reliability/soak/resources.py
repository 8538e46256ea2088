"""What a process holds: file descriptors and memory, by Linux's own count."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median_low
from typing import Final

__all__ = ["CAN_COUNT", "Resources"]

_DESCRIPTORS: Final = Path("/proc/self/fd")
_MEMORY: Final = Path("/proc/self/statm")

#: Whether this system counts them so.
CAN_COUNT: Final = _DESCRIPTORS.is_dir() and _MEMORY.is_file()


class Resources:
    """
    Looks at them whenever the process is at rest.

    Attributes:
        descriptors: How many were open, each time.
        memory: Bytes that were resident, each time.
    """

    def __init__(self) -> None:
        self.descriptors: list[int] = []
        self.memory: list[int] = []
        # glibc keeps what was freed, for minutes more and more of it; elsewhere this is not known.
        self._give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)

    def look(self) -> None:
        """Look once more."""
        gc.collect()
        if self._give_back is not None:
            self._give_back(0)
        self.descriptors.append(len(list(_DESCRIPTORS.iterdir())))
        self.memory.append(int(_MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))

    @staticmethod
    def is_flat(numbers: Sequence[int]) -> bool:
        """Tell whether they are no higher in the second half than in the first, but for single ones."""
        half = len(numbers) // 2
        return median_low(numbers[half:]) <= median_low(numbers[:half])

    def growth(self, warm_up: int) -> int:
        """Give how many bytes came on since so many looks."""
        return self.memory[-1] - self.memory[warm_up]
