"""The embedded server, inside this process: what the unit tests and the quickstart run on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dynarepo.testing._embedded import EmbeddedServer
from integration.processes import Server

__all__ = ["prepare", "served"]


@contextmanager
def served(log: Path) -> Iterator[Server]:
    """Serve the embedded server until the end of the block; it has no output to keep."""
    server = EmbeddedServer()
    try:
        yield Server(str(server.config.endpoint_url), "the embedded server")
    finally:
        server.stop()


def prepare() -> None:
    """Need nothing: it is a dependency of the tests."""
