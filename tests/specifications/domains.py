"""An application of three domains, made of reads and writes: pipelines, their tables, their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from dynarepo import (
    AsyncReadRepository,
    AsyncWriteRepository,
    DynamoDBServiceError,
    GlobalIndex,
    ItemAlreadyExistsError,
    KeyTemplate,
    PaginationResult,
    SortKeyCondition,
)

__all__ = [
    "PipelineCard",
    "PipelineConfig",
    "PipelineError",
    "PipelineReadApi",
    "PipelineRun",
    "PipelineWriteApi",
    "TableConfig",
    "pipeline",
]


class PipelineConfig(BaseModel):
    """With indexes on whether it is active, and on its environment."""

    pipeline_id: str
    name: str = Field(min_length=1)
    environment: str
    is_active: bool
    settings: dict[str, Any] = {}
    created_at: datetime | None = None
    updated_at: datetime | None = None

    class Meta:
        partition_key = "pipeline_id"
        gsis = (
            GlobalIndex("by_active", "is_active", "pipeline_id"),
            GlobalIndex("by_environment", "environment", "pipeline_id"),
        )
        created_at = "created_at"
        updated_at = "updated_at"


class PipelineCard(BaseModel):
    """What a list of pipelines shows."""

    pipeline_id: str
    name: str


class TableConfig(BaseModel):
    """A table that a pipeline fills."""

    pipeline_id: str
    table: str
    columns: list[str]

    class Meta:
        partition_key = "pipeline_id"
        sort_key = "table"


class PipelineRun(BaseModel):
    """One run, found by its pipeline and the time of its start."""

    pipeline_id: str
    run_id: str
    started_at: datetime
    rows: int = 0
    failed: bool = False

    class Meta:
        partition_key = KeyTemplate("pk", "PIPELINE#{pipeline_id}")
        sort_key = KeyTemplate("sk", "RUN#{started_at}#{run_id}")


class PipelineError(Exception):
    """
    The application's own error.

    Args:
        message: What the application wanted to do.
        pipeline_id: Of which pipeline.
    """

    def __init__(self, message: str, pipeline_id: str) -> None:
        super().__init__(message)
        self.pipeline_id = pipeline_id


class PipelineReadApi:
    """Queries."""

    def __init__(self, pipelines: AsyncReadRepository[PipelineConfig]) -> None:
        self._pipelines = pipelines

    async def card(self, pipeline_id: str) -> PipelineCard:
        """Give what a list shows of a pipeline."""
        try:
            card = await self._pipelines.get_one(pipeline_id, view=PipelineCard)
        except DynamoDBServiceError as error:
            raise PipelineError("the pipeline cannot be read", pipeline_id) from error
        if card is None:
            raise PipelineError("there is no such pipeline", pipeline_id)
        return card

    async def active(self, limit: int, cursor: str | None = None) -> PaginationResult[PipelineCard]:
        """List the active pipelines, page by page."""
        return await self._pipelines.query_by_pk(
            True, index="by_active", view=PipelineCard, limit=limit, cursor=cursor
        )

    async def of_team(self, environment: str, team: str) -> PaginationResult[PipelineCard]:
        """List the pipelines of an environment whose id begins with a team's name."""
        return await self._pipelines.query_by_pk_and_sk(
            environment, SortKeyCondition.begins_with(f"{team}-"), index="by_environment", view=PipelineCard
        )


class PipelineWriteApi:
    """Commands."""

    def __init__(self, pipelines: AsyncWriteRepository[PipelineConfig]) -> None:
        self._pipelines = pipelines

    async def register(self, pipeline: PipelineConfig) -> None:
        """Add a pipeline that is not there."""
        try:
            await self._pipelines.create(pipeline)
        except ItemAlreadyExistsError as error:
            raise PipelineError("the pipeline is there already", pipeline.pipeline_id) from error

    async def stop(self, pipeline_id: str) -> PipelineConfig:
        """Deactivate a pipeline that is active."""
        return await self._pipelines.update(
            pipeline_id, changes={"is_active": False}, where=lambda p: p.is_active
        )


_SETTINGS: Final = {"retries": 3, "steps": ["load", "clean"]}


def pipeline(number: int = 1, **fields: Any) -> PipelineConfig:
    """Make a pipeline; each third one is stopped, and each second one in test."""
    given: dict[str, Any] = {
        "pipeline_id": f"{'red' if number < 5 else 'blue'}-{number}",
        "name": f"pipeline {number}",
        "environment": "production" if number % 2 else "test",
        "is_active": bool(number % 3),
        "settings": _SETTINGS,
    }
    return PipelineConfig(**given | fields)
