"""What routes are given: queries and commands on the application's connection."""

from typing import Annotated

from fastapi import Depends, Request

from dynarepo.fastapi import Connection
from examples.pipelines import pipelines, runs, tables
from examples.pipelines.models import PipelineConfig, PipelineRun, PipelineSettings, TableConfig
from examples.pipelines.storage import TableNames

# All are coroutines because FastAPI calls plain functions in a thread. Repositories are cheap to make.


async def table_names_of(request: Request) -> TableNames:
    names: TableNames = request.app.state.table_names
    return names


Names = Annotated[TableNames, Depends(table_names_of)]


async def table_queries(connection: Connection, names: Names) -> tables.TableQueries:
    return tables.TableQueries(connection.read_repository(TableConfig, table_name=names.tables))


TableQueries = Annotated[tables.TableQueries, Depends(table_queries)]


async def table_commands(connection: Connection, names: Names, queries: TableQueries) -> tables.TableCommands:
    return tables.TableCommands(
        connection.write_repository(TableConfig, table_name=names.tables),
        queries,
        connection.read_repository(PipelineConfig, table_name=names.pipelines),
    )


TableCommands = Annotated[tables.TableCommands, Depends(table_commands)]


async def pipeline_queries(connection: Connection, names: Names) -> pipelines.PipelineQueries:
    return pipelines.PipelineQueries(connection.read_repository(PipelineConfig, table_name=names.pipelines))


async def pipeline_commands(
    connection: Connection, names: Names, of_tables: TableCommands
) -> pipelines.PipelineCommands:
    return pipelines.PipelineCommands(
        connection.write_repository(PipelineConfig, table_name=names.pipelines),
        connection.write_repository(PipelineSettings, table_name=names.pipelines),
        of_tables,
    )


PipelineQueries = Annotated[pipelines.PipelineQueries, Depends(pipeline_queries)]
PipelineCommands = Annotated[pipelines.PipelineCommands, Depends(pipeline_commands)]


async def run_queries(connection: Connection, names: Names) -> runs.RunQueries:
    return runs.RunQueries(connection.read_repository(PipelineRun, table_name=names.runs))


RunQueries = Annotated[runs.RunQueries, Depends(run_queries)]


async def run_commands(connection: Connection, names: Names, queries: RunQueries) -> runs.RunCommands:
    return runs.RunCommands(
        connection,
        connection.write_repository(PipelineRun, table_name=names.runs),
        connection.write_repository(PipelineConfig, table_name=names.pipelines),
        queries,
    )


RunCommands = Annotated[runs.RunCommands, Depends(run_commands)]
