"""The one backend that a run is on, and what every test starts with."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from dynarepo._config import DynamoDBConfig
from integration.differences import apply_differences, register_differences, report_differences
from integration.processes import Server, Unavailable, tail
from integration.servers import BACKENDS, backend

_LOG: Final = pytest.StashKey[Path]()
_SERVER: Final = pytest.StashKey[Server]()

# A shell's background jobs ignore Ctrl-C, and so would the programs that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the command line choose the backend."""
    parser.addoption(
        "--backend",
        choices=list(BACKENDS),
        default="dynamodb-local",
        help="the server to test on (%(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks of this suite."""
    register_differences(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Say at the top what is tested on."""
    return f"backend: {_backend_name(config)}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Expect what is known of the backend."""
    apply_differences(config, items, _backend_name(config))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Close with the server, its known differences and, after a failure, its last output."""
    report_differences(config, terminalreporter, _backend_name(config))
    if (server := config.stash.get(_SERVER, None)) is not None:
        terminalreporter.line(f"tested on {server.description}, {server.url}")
    log = config.stash.get(_LOG, None)
    if exitstatus and (output := tail(log)):
        terminalreporter.section(f"last output of the server ({log})")
        terminalreporter.line(output)


@pytest.fixture(scope="session")
def backend_name(pytestconfig: pytest.Config) -> str:
    """Name the backend, for a test that asks which limits it has."""
    return _backend_name(pytestconfig)


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Keep the backend running for the whole session; without one, the run ends at once and fails."""
    name = _backend_name(pytestconfig)
    log = pytestconfig.stash[_LOG] = tmp_path_factory.mktemp("server") / f"{name}.log"
    try:
        with backend(name).served(log) as running:
            pytestconfig.stash[_SERVER] = running
            yield running
    except Unavailable as reason:
        pytest.exit(f"the backend {name} can't be had\n{reason}", returncode=pytest.ExitCode.TESTS_FAILED)


@pytest.fixture(scope="session")
def endpoint_url(server: Server) -> str:
    """Give the address of the backend."""
    return server.url


@pytest.fixture
def table_name() -> str:
    """Name a table that no other test uses."""
    return f"integration-{secrets.token_hex(8)}"


@pytest.fixture
def config(endpoint_url: str, table_name: str) -> DynamoDBConfig:
    """Point at the backend, at a table of the test's own that does not exist yet."""
    return DynamoDBConfig(
        table_name=table_name,
        region="eu-west-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@pytest.fixture(scope="session", autouse=True)
def _empty_aws_environment(server: Server) -> Iterator[None]:
    """Take away what the developer's own set-up says; `server` has read its address before."""
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith(("AWS_", "BOTO_", "DYNAMODB_")) or name.upper().endswith("_PROXY"):
                environment.delenv(name)
        environment.setenv("AWS_CONFIG_FILE", os.devnull)
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


def _backend_name(config: pytest.Config) -> str:
    name: str = config.getoption("--backend")
    return name
