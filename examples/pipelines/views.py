"""Parts of the stored models, for lists: DynamoDB is asked for these fields, and sends no others."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from examples.pipelines.models import Environment, LoadMode, RunStatus


class PipelineKey(BaseModel):
    pipeline_id: str


class PipelineCard(BaseModel):
    pipeline_id: str
    environment: Environment
    owner: str
    is_active: bool
    running_count: int
    failure_count: int
    last_run_at: datetime | None
    updated_at: datetime
    version: int


class TableCard(BaseModel):
    table_name: str
    load_mode: LoadMode
    updated_at: datetime


class TableKey(BaseModel):
    table_name: str


class RunCard(BaseModel):
    model_config = ConfigDict(ser_json_timedelta="float")

    pipeline_id: str
    run_id: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    duration: timedelta | None
    rows: int | None
    error: str | None
