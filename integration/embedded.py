"""The embedded server: moto inside this process, which is what the unit tests and the quickstart run on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

from integration.processes import Server

__all__ = ["prepare", "served"]


@contextmanager
def served(log: Path) -> Iterator[Server]:
    """Serve the embedded server until the end of the block; it has no output to keep."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Server(f"http://{host}:{port}", "the embedded server")
    finally:
        server.stop()


def prepare() -> None:
    """Need nothing: it is a dependency of the tests."""
