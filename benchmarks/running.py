"""Runs the workers of all clients side by side and lets them measure in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, Any, cast

from benchmarks.serving import ROOT, Server

__all__ = ["Worker", "working"]


class Worker:
    """A client's process that waits for orders."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._orders = cast("IO[str]", process.stdin)
        self._answers = cast("IO[str]", process.stdout)
        self.opened = self._answer()

    def measure(self, operation: str, at_once: int, seconds: float) -> dict[str, float]:
        """Measure an operation for so many seconds."""
        return self._order({"do": "measure", "operation": operation, "at_once": at_once, "seconds": seconds})

    def peak_mb(self) -> float:
        """Ask for the most memory that the process had so far."""
        return float(self._order({"do": "memory"})["peak_mb"])

    def _order(self, order: Mapping[str, Any]) -> dict[str, Any]:
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise RuntimeError("a client's process ended; see above")
        return cast("dict[str, Any]", json.loads(line))


@contextmanager
def working(clients: Sequence[str], server: Server, log: str) -> Iterator[dict[str, Worker]]:
    """Start a process for each client."""
    with ExitStack() as stack:
        workers = {}
        for client in clients:
            command = [sys.executable, "-m", "benchmarks.worker", client, server.url, log]
            pipe = subprocess.PIPE
            process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)  # noqa: S603
            workers[client] = Worker(stack.enter_context(process))
        yield workers
