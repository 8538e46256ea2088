"""The logs of pipeline runs: queries and commands."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Final

from dynarepo import (
    AsyncReadRepository,
    AsyncWriteRepository,
    ConditionFailedError,
    DynamoDBConnection,
    DynamoDBTransactionError,
    ItemNotFoundError,
    PaginationResult,
    append,
    increment,
    set_,
    size,
)
from examples.pipelines.dto import RunFinish
from examples.pipelines.errors import (
    LogFullError,
    PipelineInactiveError,
    PipelineNotFoundError,
    PipelinesError,
    RunAlreadyFinishedError,
    RunNotFoundError,
)
from examples.pipelines.models import PipelineConfig, PipelineRun, RunStatus
from examples.pipelines.views import RunCard

RETENTION: Final = timedelta(days=30)
#: With lines of 500 characters, at most about half of what an item may have.
MAX_LOG_LINES: Final = 100


class RunQueries:
    """Reads runs; those whose time is over are left out, also while DynamoDB has not removed them yet."""

    def __init__(self, runs: AsyncReadRepository[PipelineRun]) -> None:
        self._runs = runs

    async def get(self, pipeline_id: str, run_id: str) -> PipelineRun:
        run = await self._runs.get_one(pipeline_id, run_id, consistent=True, skip_expired=True)
        if run is None:
            raise RunNotFoundError(pipeline_id, run_id)
        return run

    async def of_pipeline(
        self, pipeline_id: str, *, status: RunStatus | None = None, limit: int, cursor: str | None = None
    ) -> PaginationResult[RunCard]:
        """The runs of a pipeline, the newest first."""
        return await self._runs.query_by_pk(
            pipeline_id,
            view=RunCard,
            where=None if status is None else lambda r: r.status == status,
            descending=True,
            skip_expired=True,
            limit=limit,
            cursor=cursor,
        )

    async def running(self, *, limit: int, cursor: str | None = None) -> PaginationResult[RunCard]:
        """What runs now, in all pipelines, the longest first: the whole of a small index."""
        return await self._runs.query_by_pk(
            "now", index="RunningIndex", view=RunCard, skip_expired=True, limit=limit, cursor=cursor
        )

    async def failures(
        self, day: date, *, limit: int, cursor: str | None = None
    ) -> PaginationResult[RunCard]:
        """What failed on a day (UTC), in all pipelines, the latest first."""
        return await self._runs.query_by_pk(
            {"failed_on": day},
            index="FailuresByDayIndex",
            view=RunCard,
            descending=True,
            skip_expired=True,
            limit=limit,
            cursor=cursor,
        )


class RunCommands:
    """
    Starts runs and finishes them, each in one transaction with the counters of the pipeline.

    Args:
        connection: That of both repositories.
        runs: The runs.
        pipelines: Their pipelines.
        queries: Reads the runs that are to be finished.
    """

    def __init__(
        self,
        connection: DynamoDBConnection,
        runs: AsyncWriteRepository[PipelineRun],
        pipelines: AsyncWriteRepository[PipelineConfig],
        queries: RunQueries,
    ) -> None:
        self._connection = connection
        self._runs = runs
        self._pipelines = pipelines
        self._queries = queries

    async def start(self, pipeline_id: str) -> PipelineRun:
        """Start a run of an active pipeline, and count it."""
        run = new_run(pipeline_id, datetime.now(UTC))
        try:
            async with self._connection.transaction() as transaction:
                transaction.create(self._runs, run)
                transaction.update(
                    self._pipelines,
                    pipeline_id,
                    changes=lambda p: [
                        increment(p.run_count, 1),
                        increment(p.running_count, 1),
                        set_(p.last_run_at).to(run.started_at),
                    ],
                    where=lambda p: p.is_active,
                )
        except DynamoDBTransactionError as error:
            refusal = _refusal_to_start(error, pipeline_id)
            if refusal is None:
                raise
            raise refusal from error
        return run

    async def finish(self, pipeline_id: str, run_id: str, outcome: RunFinish) -> PipelineRun:
        """Finish a run once, however many try, and count it off."""
        run = await self._queries.get(pipeline_id, run_id)
        changes = _changes(run, outcome, datetime.now(UTC))
        failures = int(outcome.status is RunStatus.FAILED)
        try:
            async with self._connection.transaction() as transaction:
                transaction.update(
                    self._runs,
                    pipeline_id,
                    run_id,
                    changes,
                    where=lambda r: r.status == RunStatus.RUNNING,
                )
                transaction.update(
                    self._pipelines,
                    pipeline_id,
                    changes=lambda p: [
                        increment(p.running_count, -1),
                        increment(p.failure_count, failures),
                    ],
                )
        except DynamoDBTransactionError as error:
            refusal = _refusal_to_finish(error, pipeline_id, run_id)
            if refusal is None:
                raise
            raise refusal from error
        return run.model_copy(update=changes)

    async def write_log(self, pipeline_id: str, run_id: str, lines: list[str]) -> None:
        """Add lines to the log of a run that has not finished."""
        room = MAX_LOG_LINES - len(lines)
        try:
            await self._runs.update(
                pipeline_id,
                run_id,
                lambda r: [append(r.log, lines)],
                where=lambda r: (r.status == RunStatus.RUNNING) & (size(r.log) <= room),
            )
        except ItemNotFoundError as error:
            raise RunNotFoundError(pipeline_id, run_id) from error
        except ConditionFailedError as error:
            run: PipelineRun = error.item
            if run.status is not RunStatus.RUNNING:
                raise RunAlreadyFinishedError(pipeline_id, run_id, run.status) from error
            raise LogFullError(pipeline_id, run_id) from error


def new_run(pipeline_id: str, started_at: datetime) -> PipelineRun:
    """Make a run whose id sorts by its start; the random end tells runs of one microsecond apart."""
    return PipelineRun(
        pipeline_id=pipeline_id,
        run_id=f"{started_at:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}",
        started_at=started_at,
        running="now",
        # DynamoDB keeps times of expiry in whole seconds.
        expires_at=(started_at + RETENTION).replace(microsecond=0),
    )


def _changes(run: PipelineRun, outcome: RunFinish, finished_at: datetime) -> dict[str, object]:
    return {
        "status": outcome.status,
        "finished_at": finished_at,
        "duration": finished_at - run.started_at,
        "rows": outcome.rows,
        "error": outcome.error,
        # Out of one index, and into the other.
        "running": None,
        "failed_on": finished_at.date() if outcome.status is RunStatus.FAILED else None,
    }


def _refusal_to_start(error: DynamoDBTransactionError, pipeline_id: str) -> PipelinesError | None:
    match _failed_conditions(error):
        case {1: PipelineConfig()}:
            return PipelineInactiveError(pipeline_id)
        case {1: None}:
            return PipelineNotFoundError(pipeline_id)
    return None


def _refusal_to_finish(
    error: DynamoDBTransactionError, pipeline_id: str, run_id: str
) -> PipelinesError | None:
    match _failed_conditions(error):
        case {0: PipelineRun(status=status)}:
            return RunAlreadyFinishedError(pipeline_id, run_id, status)
        case {0: _}:
            return RunNotFoundError(pipeline_id, run_id)
        case {1: _}:
            return PipelineNotFoundError(pipeline_id)
    return None


def _failed_conditions(error: DynamoDBTransactionError) -> dict[int, object]:
    """The stored items of the operations whose condition did not hold; `None` where there is none."""
    return {
        reason.index: reason.old_item
        for reason in error.reasons
        if reason is not None and reason.code == "ConditionalCheckFailed"
    }
