"""
The parts of the guide that come from results, each between two markers; nobody writes a figure by hand.

`<!-- results: cpu-32 -->` begins a part, `<!-- end -->` ends it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from benchmarks import scale, tables
from benchmarks.results import Comparison

__all__ = ["filled", "parts"]

_PART: Final = re.compile(r"(<!-- results: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str, run: Comparison, shown: Mapping[str, Any]) -> str:
    """Give the guide with every part renewed."""
    known = parts(run, shown)
    return _PART.sub(lambda part: f"{part[1]}\n{known[part[2]]}\n\n{part[3]}", text)


def parts(run: Comparison, shown: Mapping[str, Any]) -> dict[str, str]:
    """Give the parts by name."""
    return {
        "machine": _machine(run),
        "cpu-32": tables.ratios(run, 32, "cpu_us"),
        "cpu-1": tables.ratios(run, 1, "cpu_us"),
        "time-32": tables.ratios(run, 32, "wall_us"),
        "time-1": tables.ratios(run, 1, "wall_us"),
        "clients": _clients(run),
        "not-ahead": _not_ahead(run),
        "scale": scale.table(shown),
    }


def _machine(run: Comparison) -> str:
    machine, server, settings = run.machine, run.server, run.settings
    return (
        f"{machine['date']}: {machine['cpu']}, {machine['cores']} cores, {machine['os']}, "
        f"{machine['python']}; load average {machine['load_before']} before, {machine['load_after']} after. "
        f"{settings['repetitions']} repetitions of {settings['seconds']} s for each figure. "
        f"The server used {server['cpu_us_per_request']:.0f} µs of its own core for a get, "
        f"and answered {server['seen_per_second']:,.0f} a second to a client that does nothing else."
    )


def _clients(run: Comparison) -> str:
    head = ["client", "versions", "begins and ends in", "import and open, ms", "peak MB"]
    rows = []
    for about in run.clients.values():
        versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        memory = f"{about['peak_mb']:.0f}"
        rows.append([about["name"], versions, about["form"], f"{about['open_cpu_s'] * 1e3:.0f}", memory])
    return tables.markdown([head, *rows])


def _not_ahead(run: Comparison) -> str:
    rows = [
        [operation.replace("_", " "), str(at_once), run.clients[client]["name"], str(cpu), str(wall)]
        for operation, at_once, client, cpu, wall in tables.not_ahead(run)
    ]
    if not rows:
        return "None in this run."
    return tables.markdown([["", "at once", "client", "CPU, times ours", "time, times ours"], *rows])
