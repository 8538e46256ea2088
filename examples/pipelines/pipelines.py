"""The configuration of pipelines: queries and commands."""

from dynarepo import (
    AsyncReadRepository,
    AsyncWriteRepository,
    ConditionFailedError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    PaginationResult,
    VersionConflictError,
    not_exists,
)
from examples.pipelines.dto import PipelineCreate, PipelinePatch, PipelinePut
from examples.pipelines.errors import (
    PipelineAlreadyExistsError,
    PipelineBusyError,
    PipelineChangedError,
    PipelineNotFoundError,
)
from examples.pipelines.models import Environment, PipelineConfig, PipelineSettings
from examples.pipelines.tables import TableCommands
from examples.pipelines.views import PipelineCard


class PipelineQueries:
    def __init__(self, pipelines: AsyncReadRepository[PipelineConfig]) -> None:
        self._pipelines = pipelines

    async def get(self, pipeline_id: str) -> PipelineConfig:
        # Consistent, as the version that is read here is what the next write states.
        pipeline = await self._pipelines.get_one(pipeline_id, consistent=True)
        if pipeline is None:
            raise PipelineNotFoundError(pipeline_id)
        return pipeline

    async def list(self, *, limit: int, cursor: str | None = None) -> PaginationResult[PipelineCard]:
        """All of them, in no order: a scan, for which the table of configurations is small enough."""
        return await self._pipelines.scan(view=PipelineCard, limit=limit, cursor=cursor)

    async def by_activity(
        self, *, is_active: bool, limit: int, cursor: str | None = None
    ) -> PaginationResult[PipelineCard]:
        """The active ones, or the others; the one that was written last is first."""
        return await self._pipelines.query_by_pk(
            is_active,
            index="ActivePipelinesIndex",
            view=PipelineCard,
            descending=True,
            limit=limit,
            cursor=cursor,
        )

    async def by_environment(
        self,
        environment: Environment,
        *,
        is_active: bool | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> PaginationResult[PipelineCard]:
        """Those of an environment, all or some, in the order of their ids."""
        return await self._pipelines.query_by_pk(
            environment,
            index="EnvironmentIndex",
            view=PipelineCard,
            where=None if is_active is None else lambda p: p.is_active == is_active,
            limit=limit,
            cursor=cursor,
        )


class PipelineCommands:
    """
    Writes pipelines.

    Args:
        pipelines: For everything but upserts.
        settings: The same table, without the counters.
        tables: The tables of pipelines, which go with them.
    """

    def __init__(
        self,
        pipelines: AsyncWriteRepository[PipelineConfig],
        settings: AsyncWriteRepository[PipelineSettings],
        tables: TableCommands,
    ) -> None:
        self._pipelines = pipelines
        self._settings = settings
        self._tables = tables

    async def create(self, new: PipelineCreate) -> PipelineConfig:
        try:
            return await self._pipelines.create(PipelineConfig.model_validate(new.model_dump()))
        except ItemAlreadyExistsError as error:
            raise PipelineAlreadyExistsError(new.pipeline_id) from error

    async def put(
        self, pipeline_id: str, wanted: PipelinePut, *, version: int | None = None
    ) -> PipelineSettings:
        """Create it or bring it to what is wanted; times of creation and counters stay as they are."""
        settings = PipelineSettings.model_validate({"pipeline_id": pipeline_id, **wanted.model_dump()})
        try:
            return await self._settings.upsert(
                settings, where=None if version is None else lambda p: p.version == version
            )
        except ConditionFailedError as error:
            raise _changed(pipeline_id, version, error) from error

    async def patch(self, pipeline_id: str, patch: PipelinePatch, *, version: int) -> PipelineConfig:
        return await self._update(pipeline_id, patch.model_dump(exclude_unset=True), version)

    async def activate(self, pipeline_id: str, *, version: int) -> PipelineConfig:
        return await self._update(pipeline_id, {"is_active": True}, version)

    async def deactivate(self, pipeline_id: str, *, version: int) -> PipelineConfig:
        return await self._update(pipeline_id, {"is_active": False}, version)

    async def delete(self, pipeline_id: str, *, version: int) -> None:
        """Delete a pipeline that runs nothing, and then its tables; its runs stay until they expire."""
        try:
            await self._pipelines.delete(
                pipeline_id,
                # A pipeline that was made by `put` has no counters before its first run.
                where=lambda p: not_exists(p.running_count) | (p.running_count == 0),
                version=version,
            )
        except VersionConflictError as error:
            if error.item is not None:
                raise _changed(pipeline_id, version, error) from error
            # An earlier attempt may have come so far and no further.
            await self._tables.delete_all(pipeline_id)
            raise PipelineNotFoundError(pipeline_id) from error
        except ConditionFailedError as error:
            raise PipelineBusyError(pipeline_id) from error
        await self._tables.delete_all(pipeline_id)

    async def _update(self, pipeline_id: str, changes: dict[str, object], version: int) -> PipelineConfig:
        try:
            return await self._pipelines.update(pipeline_id, changes=changes, version=version)
        except ItemNotFoundError as error:
            raise PipelineNotFoundError(pipeline_id) from error
        except VersionConflictError as error:
            raise _changed(pipeline_id, version, error) from error


def _changed(pipeline_id: str, expected: int | None, error: ConditionFailedError) -> PipelineChangedError:
    stored = error.item
    found = stored.version if isinstance(stored, PipelineSettings) else None
    return PipelineChangedError(pipeline_id, expected, found)
