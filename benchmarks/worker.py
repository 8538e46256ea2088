"""
The process of one client, which measures when it is told to, so that clients take turns.

`python -m benchmarks.worker CLIENT ENDPOINT LOG` answers each line of JSON on its standard input with one. It
first says which operations it has, and what importing and opening took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

from benchmarks.checks import check
from benchmarks.clients import CLIENTS, Client, Operations
from benchmarks.logs import log_to
from benchmarks.measuring import measure, measure_threads
from benchmarks.memory import peak_mb

__all__: list[str] = []


async def _work(client: Client, endpoint: str, answers: IO[str]) -> None:
    begun, cpu = time.perf_counter(), time.process_time()
    async with client.open(endpoint) as operations:
        opened = {"open_s": time.perf_counter() - begun, "open_cpu_s": time.process_time() - cpu}
        for name, call in operations.items():
            result = await cast("Any", call()) if client.is_async else await asyncio.to_thread(call)
            check(client, name, result)
        _say(answers, {"operations": list(operations), **opened})
        while line := await asyncio.to_thread(sys.stdin.readline):
            _say(answers, await _obey(client, operations, json.loads(line)))


async def _obey(client: Client, operations: Operations, order: Mapping[str, Any]) -> dict[str, Any]:
    if order["do"] == "memory":
        return {"peak_mb": peak_mb()}
    # The operation itself ran before, when it was checked; a get keeps connections from being closed as idle.
    call, warm = cast("Any", operations[order["operation"]]), cast("Any", operations["get"])
    at_once, seconds = order["at_once"], order["seconds"]
    if client.is_async:
        return (await measure(call, warm, at_once, seconds)).as_dict()
    return (await asyncio.to_thread(measure_threads, call, warm, at_once, seconds)).as_dict()


def _say(answers: IO[str], answer: Mapping[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _main() -> None:
    name, endpoint, log = sys.argv[1:]
    answers, sys.stdout = sys.stdout, sys.stderr  # what a client prints is no answer
    with Path(log).open("a") as file:
        log_to(file)
        asyncio.run(_work(CLIENTS[name], endpoint, answers))


if __name__ == "__main__":
    _main()
