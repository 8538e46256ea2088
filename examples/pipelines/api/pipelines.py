"""Pipelines over HTTP: versions are entity tags, so that nobody overwrites what they have not seen."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request, Response

from dynarepo.fastapi import IfMatch, Page, PageParams, RequiredIfMatch, etag, not_modified
from examples.pipelines.api.problems import problems
from examples.pipelines.dependencies import PipelineCommands, PipelineQueries
from examples.pipelines.dto import PipelineCreate, PipelinePatch, PipelinePut
from examples.pipelines.models import Environment, PipelineConfig, PipelineId, PipelineSettings
from examples.pipelines.views import PipelineCard

P = TypeVar("P", bound=PipelineSettings)

router = APIRouter(prefix="/pipelines", tags=["pipelines"], responses=problems(503))

_WRITE = problems(404, 412, 428)


class PipelineListParams(PageParams):
    environment: Environment | None = None
    is_active: bool | None = None


@router.get("", responses=problems(400))
async def list_pipelines(
    queries: PipelineQueries, wanted: Annotated[PipelineListParams, Query()]
) -> Page[PipelineCard]:
    """List pipelines: by environment, by activity (last written first), by both, or all."""
    if wanted.environment is not None:
        found = await queries.by_environment(
            wanted.environment, is_active=wanted.is_active, **wanted.options()
        )
    elif wanted.is_active is not None:
        found = await queries.by_activity(is_active=wanted.is_active, **wanted.options())
    else:
        found = await queries.list(**wanted.options())
    return Page.of(found)


@router.post("", status_code=201, responses=problems(409))
async def create_pipeline(
    new: PipelineCreate, commands: PipelineCommands, request: Request, response: Response
) -> PipelineConfig:
    pipeline = await commands.create(new)
    response.headers["Location"] = str(
        request.app.url_path_for("get_pipeline", pipeline_id=pipeline.pipeline_id)
    )
    return _tagged(pipeline, response)


@router.get(
    "/{pipeline_id}",
    response_model=PipelineConfig,
    responses={304: {"description": "Not Modified: If-None-Match names its version"}, **problems(404)},
)
async def get_pipeline(
    pipeline_id: str, queries: PipelineQueries, request: Request, response: Response
) -> PipelineConfig | Response:
    pipeline = await queries.get(pipeline_id)
    if not_modified(request, pipeline.version):
        return Response(status_code=304, headers={"ETag": etag(pipeline.version)})
    return _tagged(pipeline, response)


@router.put("/{pipeline_id}", responses={201: {"model": PipelineSettings}, **problems(412)})
async def put_pipeline(
    pipeline_id: PipelineId,
    wanted: PipelinePut,
    version: IfMatch,
    commands: PipelineCommands,
    response: Response,
) -> PipelineSettings:
    """Create a pipeline or change all of its settings; its counters stay. `If-Match` may say what version."""
    settings = await commands.put(pipeline_id, wanted, version=version)
    if settings.version == 1:
        response.status_code = 201
    return _tagged(settings, response)


@router.patch("/{pipeline_id}", responses=_WRITE)
async def patch_pipeline(
    pipeline_id: str,
    patch: PipelinePatch,
    version: RequiredIfMatch,
    commands: PipelineCommands,
    response: Response,
) -> PipelineConfig:
    """Change the settings that are given."""
    return _tagged(await commands.patch(pipeline_id, patch, version=version), response)


@router.post("/{pipeline_id}/activate", responses=_WRITE)
async def activate_pipeline(
    pipeline_id: str, version: RequiredIfMatch, commands: PipelineCommands, response: Response
) -> PipelineConfig:
    return _tagged(await commands.activate(pipeline_id, version=version), response)


@router.post("/{pipeline_id}/deactivate", responses=_WRITE)
async def deactivate_pipeline(
    pipeline_id: str, version: RequiredIfMatch, commands: PipelineCommands, response: Response
) -> PipelineConfig:
    return _tagged(await commands.deactivate(pipeline_id, version=version), response)


@router.delete("/{pipeline_id}", status_code=204, responses={**_WRITE, **problems(409)})
async def delete_pipeline(pipeline_id: str, version: RequiredIfMatch, commands: PipelineCommands) -> None:
    """Delete a pipeline that runs nothing, and then its tables; its runs stay until they expire."""
    await commands.delete(pipeline_id, version=version)


def _tagged(pipeline: P, response: Response) -> P:
    response.headers["ETag"] = etag(pipeline.version)
    return pipeline
