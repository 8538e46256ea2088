"""
moto's server in a thread of this process: a DynamoDB that needs nothing but the package index.

moto keeps one state for the whole process, apart by region. Every server here takes a region
that no other one uses, and empties it before and after.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

from dynarepo._config import DynamoDBConfig
from dynarepo.exceptions import ConfigurationError
from dynarepo.testing._loopback import local_config

__all__ = ["EmbeddedServer", "local_dynamodb"]

_ACCOUNT: Final = "123456789012"
_REGIONS: Final = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-central-1",
    "ap-south-1",
)
_free_regions: Final[list[str]] = list(reversed(_REGIONS))


class EmbeddedServer:
    """
    A server on loopback, with a region of its own.

    Args:
        table_name: The table that the configuration names; it is not made.
        port: The port to listen on, 0 for a free one.

    Raises:
        ConfigurationError: moto is not installed, the port is taken, or eight servers run already.
    """

    def __init__(self, *, table_name: str = "dynarepo", port: int = 0) -> None:
        server_type, self._backends = _moto()
        if not _free_regions:
            raise ConfigurationError(f"at most {len(_REGIONS)} embedded servers run at once")
        self._server = server_type(_listening_socket(port))
        self._region = _free_regions.pop()
        self._reset()
        # `stop` waits for the end of a poll, half a second by default.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.config = local_config(table_name, self._region, self._server.port)

    def stop(self) -> None:
        """Stop serving and forget every table."""
        self._server.shutdown()
        self._thread.join()
        self._reset()
        _free_regions.append(self._region)

    def _reset(self) -> None:
        self._backends("dynamodb")[_ACCOUNT][self._region].reset()


@asynccontextmanager
async def local_dynamodb(*, table_name: str = "dynarepo", port: int = 0) -> AsyncIterator[DynamoDBConfig]:
    """
    Run a DynamoDB inside this process, for tests and trials.

    Args:
        table_name: The table that the configuration names; it is not made.
        port: The port to listen on, 0 for a free one.

    Yields:
        The configuration that leads to it. Each one has a state of its own, gone at the end.

    Raises:
        ConfigurationError: The extra `local` is not installed, or the port is taken.
    """
    # Importing moto takes long enough to be felt on the event loop.
    server = await asyncio.to_thread(EmbeddedServer, table_name=table_name, port=port)
    try:
        yield server.config
    finally:
        await asyncio.to_thread(server.stop)


def _moto() -> tuple[Any, Any]:
    # Imported here: moto is an optional extra, and takes a second to import.
    try:
        from moto.backends import get_backend  # noqa: PLC0415
        from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
            DomainDispatcherApplication,
            create_backend_app,
        )
        from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigurationError(
            'the embedded DynamoDB needs the extra `local`: pip install "dynarepo[local]"'
        ) from None

    class QuietHandler(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
            """Keep every request out of the log."""

    def server(listening: socket.socket) -> ThreadedWSGIServer:
        with listening:
            host, port = listening.getsockname()[:2]
            application = _one_by_one(DomainDispatcherApplication(create_backend_app))
            # The socket is duplicated by werkzeug, which would end the process if the port were taken.
            return ThreadedWSGIServer(host, port, application, handler=QuietHandler, fd=listening.fileno())

    return server, get_backend


def _one_by_one(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Answer one request at a time: moto lets others in between a condition and its write."""
    lock = threading.Lock()

    def answer(environ: object, start_response: object) -> Iterable[bytes]:
        with lock:
            return list(application(environ, start_response))

    return answer


def _listening_socket(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        raise ConfigurationError(f"port {port} of 127.0.0.1 is taken") from None
