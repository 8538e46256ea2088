"""The fixtures, as a project with pytest-asyncio in auto mode has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    ConnectionClosedError,
    DynamoDBConfig,
    DynamoDBConnection,
    ItemAlreadyExistsError,
    TableAdmin,
    TableNotFoundError,
    TableSchema,
)
from dynarepo.pytest_plugin import RepositoryFactory, TableFactory
from dynarepo.testing import CapturedEvents, FakeTransport, RequestLog, SentRequest, error_reply
from tests.models import Order, User
from tests.recording_logger import RecordingLogger

pytestmark = pytest.mark.dynamodb("embedded")


class Plain(BaseModel):
    name: str


@pytest.fixture
async def ada(dynamodb_repository: RepositoryFactory) -> AsyncIterator[AsyncDynamoDBRepository[User]]:
    users = dynamodb_repository(User)
    await users.save(User(pk="ada", sk="x"))
    yield users
    assert await users.get_one("ada", "x") is not None  # the connection is open until all is torn down


async def test_a_repository_has_a_table_of_its_own(dynamodb_repository: RepositoryFactory) -> None:
    one, other = dynamodb_repository(User), dynamodb_repository(User)
    await one.create(User(pk="a", sk="b"))
    assert await other.get_one("a", "b") is None
    await other.create(User(pk="a", sk="b"))


async def test_a_fixture_of_the_project_may_use_it_before_and_after_the_test(
    ada: AsyncDynamoDBRepository[User],
) -> None:
    assert await ada.get_one("ada", "x") is not None


async def test_the_name_that_a_model_declares_is_not_used(dynamodb_repository: RepositoryFactory) -> None:
    assert dynamodb_repository(Order).table_name.startswith("pytest-Order-")


async def test_a_repository_takes_a_schema_and_options(dynamodb_repository: RepositoryFactory) -> None:
    plain = dynamodb_repository(Plain, schema=TableSchema("name"), consistent_read=True)
    await plain.save(Plain(name="a"))
    assert await plain.get_one("a") == Plain(name="a")
    assert plain.config.consistent_read


async def test_models_can_share_a_table(
    dynamodb_table: TableFactory, dynamodb_repository: RepositoryFactory
) -> None:
    class Admin(User):
        level: int = 1

    shared = dynamodb_table(User, Admin)
    await dynamodb_repository(User, table_name=shared).save(User(pk="a", sk="b"))
    with pytest.raises(ItemAlreadyExistsError):
        await dynamodb_repository(Admin, table_name=shared).create(Admin(pk="a", sk="b"))


def test_a_test_that_does_not_await_has_tables_too(
    dynamodb_table: TableFactory, dynamodb_config: DynamoDBConfig
) -> None:
    name = dynamodb_table(User, table_name=dynamodb_config.table_name)

    async def application() -> list[str]:
        async with TableAdmin(config=dynamodb_config, logger=RecordingLogger()) as tables:
            return await tables.list_tables()

    assert name == dynamodb_config.table_name
    assert name in asyncio.run(application())


def test_the_table_that_the_configuration_names_is_the_tests_own(
    dynamodb_config: DynamoDBConfig, dynamodb_server: DynamoDBConfig
) -> None:
    assert dynamodb_config.table_name != dynamodb_server.table_name
    assert dynamodb_config.endpoint_url == dynamodb_server.endpoint_url


async def test_the_requests_of_the_test_are_kept_and_those_for_its_table_are_not(
    dynamodb_repository: RepositoryFactory, dynamodb_requests: RequestLog[SentRequest]
) -> None:
    users = dynamodb_repository(User)
    await users.save(User(pk="a", sk="b"))
    await users.get_one("a", "b")
    assert dynamodb_requests.operations == ["PutItem", "GetItem"]
    assert dynamodb_requests.payloads("GetItem")[0]["TableName"] == users.table_name


async def test_the_events_of_the_test_are_kept(
    dynamodb_repository: RepositoryFactory, dynamodb_events: CapturedEvents
) -> None:
    await dynamodb_repository(User).get_one("a", "b")
    (completed,) = dynamodb_events.named("dynamodb.operation.completed")
    assert (completed["operation"], completed["outcome"]) == ("GetItem", "success")


async def test_a_test_may_delete_its_table(
    dynamodb_repository: RepositoryFactory, dynamodb_connection: DynamoDBConnection
) -> None:
    users = dynamodb_repository(User)
    await dynamodb_connection.table_admin().delete_table(users.table_name)
    with pytest.raises(TableNotFoundError):
        await users.get_one("a", "b")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_connection_is_on_the_event_loop_that_the_test_names(
    dynamodb_connection: DynamoDBConnection,
) -> None:
    assert await dynamodb_connection.table_admin().table_exists("other") is False


async def test_the_connection_is_bound_to_the_event_loop_of_the_test(
    dynamodb_connection: DynamoDBConnection,
) -> None:
    with pytest.raises(ConnectionClosedError, match="another event loop"):
        await asyncio.to_thread(asyncio.run, dynamodb_connection.table_admin().list_tables())


@pytest.mark.dynamodb(server="fake")
async def test_a_fake_makes_no_tables_and_answers_from_the_script(
    dynamodb_repository: RepositoryFactory,
    dynamodb_fake: FakeTransport,
    dynamodb_requests: RequestLog[SentRequest],
) -> None:
    dynamodb_fake.answer_next(error_reply("ThrottlingException"), {})
    users = dynamodb_repository(User)
    assert await users.get_one("a", "b") is None
    assert users.table_name == "dynarepo"
    assert dynamodb_requests is dynamodb_fake.requests
    assert dynamodb_requests.operations == ["GetItem", "GetItem"]
