"""A small comparison, made up."""

from __future__ import annotations

from benchmarks.results import Comparison

__all__ = ["made_up"]


def measured(cpu: float) -> dict[str, float]:
    return {"operations": 100, "cpu_us": cpu, "wall_us": cpu * 2, "p50_us": cpu, "p99_us": cpu * 3}


def made_up() -> Comparison:
    """Give a run in which aioboto3 takes three to five times as much for a get, and aiodynamo less."""
    clients = {
        "dynarepo": {"name": "dynarepo", "form": "Pydantic", "is_ours": True},
        "aioboto3-table": {"name": "aioboto3 `Table`", "form": "Pydantic", "is_ours": False},
        "aiodynamo": {"name": "aiodynamo <fast>", "form": "raw", "is_ours": False},
    }
    run = Comparison({}, {}, {"repetitions": 3, "seconds": 0.1}, clients)
    cpu = {"dynarepo": (100, 110, 120), "aioboto3-table": (300, 550, 480), "aiodynamo": (50, 120, 60)}
    for client, figures in cpu.items():
        for figure in figures:
            run.add("get", 32, client, measured(figure))
            if client != "aiodynamo":
                run.add("put", 1, client, measured(figure))
    return run
