"""The comparison: for each operation, every client in turn, and that several times."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.clients import CLIENTS
from benchmarks.machine import describe, load
from benchmarks.results import Comparison
from benchmarks.running import Worker, working
from benchmarks.serving import ceiling, serving

__all__ = ["Settings", "compare", "installed"]


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What is measured, how often and for how long.

    Args:
        clients: Keys of `CLIENTS`.
        operations: Some of `OPERATIONS`.
        at_once: How many calls are under way.
        repetitions: How often each row is measured.
        seconds: How long each client is measured each time; every task makes one call at least.
        row_seconds: After so long, a row is not repeated again.
    """

    clients: Sequence[str]
    operations: Sequence[str]
    at_once: Sequence[int] = (1, 32)
    repetitions: int = 5
    seconds: float = 0.5
    row_seconds: float = 60.0


def installed(clients: Sequence[str]) -> list[str]:
    """Give those clients that are installed, and name the others."""
    found = [client for client in clients if CLIENTS[client].versions() is not None]
    for client in clients:
        if client not in found:
            _tell(f"{client} is left out: {', '.join(CLIENTS[client].packages)} must be installed")
    return found


def compare(settings: Settings) -> Comparison:
    """Measure all of it; this takes as long as the settings say."""
    machine = describe()
    before = load()
    with ExitStack() as stack:
        server = stack.enter_context(serving())
        can = ceiling(server)
        _tell(
            f"the server answers {can.seen_per_second:,.0f} gets a second to a bare client, "
            f"and {1e6 / can.cpu_us_per_request:,.0f} by its own process time"
        )
        directory = stack.enter_context(TemporaryDirectory())
        workers = stack.enter_context(working(settings.clients, server, str(Path(directory, "log"))))
        run = Comparison({}, asdict(can), _plain(settings))
        for client, worker in workers.items():
            run.clients[client] = _about(client, worker)
        _measure_all(run, workers, settings)
        for client, worker in workers.items():
            run.clients[client]["peak_mb"] = worker.peak_mb()
    run.machine = {**machine, "load_before": before, "load_after": load()}
    return run


def _measure_all(run: Comparison, workers: dict[str, Worker], settings: Settings) -> None:
    for operation in settings.operations:
        can = [client for client, worker in workers.items() if operation in worker.opened["operations"]]
        for at_once in settings.at_once:
            _tell(f"{operation}, {at_once} at once")
            ends_at = time.perf_counter() + settings.row_seconds
            for repetition in range(settings.repetitions):
                if repetition and time.perf_counter() > ends_at:
                    break
                # Nobody always follows the same neighbour.
                turn = repetition % len(can)
                measured = {
                    client: workers[client].measure(operation, at_once, settings.seconds)
                    for client in can[turn:] + can[:turn]
                }
                for client in can:
                    run.add(operation, at_once, client, measured[client])


def _about(client: str, worker: Worker) -> dict[str, object]:
    known = CLIENTS[client]
    return {
        "name": known.name,
        "form": known.form,
        "is_ours": known.is_ours,
        "versions": known.versions(),
        "open_s": worker.opened["open_s"],
        "open_cpu_s": worker.opened["open_cpu_s"],
    }


def _plain(settings: Settings) -> dict[str, object]:
    return {"repetitions": settings.repetitions, "seconds": settings.seconds}


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
