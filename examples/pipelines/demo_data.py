"""A dozen pipelines with tables and about 200 runs, so that there is something to look at."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from dynarepo import DynamoDBConnection
from examples.pipelines.models import (
    Column,
    ColumnType,
    Environment,
    LoadMode,
    PipelineConfig,
    PipelineRun,
    RunStatus,
    TableConfig,
)
from examples.pipelines.runs import new_run
from examples.pipelines.storage import TableNames

_SUBJECTS: Final = ("orders", "customers", "invoices", "payments", "inventory", "web-clicks")
_OWNERS: Final = ("ada", "grace", "katherine", "edgar")
_ENVIRONMENTS: Final = (Environment.PRODUCTION, Environment.STAGING)
_ERRORS: Final = ("the source did not answer", "a row has no key", "the target is full")
_RUNS: Final = 17
_COLUMNS: Final = [
    Column(name="id", type=ColumnType.INTEGER, is_key=True, is_nullable=False),
    Column(name="name", type=ColumnType.TEXT),
    Column(name="amount", type=ColumnType.DECIMAL),
    Column(name="changed_at", type=ColumnType.TIMESTAMP, is_nullable=False),
]


async def write_demo_data(connection: DynamoDBConnection, names: TableNames, now: datetime) -> None:
    """Write it all: runs and tables by batches, pipelines one by one, as they count versions."""
    runs = [run for number in range(len(_ids())) for run in _runs(number, now)]
    pipelines = connection.repository(PipelineConfig, table_name=names.pipelines)
    await connection.repository(PipelineRun, table_name=names.runs).batch_write(runs)
    await connection.repository(TableConfig, table_name=names.tables).batch_write(
        table for number in range(len(_ids())) for table in _tables(number)
    )
    await asyncio.gather(*(pipelines.create(pipeline) for pipeline in _pipelines(runs)))


def _ids() -> list[str]:
    return [f"{subject}-{environment}" for environment in _ENVIRONMENTS for subject in _SUBJECTS]


def _pipelines(runs: list[PipelineRun]) -> Iterator[PipelineConfig]:
    for number, pipeline_id in enumerate(_ids()):
        own = [run for run in runs if run.pipeline_id == pipeline_id]
        yield PipelineConfig(
            pipeline_id=pipeline_id,
            environment=_ENVIRONMENTS[number // len(_SUBJECTS)],
            owner=_OWNERS[number % len(_OWNERS)],
            schedule=f"{5 * number} */{1 + number % 6} * * *",
            description=f"Loads {_SUBJECTS[number % len(_SUBJECTS)]} into the warehouse.",
            parameters={"batch_size": str(1000 * (1 + number % 3)), "region": "eu-west-1"},
            is_active=number % 4 != 3,
            run_count=len(own),
            running_count=sum(run.status is RunStatus.RUNNING for run in own),
            failure_count=sum(run.status is RunStatus.FAILED for run in own),
            last_run_at=max(run.started_at for run in own),
        )


def _tables(number: int) -> Iterator[TableConfig]:
    for place, mode in enumerate(LoadMode):
        yield TableConfig(
            pipeline_id=_ids()[number],
            table_name=f"{_SUBJECTS[number % len(_SUBJECTS)].replace('-', '_')}.part_{place + 1}",
            load_mode=mode,
            columns=_COLUMNS[: 2 + (number + place) % 3],
        )


def _runs(number: int, now: datetime) -> Iterator[PipelineRun]:
    for back in range(_RUNS):
        started_at = now.astimezone(UTC) - timedelta(hours=back * (1 + number % 6), minutes=3 + number)
        run = new_run(_ids()[number], started_at)
        runs_still = back == 0 and number % 4 == 0
        yield run if runs_still else _finished(run, number + back)


def _finished(run: PipelineRun, number: int) -> PipelineRun:
    failed = number % 6 == 1
    duration = timedelta(seconds=20 + number * 37 % 140)
    finished_at = run.started_at + duration
    return run.model_copy(
        update={
            "status": RunStatus.FAILED if failed else RunStatus.SUCCEEDED,
            "finished_at": finished_at,
            "duration": duration,
            "rows": None if failed else 1000 + number * 731,
            "error": _ERRORS[number % len(_ERRORS)] if failed else None,
            "log": ["connected to the source", f"asked for batch {number}", "ended"],
            "running": None,
            "failed_on": finished_at.date() if failed else None,
        }
    )
