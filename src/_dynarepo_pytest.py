"""
The pytest plugin: an option, a marker and fixtures.

pytest reads it at the start of every session of every project that has the package installed. So it stands
beside the package, and imports it when a test asks for a fixture: sessions that do not, do not wait for it.

Fixtures do not await, but for the connection: that belongs to the event loop of the test, and is opened by a
fixture of whichever plugin runs the test.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from dynarepo import DynamoDBConfig, DynamoDBConnection
    from dynarepo.pytest_plugin import RepositoryFactory, TableFactory
    from dynarepo.pytest_plugin._tables import TableMaker
    from dynarepo.testing import CapturedEvents, FakeTransport, RecordingTransport, RequestLog, SentRequest

_OPTION: Final = "--dynamodb-endpoint"
_INI: Final = "dynamodb_endpoint"
_VARIABLE: Final = "DYNAMODB_ENDPOINT_URL"
_SERVERS: Final = ("fake", "embedded", "real")
_LOOP_SCOPES: Final = ("function", "class", "module", "package", "session")

#: The address of a server that runs already, and what named it.
_ENDPOINT: Final = pytest.StashKey[tuple[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the command line and the ini file name a server."""
    about = "the DynamoDB for tests that no marker puts elsewhere, such as DynamoDB Local's address"
    parser.getgroup("dynarepo").addoption(_OPTION, metavar="URL", help=about)
    parser.addini(_INI, f"{about}; {_OPTION} and {_VARIABLE} come first", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, note the server, and define the connection for pytest-asyncio's event loops."""
    config.addinivalue_line(
        "markers",
        'dynamodb(server): run on "fake", a transport with a script; on "embedded", a server inside the '
        f'process; or on "real", the one that {_OPTION} names.',
    )
    named = _named_server(config.getoption(_OPTION), os.environ.get(_VARIABLE), config.getini(_INI))
    if named is not None:
        config.stash[_ENDPOINT] = named
    if _has_pytest_asyncio(config):
        config.pluginmanager.register(_connections_of_pytest_asyncio(), "dynarepo-asyncio")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say at the top what was named."""
    if _ENDPOINT not in config.stash:
        return None
    url, named_by = config.stash[_ENDPOINT]
    if "@" in url:  # a password may stand before it; the fixture refuses such an address
        url = "an address with a user name or password"
    return f"dynamodb: {url} (by {named_by})"


@pytest.fixture(scope="session")
def dynamodb_server() -> Iterator[DynamoDBConfig]:
    """The configuration of an embedded DynamoDB: one for the session, or for each worker of it."""
    with _told_in_a_line():
        from dynarepo.pytest_plugin._servers import embedded_server

        with embedded_server() as config:
            yield config


@pytest.fixture
def dynamodb_config(request: pytest.FixtureRequest) -> DynamoDBConfig:
    """The configuration of the test's server, with a table name of the test's own that is not made."""
    from dynarepo.pytest_plugin._servers import fake_config

    server = _server(request)
    if server == "fake":
        return fake_config()
    fixture = "dynamodb_server" if server == "embedded" else "_dynamodb_given_server"
    config: DynamoDBConfig = request.getfixturevalue(fixture)
    return config.model_copy(update={"table_name": f"pytest-{uuid4().hex}"})


@pytest.fixture
def dynamodb_fake(request: pytest.FixtureRequest) -> FakeTransport:
    """The scripted transport of a test that is on it; to ask for it is enough."""
    from dynarepo.testing import FakeTransport

    if _server(request) != "fake":
        pytest.fail(
            "the test asks for dynamodb_fake and its marker for another server; "
            'mark it with pytest.mark.dynamodb("fake")',
            pytrace=False,
        )
    return FakeTransport()


@pytest.fixture
def dynamodb_requests(
    _dynamodb_transport: FakeTransport | RecordingTransport,
) -> RequestLog[SentRequest]:
    """The requests that the test's connection has sent, each attempt of them."""
    return _dynamodb_transport.requests


@pytest.fixture
def dynamodb_events() -> CapturedEvents:
    """The log events of the test's connection, as data."""
    from dynarepo.testing import CapturedEvents

    return CapturedEvents()


@pytest.fixture
def dynamodb_connection(request: pytest.FixtureRequest) -> DynamoDBConnection:
    """An open connection to the test's server, on the test's event loop."""
    connection: DynamoDBConnection = request.getfixturevalue(_connection_fixture(request))
    return connection


@pytest.fixture
def dynamodb_table(request: pytest.FixtureRequest) -> TableFactory:
    """Make a table from models, `dynamodb_table(User)`; it is deleted after the test."""
    if _server(request) == "fake":
        pytest.fail("dynamodb_table makes tables, and a fake has none", pytrace=False)
    factory: TableFactory = request.getfixturevalue("_dynamodb_tables")
    return factory


@pytest.fixture
def dynamodb_repository(
    request: pytest.FixtureRequest, dynamodb_connection: DynamoDBConnection
) -> RepositoryFactory:
    """Make a repository on a table of its own, `dynamodb_repository(User)`; the table is deleted after."""
    from dynarepo.pytest_plugin import RepositoryFactory

    is_fake = _server(request) == "fake"
    tables = None if is_fake else request.getfixturevalue("_dynamodb_tables")
    return RepositoryFactory(dynamodb_connection, tables)


@pytest.fixture(scope="session")
def _dynamodb_given_server(pytestconfig: pytest.Config) -> DynamoDBConfig:
    if _ENDPOINT not in pytestconfig.stash:
        pytest.fail(
            f"the test needs a real DynamoDB: start one, such as DynamoDB Local, and name it, "
            f"pytest {_OPTION} http://127.0.0.1:8000; or set {_VARIABLE}, or {_INI} in the ini file",
            pytrace=False,
        )
    with _told_in_a_line():
        from dynarepo.pytest_plugin._servers import given_server

        return given_server(*pytestconfig.stash[_ENDPOINT])


@pytest.fixture
def _dynamodb_transport(
    request: pytest.FixtureRequest, dynamodb_config: DynamoDBConfig
) -> FakeTransport | RecordingTransport:
    from dynarepo.testing import RecordingTransport

    if _server(request) == "fake":
        fake: FakeTransport = request.getfixturevalue("dynamodb_fake")
        return fake
    return RecordingTransport(dynamodb_config)


@pytest.fixture(scope="session")
def _dynamodb_table_maker() -> Iterator[TableMaker]:
    from dynarepo.pytest_plugin._tables import TableMaker

    maker = TableMaker()
    yield maker
    maker.stop()


@pytest.fixture
def _dynamodb_tables(
    _dynamodb_table_maker: TableMaker, dynamodb_config: DynamoDBConfig
) -> Iterator[TableFactory]:
    from dynarepo.pytest_plugin import TableFactory

    tables = TableFactory(_dynamodb_table_maker, dynamodb_config)
    yield tables
    tables.delete_all()


def _named_server(option: str | None, variable: str | None, ini: str) -> tuple[str, str] | None:
    """Give the address that counts, and what named it."""
    if option:
        return option, _OPTION
    if variable:
        return variable, f"the environment variable {_VARIABLE}"
    return (ini, f"{_INI} of the ini file") if ini else None


def _define_connection(fixture: Callable[..., Any], owner: str) -> Any:
    """Define the fixture that opens the connection, as a plugin for asynchronous tests wants it."""

    async def connection(
        dynamodb_config: DynamoDBConfig,
        _dynamodb_transport: FakeTransport | RecordingTransport,
        dynamodb_events: CapturedEvents,
    ) -> AsyncIterator[DynamoDBConnection]:
        from dynarepo.pytest_plugin._repositories import opened_connection

        async with opened_connection(dynamodb_config, _dynamodb_transport, dynamodb_events) as opened:
            yield opened

    return fixture(name=f"_dynamodb_connection_on_{owner}")(connection)


_connection_on_anyio = _define_connection(pytest.fixture, "anyio")


def _has_pytest_asyncio(config: pytest.Config) -> bool:
    plugin = sys.modules.get("pytest_asyncio.plugin")
    return plugin is not None and config.pluginmanager.is_registered(plugin)


def _connections_of_pytest_asyncio() -> ModuleType:
    """Define the connection for each event loop that a test may be on; fixtures come in a module."""
    import pytest_asyncio

    plugin = ModuleType("_dynarepo_pytest_asyncio")
    for scope in _LOOP_SCOPES:
        on_loop = partial(pytest_asyncio.fixture, loop_scope=scope)
        setattr(plugin, scope, _define_connection(on_loop, f"{scope}_loop"))
    return plugin


def _connection_fixture(request: pytest.FixtureRequest) -> str:
    """Name the fixture of the plugin, and of the event loop, that the test runs on."""
    marker = request.node.get_closest_marker("asyncio")
    is_of_anyio = "anyio_backend" in request.fixturenames
    if marker is not None and _has_pytest_asyncio(request.config):
        if is_of_anyio:
            pytest.fail(
                "pytest-asyncio and anyio both take this test: set asyncio_mode to strict", pytrace=False
            )
        named = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope")
        scope = named or request.config.getini("asyncio_default_test_loop_scope")
        return f"_dynamodb_connection_on_{scope}_loop"
    if is_of_anyio:
        backend = request.getfixturevalue("anyio_backend")
        if (backend if isinstance(backend, str) else backend[0]) != "asyncio":
            pytest.fail(
                'dynarepo runs on asyncio: let the fixture anyio_backend give "asyncio"', pytrace=False
            )
        return "_dynamodb_connection_on_anyio"
    pytest.fail(
        "dynamodb_connection is for tests that pytest-asyncio or anyio runs: mark this one with "
        "pytest.mark.asyncio or pytest.mark.anyio. A test that does not await takes dynamodb_config.",
        pytrace=False,
    )


def _server(request: pytest.FixtureRequest) -> str:
    """Tell the test's server: its marker's; a fake, if it asks for one; the named one; the embedded."""
    marker = request.node.get_closest_marker("dynamodb")
    if marker is None:
        if "dynamodb_fake" in request.fixturenames:
            return "fake"
        return "real" if _ENDPOINT in request.config.stash else "embedded"
    given = [*marker.args, *marker.kwargs.values()]
    if len(given) != 1 or given[0] not in _SERVERS or not marker.kwargs.keys() <= {"server"}:
        pytest.fail(f"pytest.mark.dynamodb takes one of {', '.join(map(repr, _SERVERS))}", pytrace=False)
    server: str = given[0]
    return server


@contextmanager
def _told_in_a_line() -> Iterator[None]:
    """Fail with the message alone where the test run is not set up for the fixture."""
    from dynarepo.exceptions import ConfigurationError

    try:
        yield
    except ConfigurationError as error:
        pytest.fail(str(error), pytrace=False)
