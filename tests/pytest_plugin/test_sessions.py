"""Whole sessions of pytest: each plugin for asynchronous tests, each server, and what is missing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

import _dynarepo_pytest
from dynarepo import DynamoDBConfig

pytest_plugins = ["pytester"]

INI = """
[pytest]
addopts = --strict-markers --strict-config
filterwarnings = error
asyncio_default_fixture_loop_scope = function
"""

#: Two tests use one key, a fixture awaits before and after a third, and the last one fails.
TESTS = """
import pytest, pytest_asyncio
from dynarepo import DynamoDBBaseModel

class User(DynamoDBBaseModel):
    pass

ADA = User(pk="ada", sk="x")

@{fixture}
async def users(dynamodb_repository):
    users = dynamodb_repository(User)
    await users.create(ADA)
    yield users
    assert await users.get_one("ada", "x") == ADA

{mark}
async def test_one(dynamodb_repository):
    await dynamodb_repository(User).create(ADA)

{mark}
async def test_the_same_again(dynamodb_repository):
    await dynamodb_repository(User).create(ADA)

{mark}
async def test_a_fixture(users):
    assert await users.get_one("ada", "x") == ADA

{mark}
async def test_that_fails(dynamodb_repository):
    await dynamodb_repository(User).create(ADA)
    raise RuntimeError("on purpose")
"""

#: Comes after them.
LAST = """
import asyncio
from dynarepo import TableAdmin
from dynarepo.testing import CapturedEvents

def test_no_table_is_left(dynamodb_server):
    async def left():
        async with TableAdmin(config=dynamodb_server, logger=CapturedEvents().logger) as tables:
            return await tables.list_tables()

    assert asyncio.run(left()) == []
"""

ANYIO = """
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""

WRONG = """
import pytest

@pytest.mark.dynamodb("real")
def test_no_server_was_named(dynamodb_config): pass

@pytest.mark.dynamodb("reel")
def test_no_such_server(dynamodb_config): pass

@pytest.mark.dynamodb
def test_no_server_in_the_marker(dynamodb_config): pass

@pytest.mark.dynamodb("embedded")
def test_another_server(dynamodb_fake): pass

@pytest.mark.dynamodb("fake")
def test_tables_of_a_fake(dynamodb_table): pass

def test_without_an_event_loop(dynamodb_fake, dynamodb_connection): pass

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_on_trio(anyio_backend, dynamodb_fake, dynamodb_connection): pass

@pytest.mark.anyio
@pytest.mark.asyncio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_of_two_plugins(anyio_backend, dynamodb_fake, dynamodb_connection): pass
"""

COMPLAINTS = [
    "*the test needs a real DynamoDB: start one, *, and name it, pytest --dynamodb-endpoint *",
    "*pytest.mark.dynamodb takes one of 'fake', 'embedded', 'real'",
    "*pytest.mark.dynamodb takes one of 'fake', 'embedded', 'real'",
    "*the test asks for dynamodb_fake and its marker for another server*",
    "*dynamodb_table makes tables, and a fake has none",
    "*dynamodb_connection is for tests that pytest-asyncio or anyio runs*",
    '*dynarepo runs on asyncio: let the fixture anyio_backend give "asyncio"',
    "*pytest-asyncio and anyio both take this test: set asyncio_mode to strict",
]

#: What nobody should wait for who does not use the fixtures.
LIGHT = """
import sys

def test_nothing_is_imported(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("dynarepo")
    heavy = {"aioboto3", "aiobotocore", "aiohttp", "boto3", "dynarepo", "moto", "pydantic", "structlog"}
    assert not heavy & sys.modules.keys()
"""


