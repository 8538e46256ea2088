"""What clients send: nothing unknown is accepted, and nothing that is not theirs to set."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from examples.pipelines.models import (
    Column,
    Description,
    Environment,
    LoadMode,
    Owner,
    PipelineFields,
    PipelineId,
    RunStatus,
    Schedule,
    TableName,
)


class PipelinePut(PipelineFields, extra="forbid"):
    """A pipeline as a whole; what is left out has its default."""


class PipelineCreate(PipelinePut):
    pipeline_id: PipelineId


class PipelinePatch(BaseModel, extra="forbid"):
    """Only the fields that are given are changed; none of them can be null."""

    environment: Environment | None = None
    owner: Owner | None = None
    schedule: Schedule | None = None
    description: Description | None = None
    parameters: dict[str, str] | None = None


class TablePut(BaseModel, extra="forbid"):
    table_name: TableName
    load_mode: LoadMode
    columns: Annotated[list[Column], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _merges_need_a_key(self) -> Self:
        if self.load_mode is LoadMode.MERGE and not any(column.is_key for column in self.columns):
            raise ValueError("a table that is merged needs a key column")
        return self


class RunFinish(BaseModel, extra="forbid"):
    status: Literal[RunStatus.SUCCEEDED, RunStatus.FAILED]
    rows: Annotated[int, Field(ge=0)] | None = None
    error: Annotated[str, StringConstraints(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _failures_have_an_error(self) -> Self:
        if (self.status is RunStatus.FAILED) != bool(self.error):
            raise ValueError("a failed run has an error, and no other has")
        return self


class LogLines(BaseModel, extra="forbid"):
    lines: Annotated[
        list[Annotated[str, StringConstraints(max_length=500)]], Field(min_length=1, max_length=50)
    ]
