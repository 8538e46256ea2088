"""The configuration of a pipeline's tables: queries and commands."""

from collections.abc import AsyncIterator, Sequence

from dynarepo import (
    AsyncReadRepository,
    AsyncWriteRepository,
    DynamoDBBatchOperationError,
    PaginationResult,
)
from examples.pipelines.dto import TablePut
from examples.pipelines.errors import (
    PipelineNotFoundError,
    TableConfigNotFoundError,
    TablesNotWrittenError,
)
from examples.pipelines.models import PipelineConfig, TableConfig
from examples.pipelines.views import PipelineKey, TableCard, TableKey


class TableQueries:
    def __init__(self, tables: AsyncReadRepository[TableConfig]) -> None:
        self._tables = tables

    async def get(self, pipeline_id: str, table_name: str) -> TableConfig:
        table = await self._tables.get_one(pipeline_id, table_name)
        if table is None:
            raise TableConfigNotFoundError(pipeline_id, table_name)
        return table

    async def list(
        self, pipeline_id: str, *, limit: int, cursor: str | None = None
    ) -> PaginationResult[TableCard]:
        """The tables of a pipeline by name, without their columns."""
        return await self._tables.query_by_pk(pipeline_id, view=TableCard, limit=limit, cursor=cursor)

    async def keys(self, pipeline_id: str) -> AsyncIterator[tuple[str, str]]:
        """The keys of all tables of a pipeline, as they are when they are read."""
        async for table in self._tables.iter_query_items(pipeline_id, view=TableKey, consistent=True):
            yield pipeline_id, table.table_name


class TableCommands:
    """
    Writes tables.

    Args:
        tables: The tables.
        queries: Finds those of a pipeline that is deleted.
        pipelines: Tells whether there is a pipeline to put tables of.
    """

    def __init__(
        self,
        tables: AsyncWriteRepository[TableConfig],
        queries: TableQueries,
        pipelines: AsyncReadRepository[PipelineConfig],
    ) -> None:
        self._tables = tables
        self._queries = queries
        self._pipelines = pipelines

    async def put(self, pipeline_id: str, wanted: Sequence[TablePut]) -> int:
        """Create or replace any number of tables, and say how many; of two with one name the last counts."""
        if await self._pipelines.get_one(pipeline_id, view=PipelineKey, consistent=True) is None:
            raise PipelineNotFoundError(pipeline_id)
        tables = [
            TableConfig.model_validate({"pipeline_id": pipeline_id, **table.model_dump()}) for table in wanted
        ]
        try:
            return await self._tables.batch_write(tables)
        except DynamoDBBatchOperationError as error:
            raise TablesNotWrittenError(
                pipeline_id,
                error.successful_count,
                [table.table_name for table in error.failed_items],
                [table.table_name for table in error.unknown_items],
            ) from error

    async def delete(self, pipeline_id: str, table_name: str) -> None:
        if not await self._tables.delete(pipeline_id, table_name):
            raise TableConfigNotFoundError(pipeline_id, table_name)

    async def delete_all(self, pipeline_id: str) -> int:
        """Delete the tables of a pipeline, page by page while they are found."""
        return await self._tables.batch_delete(self._queries.keys(pipeline_id))
