"""
Known differences between a backend and the service, named on the test that meets them.

    @pytest.mark.differs("embedded", reason="moto accepts an empty set")

On the named backends the test is expected to fail, strictly: once the backend is mended, the run fails and
the mark goes. `run=False` is for what would hang or end the server. The summary lists every mark that took
effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import pytest

from integration.servers import BACKENDS

__all__ = ["apply_differences", "register_differences", "report_differences"]

_USAGE: Final = "differs(*backends, reason, run=True): these backends are known to fail the test"
_MET: Final = pytest.StashKey[Counter[str]]()


def register_differences(config: pytest.Config) -> None:
    """Make the mark known to pytest."""
    config.addinivalue_line("markers", _USAGE)


def apply_differences(config: pytest.Config, items: Iterable[pytest.Item], backend: str) -> None:
    """Expect the failures that are known of the backend."""
    met = config.stash.setdefault(_MET, Counter())
    for item in items:
        for mark in item.iter_markers("differs"):
            _check(mark, item)
            if backend in mark.args:
                reason, run = mark.kwargs["reason"], mark.kwargs.get("run", True)
                met[reason] += 1
                item.add_marker(pytest.mark.xfail(reason=reason, run=run, strict=True))


def report_differences(config: pytest.Config, terminal: pytest.TerminalReporter, backend: str) -> None:
    """List the differences that were expected, so that none hides."""
    met = config.stash.get(_MET, Counter[str]())
    if met:
        terminal.section(f"known differences of {backend}")
        for reason, count in sorted(met.items()):
            terminal.line(f"{reason} ({count} {'test' if count == 1 else 'tests'})")


def _check(mark: pytest.Mark, item: pytest.Item) -> None:
    backends_are_known = mark.args and set(mark.args) <= set(BACKENDS)
    if not (backends_are_known and mark.kwargs.get("reason") and set(mark.kwargs) <= {"reason", "run"}):
        raise pytest.UsageError(f"{item.nodeid}: {_USAGE}; backends are {', '.join(BACKENDS)}")
