"""Reads and writes apart: what is asked of the two halves, end to end."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError, create_model

from dynarepo import (
    AsyncDynamoDBRepository,
    AsyncReadRepository,
    ConditionFailedError,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBTransactionError,
    InvalidItemError,
    InvalidValueError,
    ItemAlreadyExistsError,
    RejectedError,
    SortKeyCondition,
    TransactWriteItem,
    attr,
    not_,
    set_,
)
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import on_fake
from tests.recording_logger import RecordingLogger
from tests.specifications.domains import (
    PipelineCard,
    PipelineConfig,
    PipelineError,
    PipelineReadApi,
    PipelineRun,
    PipelineWriteApi,
    TableConfig,
    pipeline,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
async def pipelines(connection: DynamoDBConnection) -> AsyncDynamoDBRepository[PipelineConfig]:
    await connection.table_admin().create_table(PipelineConfig)
    return connection.repository(PipelineConfig)


# Reads and writes apart


async def test_an_application_has_a_reading_and_a_writing_api(
    pipelines: AsyncDynamoDBRepository[PipelineConfig], connection: DynamoDBConnection
) -> None:
    reads = PipelineReadApi(connection.read_repository(PipelineConfig))
    writes = PipelineWriteApi(connection.write_repository(PipelineConfig))
    for number in range(1, 10):
        await writes.register(pipeline(number))
    assert (await writes.stop("red-1")).is_active is False
    with pytest.raises(ConditionFailedError):
        await writes.stop("red-1")
    assert await reads.card("red-1") == PipelineCard(pipeline_id="red-1", name="pipeline 1")
    first = await reads.active(3)
    rest = await reads.active(3, first.cursor)
    assert [card.pipeline_id for card in first.items + rest.items] == [
        *("blue-5", "blue-7", "blue-8", "red-2", "red-4")
    ]
    red = await reads.of_team("test", "red")
    assert [card.pipeline_id for card in red.items] == ["red-2", "red-4"]


async def test_an_error_of_the_application_has_the_librarys_as_its_cause(
    pipelines: AsyncDynamoDBRepository[PipelineConfig],
) -> None:
    writes = PipelineWriteApi(pipelines)
    await writes.register(pipeline())
    with pytest.raises(PipelineError) as raised:
        await writes.register(pipeline(name="other"))
    cause = raised.value.__cause__
    assert isinstance(cause, ItemAlreadyExistsError)
    assert (raised.value.pipeline_id, cause.operation, cause.pk) == ("red-1", "PutItem", "red-1")
    fake = FakeTransport(error_reply("ValidationException"))
    async with on_fake(fake, PipelineConfig) as unlucky:
        with pytest.raises(PipelineError) as raised:
            await PipelineReadApi(unlucky).card("red-1")
    assert isinstance(raised.value.__cause__, RejectedError)
    assert raised.value.__cause__.operation == "GetItem"


async def test_the_writing_half_has_conditions_batches_and_transactions(
    pipelines: AsyncDynamoDBRepository[PipelineConfig], connection: DynamoDBConnection
) -> None:
    writes = connection.write_repository(PipelineConfig)
    assert await writes.batch_write(pipeline(number) for number in range(1, 31)) == 30
    assert await writes.batch_delete([f"blue-{number}" for number in range(10, 31)]) == 21
    with pytest.raises(ConditionFailedError) as failed:
        await writes.delete("red-1", where=attr("environment").eq("test"))
    assert failed.value.item.environment == "production"
    operations = [
        TransactWriteItem.delete("red-1", where=attr("is_active").eq(True)),
        TransactWriteItem.update("red-2", changes={"name": "renamed"}),
        TransactWriteItem.check("red-3", where=attr("is_active").eq(False)),
        TransactWriteItem.create(pipeline(40)),
    ]
    await writes.transact_write(operations)
    with pytest.raises(DynamoDBTransactionError) as cancelled:
        await writes.transact_write(operations)
    assert [reason and reason.index for reason in cancelled.value.reasons] == [0, None, None, 3]
    found = {item.pipeline_id: item.name async for item in pipelines.iter_scan_items()}
    assert found == {
        **{f"red-{number}": f"pipeline {number}" for number in (3, 4)},
        **{f"blue-{number}": f"pipeline {number}" for number in (5, 6, 7, 8, 9, 40)},
        "red-2": "renamed",
    }


async def test_a_model_for_writes_validates_before_anything_is_sent() -> None:
    with pytest.raises(ValidationError, match="name"):
        pipeline(name="")
    fake = FakeTransport()
    async with on_fake(fake, PipelineConfig) as pipelines:
        for changes in ({"name": ""}, {"is_active": "perhaps"}, {"settings": None}):
            with pytest.raises(InvalidValueError) as refused:
                await pipelines.update("red-1", changes=changes)
            assert refused.value.path == next(iter(changes))
    assert fake.requests == []


async def test_an_upsert_renews_the_time_of_change_and_keeps_that_of_creation(
    pipelines: AsyncDynamoDBRepository[PipelineConfig],
) -> None:
    first = await pipelines.upsert(pipeline())
    second = await pipelines.upsert(pipeline(name="renamed", created_at=NOON, updated_at=NOON))
    assert await pipelines.get_one("red-1") == second
    assert first.created_at is not None
    assert first.updated_at is not None
    assert second.updated_at is not None
    assert second.created_at == first.created_at == first.updated_at < second.updated_at


# Booleans that are keys of an index


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false")])
async def test_a_boolean_index_key_is_stored_as_text_and_comes_back_as_a_boolean(
    pipelines: AsyncDynamoDBRepository[PipelineConfig],
    connection: DynamoDBConnection,
    value: bool,
    text: str,
) -> None:
    await pipelines.save(pipeline(is_active=value))
    stored = await connection.table_gateway().get_item({"pipeline_id": "red-1"})
    assert stored is not None
    assert stored["is_active"] == text
    for index, pk in (("by_active", value), ("by_environment", "production")):
        (found,) = (await pipelines.query_by_pk(pk, index=index)).items
        assert found.is_active is value
    assert (await pipelines.query_by_pk(not value, index="by_active")).items == []


async def test_conditions_and_updates_take_a_boolean_index_key_as_a_boolean(
    pipelines: AsyncDynamoDBRepository[PipelineConfig],
) -> None:
    await pipelines.batch_write(pipeline(number) for number in range(1, 7))
    stopped = {"red-3", "blue-6"}
    for where in (attr("is_active").eq(False), attr("is_active").in_(False), attr("is_active").ne(True)):
        assert {item.pipeline_id for item in (await pipelines.scan(where=where)).items} == stopped
    assert {
        item.pipeline_id for item in (await pipelines.scan(where=lambda p: not_(p.is_active))).items
    } == stopped
    with pytest.raises(ConditionFailedError):
        await pipelines.delete("red-3", where=attr("is_active").eq(True))
    changed = await pipelines.update(
        "red-3", None, lambda p: [set_(p.is_active).to(True)], where=attr("is_active").eq(False)
    )
    assert changed.is_active is True
    await pipelines.transact_write([TransactWriteItem.check("red-3", where=lambda p: p.is_active)])
    assert await pipelines.count(True, index="by_active") == 5


# Views


FIELDS = ("pipeline_id", "name", "environment", "is_active", "settings")


@pytest.mark.parametrize(
    "names", [names for number in range(1, 6) for names in combinations(FIELDS, number)], ids="-".join
)
async def test_any_subset_of_fields_is_a_view(
    pipelines: AsyncDynamoDBRepository[PipelineConfig], names: tuple[str, ...]
) -> None:
    definitions: dict[str, Any] = {
        name: (PipelineConfig.model_fields[name].annotation, ...) for name in names
    }
    await pipelines.save(pipeline())
    view = await pipelines.get_one("red-1", view=create_model("View", **definitions))
    assert view is not None
    assert view.model_dump() == {name: getattr(pipeline(), name) for name in names}


async def test_a_projection_does_not_fail_for_a_field_that_was_not_asked_for(
    pipelines: AsyncDynamoDBRepository[PipelineConfig], connection: DynamoDBConnection
) -> None:
    """The item lacks fields that the model requires, and has a wrong one."""
    await connection.table_gateway().put_item(
        {"pipeline_id": "red-1", "name": "x", "is_active": "true", "settings": 5}
    )
    card = PipelineCard(pipeline_id="red-1", name="x")
    with pytest.raises(InvalidItemError):
        await pipelines.get_one("red-1")
    assert await pipelines.get_one("red-1", view=PipelineCard) == card
    assert await pipelines.batch_get(["red-1"], view=PipelineCard) == [card]
    assert await pipelines.transact_get(["red-1"], view=PipelineCard) == [card]
    assert (await pipelines.scan(view=PipelineCard)).items == [card]
    assert (await pipelines.query_by_pk(True, index="by_active", view=PipelineCard)).items == [card]


# Time zones


@pytest.mark.parametrize(
    ("argument", "configured", "environment", "expected"),
    [
        ("Asia/Tokyo", "Europe/Berlin", "America/Lima", "Asia/Tokyo"),
        (None, "Europe/Berlin", "America/Lima", "Europe/Berlin"),
        (None, None, "America/Lima", "America/Lima"),
        (None, None, None, None),
    ],
)
async def test_the_zone_is_the_arguments_then_the_configurations_then_the_environments_then_utc(
    embedded_config: DynamoDBConfig,
    monkeypatch: pytest.MonkeyPatch,
    argument: str | None,
    configured: str | None,
    environment: str | None,
    expected: str | None,
) -> None:
    if environment is not None:
        monkeypatch.setenv("DYNAMODB_USER_TIMEZONE", environment)
    given = embedded_config.model_dump(exclude={"user_timezone"})
    config = DynamoDBConfig(**given, **({"user_timezone": configured} if configured else {}))
    async with DynamoDBConnection(config=config, logger=RecordingLogger()) as connection:
        await connection.table_admin().create_table(PipelineRun)
        runs = connection.repository(PipelineRun)
        runs = runs.with_options(user_timezone=argument) if argument else runs
        local = datetime(2026, 1, 31, 13, tzinfo=ZoneInfo("Europe/Berlin"))
        await runs.save(PipelineRun(pipeline_id="a", run_id="1", started_at=local))
        (stored,) = (await connection.table_gateway().scan()).items
        (found,) = (await runs.query_by_pk({"pipeline_id": "a"})).items
    assert stored["started_at"] == "2026-01-31T12:00:00.000000Z"
    assert stored["sk"] == "RUN#2026-01-31T12:00:00.000000Z#1"
    assert found.started_at == NOON
    assert found.started_at.tzinfo == (UTC if expected is None else ZoneInfo(expected))


async def test_a_datetime_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - on purpose
    fake = FakeTransport()
    async with on_fake(fake, PipelineRun) as runs:
        with pytest.raises(InvalidValueError) as refused:
            await runs.save(PipelineRun(pipeline_id="a", run_id="1", started_at=naive))
    assert refused.value.path == "started_at"
    assert fake.requests == []


# Three domains


async def test_three_domains_have_queries_and_commands_of_their_own(
    pipelines: AsyncDynamoDBRepository[PipelineConfig], connection: DynamoDBConnection
) -> None:
    admin, name = connection.table_admin(), pipelines.table_name
    for model, table in ((TableConfig, f"{name}-tables"), (PipelineRun, f"{name}-runs")):
        await admin.create_table(model, table_name=table)
    tables = connection.repository(TableConfig, table_name=f"{name}-tables")
    runs = connection.repository(PipelineRun, table_name=f"{name}-runs")
    async with connection.transaction() as transaction:
        transaction.create(pipelines, pipeline())
        for table in ("orders", "users"):
            transaction.create(tables, TableConfig(pipeline_id="red-1", table=table, columns=["id"]))
    await runs.batch_write(
        PipelineRun(
            pipeline_id="red-1", run_id=str(day), started_at=NOON.replace(day=day), failed=day % 2 == 0
        )
        for day in range(1, 11)
    )
    assert (await pipelines.query_by_pk(True, index="by_active")).count == 1
    assert (await pipelines.query_by_pk("production", index="by_environment")).count == 1
    assert [table.table for table in (await tables.query_by_pk("red-1")).items] == ["orders", "users"]
    since = SortKeyCondition.ge("RUN#2026-01-04")
    failed = await runs.query_by_pk_and_sk(
        {"pipeline_id": "red-1"}, since, where=attr("failed").eq(True), limit=2, descending=True
    )
    assert [run.run_id for run in failed.items] == ["10", "8"]
    assert await runs.count({"pipeline_id": "red-1"}, since) == 7


class Pipelines(AsyncReadRepository[PipelineConfig]):
    """The same built by inheriting."""

    async def card(self, pipeline_id: str) -> PipelineCard | None:
        return await self.get_one(pipeline_id, view=PipelineCard)


async def test_an_application_class_may_inherit_from_a_half(
    pipelines: AsyncDynamoDBRepository[PipelineConfig], embedded_config: DynamoDBConfig
) -> None:
    await pipelines.save(pipeline())
    async with Pipelines(PipelineConfig, config=embedded_config, logger=RecordingLogger()) as reads:
        assert await reads.card("red-1") == PipelineCard(pipeline_id="red-1", name="pipeline 1")
    assert not hasattr(reads, "save")
