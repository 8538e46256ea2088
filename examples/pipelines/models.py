"""What is stored, and by which keys and indexes it is found."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from dynarepo import GlobalIndex, KeyTemplate

PipelineId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{2,62}$")]
TableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{0,127}$")]
Owner = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
#: Five fields, as cron has them.
Schedule = Annotated[str, StringConstraints(pattern=r"^\S+( \S+){4}$", max_length=80)]
Description = Annotated[str, StringConstraints(max_length=2000)]


class Environment(StrEnum):
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class PipelineFields(BaseModel):
    """What people decide about a pipeline."""

    environment: Environment
    owner: Owner
    schedule: Schedule
    description: Description = ""
    parameters: dict[str, str] = Field(default_factory=dict)
    is_active: bool = True


class PipelineSettings(PipelineFields):
    """
    A pipeline without its counters, which an upsert must not touch.

    An upsert writes every field of its model, and leaves other attributes of the item alone: it is done with
    this model, and everything else with `PipelineConfig`. Both are the same items of one table.
    """

    pipeline_id: PipelineId
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None

    class Meta:
        partition_key = "pipeline_id"
        gsis = (
            GlobalIndex("ActivePipelinesIndex", partition_key="is_active", sort_key="updated_at"),
            GlobalIndex("EnvironmentIndex", partition_key="environment", sort_key="pipeline_id"),
        )
        version = "version"
        created_at = "created_at"
        updated_at = "updated_at"


class PipelineConfig(PipelineSettings):
    """A pipeline; the counters are written by the commands of runs only."""

    run_count: int = 0
    running_count: int = 0
    failure_count: int = 0
    last_run_at: datetime | None = None


class LoadMode(StrEnum):
    FULL = "full"
    APPEND = "append"
    MERGE = "merge"


class ColumnType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"


class Column(BaseModel, extra="forbid"):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,127}$")]
    type: ColumnType
    is_key: bool = False
    is_nullable: bool = True


class TableConfig(BaseModel):
    """
    A table that a pipeline fills.

    It has no version: whole lists of tables are put by batches, which take no conditions.
    """

    pipeline_id: PipelineId
    table_name: TableName
    load_mode: LoadMode
    columns: list[Column]
    updated_at: datetime | None = None

    class Meta:
        partition_key = "pipeline_id"
        sort_key = "table_name"
        updated_at = "updated_at"


class RunStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


#: What the lists of runs show; the indexes hold no more, and the log least of all.
_LISTED: Final = ("status", "started_at", "finished_at", "duration", "rows", "error", "expires_at")


class PipelineRun(BaseModel):
    """One run of a pipeline, with its log; DynamoDB removes it when its time is over."""

    model_config = ConfigDict(ser_json_timedelta="float")

    pipeline_id: PipelineId
    #: Begins with the time of its start, so that the runs of a pipeline are in the order of time.
    run_id: str
    status: RunStatus = RunStatus.RUNNING
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    duration: timedelta | None = None
    rows: int | None = None
    error: str | None = None
    log: list[str] = Field(default_factory=list)
    #: Only while it runs: items without the key of an index are not in it.
    running: Literal["now"] | None = None
    #: Only if it failed.
    failed_on: date | None = None
    expires_at: AwareDatetime

    class Meta:
        partition_key = "pipeline_id"
        sort_key = "run_id"
        gsis = (
            GlobalIndex("RunningIndex", partition_key="running", sort_key="started_at", projection=_LISTED),
            GlobalIndex(
                "FailuresByDayIndex",
                partition_key=KeyTemplate("failed_key", "FAILED#{failed_on}"),
                sort_key="finished_at",
                projection=_LISTED,
            ),
        )
        ttl = "expires_at"
