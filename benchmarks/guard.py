"""
The guard for CI: no measured time, but ratios of one run and counts of calls.

A ratio to aioboto3's `Table` may not fall below a bound that is far from what is reached. The number of calls
that our code makes for an operation is the same on every machine, so a loop that crept in shows at once.
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any, Final, cast

import dynarepo
from benchmarks.clients import BASELINE, CLIENTS, OURS
from benchmarks.comparing import Settings, compare
from benchmarks.logs import log_to
from benchmarks.replies import TABLE_SIZE
from benchmarks.serving import serving

__all__ = ["COUNTS", "Calls", "check", "compare_counts", "count_calls"]

#: The committed counts, by version of Python.
COUNTS: Final = Path(__file__).with_name("calls.json")
_OPERATIONS: Final = ("get", "put", "query")
_AT_ONCE: Final = 8
_LEAST_RATIO: Final = 3.0
_TOLERANCE: Final = 0.03
_PACKAGE: Final = str(Path(dynarepo.__file__).parent)


def check(*, update: bool = False) -> list[str]:
    """Give what became worse; with `update`, write this run's counts first."""
    version = ".".join(platform.python_version_tuple()[:2])
    known = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
    counts = count_calls()
    for name, count in counts.items():
        print(f"calls for each {name}: {count:,.1f}")
    if update:
        known[version] = counts
        COUNTS.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
    return compare_counts(counts, known.get(version, {})) + _low_ratios()


def compare_counts(counts: dict[str, float], known: dict[str, float]) -> list[str]:
    """Name the counts that are not there, or not within the tolerance of what is committed."""
    how = "; if this is meant, run `nox -s guard -- --update` and commit benchmarks/calls.json"
    failures = []
    for name, count in counts.items():
        if name not in known:
            failures.append(f"no calls for each {name} are committed for this Python{how}")
        elif abs(count - known[name]) > known[name] * _TOLERANCE:
            failures.append(f"calls for each {name}: {count:,.1f}, not {known[name]:,.1f}{how}")
    return failures


def count_calls() -> dict[str, float]:
    """Count the calls of and by our code for a get, a put, and an item of a page."""
    with TemporaryDirectory() as directory, Path(directory, "log").open("w") as log, serving() as server:
        log_to(log)
        return asyncio.run(_count_calls(server.url))


async def _count_calls(endpoint: str) -> dict[str, float]:
    async with CLIENTS[OURS].open(endpoint) as operations:
        counts = {}
        for name in ("get", "put", "scan"):
            call = cast("Callable[[], Awaitable[Any]]", operations[name])
            counts[name] = min([await _calls_of(call) for _ in range(10)])
    return {"get": counts["get"], "put": counts["put"], "decoded item": counts["scan"] / TABLE_SIZE}


async def _calls_of(call: Callable[[], Awaitable[Any]]) -> float:
    counter = Calls()
    sys.setprofile(counter)
    try:
        await call()
    finally:
        sys.setprofile(None)
    return counter.number


class Calls:
    """A function for `sys.setprofile`, which counts calls that our code makes, and calls of it."""

    def __init__(self, is_ours: Callable[[CodeType], bool] | None = None) -> None:
        self.number = 0
        self._is_ours = is_ours or _is_ours
        self._known: dict[CodeType, bool] = {}

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG002
        """Look at one event."""
        if event == "c_call":
            self.number += self._counts(frame)
        elif event == "call":
            self.number += self._counts(frame) or (frame.f_back is not None and self._counts(frame.f_back))

    def _counts(self, frame: FrameType) -> bool:
        code = frame.f_code
        if code not in self._known:
            self._known[code] = self._is_ours(code)
        return self._known[code]


def _is_ours(code: CodeType) -> bool:
    # What is generated for a model or a dataclass has a file name in angle brackets.
    name = code.co_filename
    return name.startswith(_PACKAGE) or (name.startswith("<") and not name.startswith("<frozen"))


def _low_ratios() -> list[str]:
    run = compare(Settings((OURS, BASELINE), _OPERATIONS, (_AT_ONCE,), repetitions=3, seconds=0.2))
    failures = []
    for operation in _OPERATIONS:
        times = run.times_ours(operation, _AT_ONCE, BASELINE, "cpu_us")
        if times is None:
            failures.append(f"{operation}: aioboto3 was not measured")
            continue
        print(f"{operation}: aioboto3's Table takes {times} times the processor time")
        if times.median < _LEAST_RATIO:
            failures.append(f"{operation}: no more than {times} times cheaper than aioboto3's Table")
    return failures
