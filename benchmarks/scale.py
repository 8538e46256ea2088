"""Cost for each item and memory from a thousand to a million items, and what the event loop notices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.machine import describe, load
from benchmarks.serving import ROOT, Server, serving
from benchmarks.tables import markdown

__all__ = ["read", "show", "table", "write"]

_PAGE: Final = 1_000
_LARGE_PAGE: Final = 2_200  # 1 MB, the most that DynamoDB puts on one
_IMPORT: Final = (
    "import pydantic, time; t = time.perf_counter(); import dynarepo; print(time.perf_counter() - t)"
)


def show(*, quick: bool = False) -> dict[str, Any]:
    """Measure all of it; quickly, with a tenth of the items."""
    sizes = [1_000, 10_000, 100_000] if quick else [1_000, 10_000, 100_000, 1_000_000]
    written = sizes[:-1]
    found: dict[str, Any] = {"machine": describe() | {"load_before": load()}}
    found["scan"] = {str(size): _scan(size) for size in sizes}
    found["batch_write"] = {str(size): _batch_write(size) for size in written}
    with serving(delay=0.1) as server:
        found["gets_of_100_ms"] = _task("gets", server, 200)
    with serving(page_size=_LARGE_PAGE) as server:
        found["loop_lag"] = _task("lag", server, 4)
        found["opening"] = _task("opening", server, 5)
    found["import_ms"] = _import_ms(5 if quick else 15)
    found["machine"]["load_after"] = load()
    return found


def write(found: Mapping[str, Any], path: Path) -> None:
    """Write it as JSON."""
    path.write_text(json.dumps(_rounded(found), indent=1) + "\n")


def read(path: Path) -> dict[str, Any]:
    """Read what `write` wrote."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def table(found: Mapping[str, Any]) -> str:
    """Give the Markdown tables of the guide."""
    head = [
        "items",
        "read, µs each",
        "peak MB at a tenth",
        "at the end",
        "written, µs each",
        "at a tenth",
        "at the end",
    ]
    rows = []
    for size, read in found["scan"].items():
        written = found["batch_write"].get(size)
        rows.append([f"{int(size):,}", *_memory(read), *(_memory(written) if written else ["–"] * 3)])  # noqa: RUF001
    lag, opened = found["loop_lag"], found["opening"]
    most = max(each["most_at_once"] for each in found["batch_write"].values())
    others = [
        ["", ""],
        ["requests of one `batch_write` under way at once, at most", f"{most:.0f}"],
        ["200 gets at once, each answered after 100 ms", f"{found['gets_of_100_ms']['seconds']:.2f} s"],
        ["the event loop is late beside four scans of 1 MB pages, p50", f"{lag['p50_ms']:.1f} ms"],
        ["the same, p99", f"{lag['p99_ms']:.1f} ms"],
        ["the same, at most", f"{lag['most_ms']:.1f} ms"],
        *_frozen(lag),
        ["opening the first connection of a process", f"{opened['first_ms']:.0f} ms"],
        ["in which the event loop stands still for", f"{opened['first_blocked_ms']:.0f} ms"],
        ["opening another one", f"{opened['later_ms']:.1f} ms"],
        ["importing `dynarepo`, where Pydantic is imported already", f"{found['import_ms']:.0f} ms"],
    ]
    return f"{markdown([head, *rows])}\n\n{markdown(others)}"


def _frozen(lag: Mapping[str, float]) -> list[list[str]]:
    # Older results have none.
    if "frozen_p99_ms" not in lag:
        return []
    return [
        ["after `gc.freeze()`, p99", f"{lag['frozen_p99_ms']:.1f} ms"],
        ["the same, at most", f"{lag['frozen_most_ms']:.1f} ms"],
    ]


def _memory(costs: Mapping[str, float]) -> list[str]:
    return [f"{costs['cpu_us_per_item']:.1f}", f"{costs['peak_mb_at_tenth']:.0f}", f"{costs['peak_mb']:.0f}"]


def _scan(size: int) -> dict[str, float]:
    with serving(pages=size // _PAGE, page_size=_PAGE) as server:
        return _task("scan", server, size)


def _batch_write(size: int) -> dict[str, float]:
    # The delay lets the server see how many requests wait at once.
    with serving(delay=0.002) as server:
        return _task("write", server, size) | {"most_at_once": server.usage().most_waiting}


def _task(task: str, server: Server, number: int) -> dict[str, float]:
    print(f"scale: {task}, {number:,}", file=sys.stderr, flush=True)
    with TemporaryDirectory() as directory:
        command = ["-m", "benchmarks.scaling", task, server.url, str(number), str(Path(directory, "log"))]
        found: dict[str, float] = json.loads(_output(command))
    return found


def _import_ms(times: int) -> float:
    """Measure an import of compiled files, as an installation has them; the first one compiles."""
    with TemporaryDirectory() as directory:
        compiled = os.environ | {"PYTHONPYCACHEPREFIX": directory, "PYTHONDONTWRITEBYTECODE": ""}
        return min(float(_output(["-c", _IMPORT], compiled)) for _ in range(times + 1)) * 1e3


def _output(arguments: list[str], environment: Mapping[str, str] | None = None) -> str:
    command = [sys.executable, *arguments]
    run = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return run.stdout


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    return {name: _rounded(each) for name, each in value.items()} if isinstance(value, Mapping) else value
