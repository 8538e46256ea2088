"""Runs over HTTP."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from dynarepo.fastapi import Page, PageParams
from examples.pipelines.api.problems import problems
from examples.pipelines.dependencies import RunCommands, RunQueries
from examples.pipelines.dto import LogLines, RunFinish
from examples.pipelines.models import PipelineRun, RunStatus
from examples.pipelines.views import RunCard

router = APIRouter(tags=["runs"], responses=problems(503))


class RunListParams(PageParams):
    status: RunStatus | None = None


class FailureListParams(PageParams):
    day: Annotated[date | None, Field(description="In UTC; today without it.")] = None


@router.get("/runs/running", responses=problems(400))
async def list_running(queries: RunQueries, page: Annotated[PageParams, Query()]) -> Page[RunCard]:
    """List what runs now, the longest first."""
    return Page.of(await queries.running(**page.options()))


@router.get("/runs/failures", responses=problems(400))
async def list_failures(queries: RunQueries, wanted: Annotated[FailureListParams, Query()]) -> Page[RunCard]:
    """List what failed on a day, the latest first."""
    return Page.of(await queries.failures(wanted.day or datetime.now(UTC).date(), **wanted.options()))


@router.get("/pipelines/{pipeline_id}/runs", responses=problems(400))
async def list_runs(
    pipeline_id: str, queries: RunQueries, wanted: Annotated[RunListParams, Query()]
) -> Page[RunCard]:
    """List the runs of a pipeline, the newest first."""
    return Page.of(await queries.of_pipeline(pipeline_id, status=wanted.status, **wanted.options()))


@router.post("/pipelines/{pipeline_id}/runs", status_code=201, responses=problems(404, 409))
async def start_run(
    pipeline_id: str, commands: RunCommands, request: Request, response: Response
) -> PipelineRun:
    """Start a run of an active pipeline."""
    run = await commands.start(pipeline_id)
    response.headers["Location"] = str(
        request.app.url_path_for("get_run", pipeline_id=pipeline_id, run_id=run.run_id)
    )
    return run


@router.get("/pipelines/{pipeline_id}/runs/{run_id}", responses=problems(404))
async def get_run(pipeline_id: str, run_id: str, queries: RunQueries) -> PipelineRun:
    """Read a run with its log."""
    return await queries.get(pipeline_id, run_id)


@router.post("/pipelines/{pipeline_id}/runs/{run_id}/finish", responses=problems(404, 409))
async def finish_run(pipeline_id: str, run_id: str, outcome: RunFinish, commands: RunCommands) -> PipelineRun:
    """Finish a run, once."""
    return await commands.finish(pipeline_id, run_id, outcome)


@router.post("/pipelines/{pipeline_id}/runs/{run_id}/log", status_code=204, responses=problems(404, 409))
async def write_log(pipeline_id: str, run_id: str, log: LogLines, commands: RunCommands) -> None:
    """Add lines to the log of a run that has not finished."""
    await commands.write_log(pipeline_id, run_id, log.lines)
