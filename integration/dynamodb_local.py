"""
DynamoDB Local 3.x: a given endpoint, else Docker's image, else a Java process with jars from Maven.

The first that can be had is used; where none can, the message lists why, and what to install.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from integration.processes import (
    Server,
    Unavailable,
    cache_directory,
    free_port,
    require,
    run,
    running,
    wait_until_answering,
)

__all__ = ["prepare", "served"]

_ENDPOINT: Final = "DYNAMODB_ENDPOINT_URL"
_CHECKOUT: Final = Path(__file__).parent.parent
_COMPOSE: Final = _CHECKOUT / "compose.yaml"
_POM: Final = Path(__file__).parent / "dynamodb-local" / "pom.xml"
_MAIN_CLASS: Final = "software.amazon.dynamodb.services.local.main.ServerRunner"
_WHAT_TO_DO: Final = (
    f"Start Docker (with its compose plugin), or install Java 17 and Maven, or set {_ENDPOINT}."
)


@contextmanager
def served(log: Path) -> Iterator[Server]:
    """Serve DynamoDB Local until the end of the block."""
    with ExitStack() as stack:
        yield _given() or _started(stack, log)


def prepare() -> None:
    """Download what a start needs, so that the start is quick."""
    if _given_url() is not None:
        return
    try:
        docker = _docker()
    except Unavailable:
        _jars()
    else:
        run(docker, "compose", "--file", str(_COMPOSE), "pull", "--quiet")


def _given() -> Server | None:
    url = _given_url()
    if url is None:
        return None
    wait_until_answering(url)
    return Server(url, f"the server named by {_ENDPOINT}")


def _given_url() -> str | None:
    """Take the address from the environment, else from its line in the checkout's `.env`."""
    if url := os.environ.get(_ENDPOINT):
        return url
    dotenv = _CHECKOUT / ".env"
    lines = dotenv.read_text() if dotenv.exists() else ""
    assignment = re.search(rf"^{_ENDPOINT}=(\S+)$", lines, re.MULTILINE)
    return assignment[1] if assignment else None


def _started(stack: ExitStack, log: Path) -> Server:
    obstacles = []
    for way in (_by_docker, _by_java):
        try:
            return stack.enter_context(way(log))
        except Unavailable as obstacle:
            obstacles.append(f"- {obstacle}")
    raise Unavailable("\n".join(["DynamoDB Local can't be started:", *obstacles, _WHAT_TO_DO]))


@contextmanager
def _by_docker(log: Path) -> Iterator[Server]:
    port = free_port()
    project = f"dynarepo-{secrets.token_hex(4)}"  # two checkouts may test at once
    compose = (_docker(), "compose", "--project-name", project, "--file", str(_COMPOSE))
    environment = {"DYNAMODB_PORT": str(port)}
    try:
        run(*compose, "up", "--detach", env=environment)
        url = f"http://127.0.0.1:{port}"
        wait_until_answering(url)
        yield Server(url, "DynamoDB Local by Docker")
    finally:
        with suppress(Unavailable):  # must not hide why the container did not start
            log.write_text(run(*compose, "logs", "--no-color", env=environment))
            run(*compose, "down", env=environment)


def _docker() -> str:
    docker = require("docker")
    run(docker, "info")  # answers only where an engine does, and not just the command line is installed
    run(docker, "compose", "version")
    return docker


@contextmanager
def _by_java(log: Path) -> Iterator[Server]:
    java, jars, port = require("java"), _jars(), free_port()
    # The server can't be told to listen on loopback alone: its port is open on every interface.
    command = [java, f"-Djava.library.path={jars}", "-cp", f"{jars}/*", _MAIN_CLASS]
    options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with running([*command, *options], url=url, log=log):
        yield Server(url, f"DynamoDB Local {_version()} by Java")


def _jars() -> Path:
    """Return the directory of jars and native libraries, made once and complete or not at all."""
    jars = cache_directory() / f"dynamodb-local-{_version()}"
    if jars.exists():
        return jars
    mvn = require("mvn")
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix=f"{jars.name}.") as partial:
        copied = Path(partial) / "jars"
        goal = "dependency:copy-dependencies"
        run(mvn, "--batch-mode", "--quiet", "--file", str(_POM), goal, f"-DoutputDirectory={copied}")
        try:
            copied.rename(jars)
        except OSError:
            if not jars.exists():  # if it does, another run was quicker
                raise
    return jars


def _version() -> str:
    found = re.search(r"<dynamodb-local\.version>(.+?)<", _POM.read_text())
    if found is None:
        raise Unavailable(f"{_POM} names no dynamodb-local.version")
    return found[1]
