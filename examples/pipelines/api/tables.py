"""The tables of a pipeline over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from dynarepo.fastapi import Page, PageParams
from examples.pipelines.api.problems import problems
from examples.pipelines.dependencies import TableCommands, TableQueries
from examples.pipelines.dto import TablePut
from examples.pipelines.models import TableConfig
from examples.pipelines.views import TableCard

router = APIRouter(prefix="/pipelines/{pipeline_id}/tables", tags=["tables"], responses=problems(503))


class Written(BaseModel):
    written: int


@router.get("", responses=problems(400))
async def list_tables(
    pipeline_id: str, queries: TableQueries, page: Annotated[PageParams, Query()]
) -> Page[TableCard]:
    """List the tables of a pipeline by name."""
    return Page.of(await queries.list(pipeline_id, **page.options()))


@router.put("", responses=problems(404))
async def put_tables(
    pipeline_id: str,
    tables: Annotated[list[TablePut], Body(min_length=1, max_length=1000)],
    commands: TableCommands,
) -> Written:
    """Create or replace many tables; others stay. A 503 names those that were not written."""
    return Written(written=await commands.put(pipeline_id, tables))


@router.get("/{table_name}", responses=problems(404))
async def get_table(pipeline_id: str, table_name: str, queries: TableQueries) -> TableConfig:
    return await queries.get(pipeline_id, table_name)


@router.delete("/{table_name}", status_code=204, responses=problems(404))
async def delete_table(pipeline_id: str, table_name: str, commands: TableCommands) -> None:
    await commands.delete(pipeline_id, table_name)