def test_strict_tests_of_pytest_asyncio_and_of_anyio_have_tables_of_their_own_and_leave_none(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini(INI)
    pytester.makeconftest(ANYIO)
    pytester.makepyfile(
        test_1=TESTS.format(mark="@pytest.mark.asyncio", fixture="pytest_asyncio.fixture"),
        test_2=TESTS.format(mark="@pytest.mark.anyio", fixture="pytest.fixture"),
        test_3=LAST,
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=7, failed=2)
    result.stdout.fnmatch_lines(["*RuntimeError: on purpose", "*RuntimeError: on purpose"])


def test_each_worker_has_a_server_and_automatic_tests_tables_of_their_own(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(test_1=TESTS.format(mark="", fixture="pytest.fixture"), test_2=LAST)
    result = pytester.runpytest_subprocess("--asyncio-mode=auto", "-n2", "--dist=each")
    result.assert_outcomes(passed=8, failed=2)


def test_anyio_needs_no_pytest_asyncio(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nfilterwarnings = error")
    pytester.makeconftest(ANYIO)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.anyio
        async def test_the_fake(dynamodb_fake, dynamodb_connection):
            dynamodb_fake.answer_next({"TableNames": ["a"]})
            assert await dynamodb_connection.table_admin().list_tables() == ["a"]
        """
    )
    pytester.runpytest_subprocess("-p", "no:asyncio").assert_outcomes(passed=1)


def test_without_pytest_asyncio_nothing_is_defined_for_it(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfigure("-p", "no:asyncio")
    assert config.pluginmanager.has_plugin("dynarepo")
    assert not config.pluginmanager.has_plugin("dynarepo-asyncio")


@pytest.mark.parametrize("backend", ["asyncio", ("asyncio", {"debug": True})])
def test_a_test_of_anyio_has_a_connection_by_anyio(backend: object) -> None:
    request = SimpleNamespace(
        node=SimpleNamespace(get_closest_marker=lambda name: None),
        fixturenames=["anyio_backend"],
        getfixturevalue=lambda name: backend,
    )
    chosen = _dynarepo_pytest._connection_fixture(cast("pytest.FixtureRequest", request))
    assert chosen == "_dynamodb_connection_on_anyio"


def test_what_is_missing_or_wrong_is_told_in_a_line(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(WRONG)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=len(COMPLAINTS))
    result.stdout.fnmatch_lines(COMPLAINTS, consecutive=False)
    assert "Traceback" not in result.stdout.str()


def test_a_server_that_is_named_is_used_unless_the_marker_says_otherwise(
    pytester: pytest.Pytester, embedded_server: DynamoDBConfig
) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(
        f"""
        import pytest
        from dynarepo import DynamoDBBaseModel, DynamoDBConfig

        URL = {embedded_server.endpoint_url!r}

        class User(DynamoDBBaseModel):
            pass

        @pytest.fixture(scope="session")
        def dynamodb_server():
            return DynamoDBConfig(region="eu-west-1")

        def test_one_without_marker(dynamodb_config, dynamodb_table):
            assert dynamodb_config.endpoint_url == URL
            assert dynamodb_table(User).startswith("pytest-User-")

        @pytest.mark.dynamodb("real")
        def test_a_real_one(dynamodb_config):
            assert dynamodb_config.endpoint_url == URL

        @pytest.mark.dynamodb("embedded")
        def test_an_embedded_one(dynamodb_config):
            assert dynamodb_config.region == "eu-west-1"

        @pytest.mark.asyncio
        async def test_a_fake(dynamodb_fake, dynamodb_config, dynamodb_repository):
            dynamodb_fake.answer_next({{}})
            assert await dynamodb_repository(User).get_one("a", "b") is None
            assert dynamodb_config.endpoint_url is None
        """
    )
    result = pytester.runpytest_inprocess("--dynamodb-endpoint", str(embedded_server.endpoint_url))
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([f"dynamodb: {embedded_server.endpoint_url} (by --dynamodb-endpoint)"])


def test_a_server_that_is_none_is_told_in_a_line(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile("def test_it(dynamodb_config): pass")
    result = pytester.runpytest_inprocess("--dynamodb-endpoint", "localhost:8000")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["--dynamodb-endpoint: endpoint_url must be an http or https URL with a host"]
    )


def test_a_session_that_uses_no_fixture_imports_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(LIGHT)
    pytester.runpytest_subprocess("-p", "dynarepo").assert_outcomes(passed=1)


def test_a_missing_extra_is_told_in_a_line(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makeconftest("import sys\nsys.modules['moto'] = None")
    pytester.makepyfile("def test_it(dynamodb_config): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ['the embedded DynamoDB needs the extra `local`: pip install "dynarepo[[]local]"']
    )


def test_the_plugin_can_be_left_out(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile("def test_it(): pass\ndef test_a_fixture(dynamodb_config): pass")
    result = pytester.runpytest_subprocess("-p", "no:dynarepo")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*fixture 'dynamodb_config' not found"])


def test_a_password_in_an_address_is_not_printed(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile("def test_it(dynamodb_config): pass")
    result = pytester.runpytest_inprocess("--dynamodb-endpoint", "http://bob:hunter2@127.0.0.1:8000")
    result.assert_outcomes(errors=1)
    assert "hunter2" not in result.stdout.str() + result.stderr.str()
