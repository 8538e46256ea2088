"""Where the AWS chain finds credentials, each in a form that can hang."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from integration.reliability.waiting.stalled import CredentialServer, credentials
from tests.faked import turns

__all__ = ["SOURCES", "Hang"]

#: Makes a source hang, or give credentials again.
Hang = Callable[[bool], None]

#: Says that it was started, and waits while it is to hang.
_PROCESS: Final = """
touch "$1/$$.pid"
while [ -e "$1/hangs" ]; do sleep 0.02; done
cat "$1/credentials"
"""


@asynccontextmanager
async def _container(environment: pytest.MonkeyPatch, _path: Path) -> AsyncIterator[Hang]:
    server = CredentialServer()
    async with server.served():
        environment.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/credentials")
        yield server.hang


@asynccontextmanager
async def _instance(environment: pytest.MonkeyPatch, _path: Path) -> AsyncIterator[Hang]:
    server = CredentialServer()
    async with server.served():
        environment.setenv("AWS_EC2_METADATA_DISABLED", "false")
        environment.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
        # By default it is given up after a second, and then there are no credentials.
        environment.setenv("AWS_METADATA_SERVICE_TIMEOUT", "60")
        yield server.hang


@asynccontextmanager
async def _process(environment: pytest.MonkeyPatch, path: Path) -> AsyncIterator[Hang]:
    script, hangs = path / "process.sh", path / "hangs"
    script.write_text(_PROCESS)
    (path / "credentials").write_text(credentials(Version=1, SessionToken="T"))
    (path / "config").write_text(f"[default]\ncredential_process = /bin/sh {script} {path}\n")
    environment.setenv("AWS_CONFIG_FILE", str(path / "config"))
    try:
        yield lambda hang: hangs.touch() if hang else hangs.unlink()
    finally:
        hangs.unlink(missing_ok=True)
        for pid in _started(path):
            await _ended(pid)


def _started(path: Path) -> list[int]:
    return [int(each.stem) for each in path.glob("*.pid")]


async def _ended(pid: int) -> None:
    """Wait until a process is gone, and the loop knows it: those that were given up still run."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            await asyncio.sleep(0.01)
    await turns()


#: Each gives what makes it hang.
SOURCES: Final[Mapping[str, Callable[[pytest.MonkeyPatch, Path], AbstractAsyncContextManager[Hang]]]] = {
    "container": _container,
    "instance": _instance,
    "process": _process,
}
