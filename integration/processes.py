"""Servers as child processes: a free port, an output file, a wait until they answer, an end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "Server",
    "Unavailable",
    "cache_directory",
    "free_port",
    "require",
    "run",
    "running",
    "tail",
    "wait_until_answering",
]

# Nothing checks the signature; DynamoDB Local wants the form, and an access key of letters and digits.
_LIST_TABLES: Final = {
    "X-Amz-Date": "20260101T000000Z",
    "X-Amz-Target": "DynamoDB_20120810.ListTables",
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
}
_STARTUP_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1
_SHUTDOWN_SECONDS: Final = 10.0


class Unavailable(Exception):  # noqa: N818  (an answer to "can this be had?" more than an error)
    """A server can't be had on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server answers, and what it is."""

    url: str
    description: str


def cache_directory() -> Path:
    """Return where servers are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dynarepo"


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require(program: str) -> str:
    """Return the path of a program, or say that it is missing."""
    path = shutil.which(program)
    if path is None:
        raise Unavailable(f"{program} is not on PATH")
    return path


def run(*command: str, env: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return its output, which becomes the message when it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"`{' '.join(command)}` failed\n{_last_lines(done.stdout)}")
    return done.stdout


@contextmanager
def running(command: Sequence[str], *, url: str, log: Path) -> Iterator[None]:
    """Keep a server running, from its first answer at `url` to the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt at the terminal is ours to pass on, after the tests
        )
        try:
            wait_until_answering(url, log=log, process=process)
            yield
        finally:
            _end(process)


def wait_until_answering(
    url: str, *, log: Path | None = None, process: subprocess.Popen[bytes] | None = None
) -> None:
    """Ask for the list of tables until it comes."""
    deadline = time.monotonic() + _STARTUP_SECONDS
    while obstacle := _obstacle(url):
        if process is not None and process.poll() is not None:
            raise Unavailable(f"the server ended with code {process.returncode}\n{tail(log)}")
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{url} lists no tables after {_STARTUP_SECONDS:.0f} s: {obstacle}\n{tail(log)}"
            )
        time.sleep(_POLL_SECONDS)


def tail(log: Path | None) -> str:
    """Return the last lines of an output file."""
    return _last_lines(log.read_text(errors="replace")) if log is not None and log.exists() else ""


def _last_lines(text: str, count: int = 40) -> str:
    return "\n".join(text.splitlines()[-count:])


def _obstacle(url: str) -> str | None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data=b"{}", headers=_LIST_TABLES)  # noqa: S310  (the developer's own)
    try:
        with direct.open(request, timeout=5):
            return None
    except urllib.error.HTTPError as reply:
        with reply:
            return str(reply)
    except OSError as error:
        return str(error)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_SHUTDOWN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
