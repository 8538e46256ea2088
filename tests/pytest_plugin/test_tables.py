"""Tables of single tests: what is deleted after them, and what is not theirs to delete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynarepo import DynamoDBConfig, TableAdmin
from dynarepo.exceptions import InvalidRequestError, SchemaError, TableAlreadyExistsError
from dynarepo.pytest_plugin import TableFactory
from dynarepo.pytest_plugin._tables import TableMaker
from tests.models import Reading, User
from tests.recording_logger import RecordingLogger


@pytest.fixture
def maker() -> Iterator[TableMaker]:
    maker = TableMaker()
    yield maker
    maker.stop()


@pytest.fixture
def tables(maker: TableMaker, embedded_config: DynamoDBConfig) -> TableFactory:
    return TableFactory(maker, embedded_config)


async def present(config: DynamoDBConfig) -> set[str]:
    async with TableAdmin(config=config, logger=RecordingLogger()) as admin:
        return set(await admin.list_tables())


async def test_each_table_has_a_name_of_its_own_and_is_deleted(
    tables: TableFactory, embedded_config: DynamoDBConfig
) -> None:
    names = {tables(User), tables(User)}
    assert len(names) == 2
    assert all(name.startswith("pytest-User-") for name in names)
    assert names <= await present(embedded_config)
    tables.delete_all()
    assert not names & await present(embedded_config)


async def test_a_table_of_a_given_name_is_deleted(
    tables: TableFactory, embedded_config: DynamoDBConfig, table_name: str
) -> None:
    assert tables(User, table_name=table_name) == table_name
    tables.delete_all()
    assert table_name not in await present(embedded_config)


async def test_a_table_that_was_there_before_is_left_alone(
    maker: TableMaker, tables: TableFactory, embedded_config: DynamoDBConfig, table_name: str
) -> None:
    TableFactory(maker, embedded_config)(User, table_name=table_name)
    with pytest.raises(TableAlreadyExistsError):
        tables(User, table_name=table_name)
    tables.delete_all()
    assert table_name in await present(embedded_config)


def test_a_table_that_could_not_be_made_is_not_missed(tables: TableFactory) -> None:
    with pytest.raises(SchemaError):
        tables(User, Reading)
    with pytest.raises(InvalidRequestError, match="at least one model"):
        tables()
    tables.delete_all()


async def test_what_cannot_be_deleted_is_told_when_the_others_are(
    maker: TableMaker,
    tables: TableFactory,
    embedded_config: DynamoDBConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = tables(User), tables(User)

    delete = maker.delete

    def refuse_one(config: DynamoDBConfig, name: str) -> None:
        if name == second:
            raise RuntimeError("on purpose")
        delete(config, name)

    monkeypatch.setattr(maker, "delete", refuse_one)
    with pytest.raises(ExceptionGroup, match="left behind") as raised:
        tables.delete_all()
    assert [str(failure) for failure in raised.value.exceptions] == ["on purpose"]
    assert {first, second} & await present(embedded_config) == {second}


def test_one_connection_serves_all_tests_of_a_server(
    maker: TableMaker, embedded_config: DynamoDBConfig
) -> None:
    for name in ("table-one", "table-two"):
        factory = TableFactory(maker, embedded_config.model_copy(update={"table_name": name}))
        factory(User)
        factory.delete_all()
    assert len(maker._admins) == 1
