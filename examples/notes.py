"""What the two web applications share, and what errors mean in the one without `dynarepo.fastapi`."""

import os
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

import dynarepo
from dynarepo import DynamoDBConfig, DynamoDBServiceError

#: The first that fits.
STATUS: Final[Mapping[type[DynamoDBServiceError], int]] = {
    dynarepo.InvalidCursorError: 400,
    dynarepo.RequestRefusedError: 422,
    dynarepo.ItemNotFoundError: 404,
    dynarepo.ConditionFailedError: 409,
    dynarepo.TransientError: 503,
}


class Note(BaseModel):
    owner: str
    note_id: str
    text: str
    done: bool = False

    class Meta:
        partition_key = "owner"
        sort_key = "note_id"


class NoteChanges(BaseModel, extra="forbid"):
    """The fields that a PATCH may change; only those that are given are."""

    text: str = ""
    done: bool = False


def config_from_environment() -> DynamoDBConfig:
    """Region and credentials come from the standard AWS chain."""
    return DynamoDBConfig(
        table_name=os.environ["DYNAMODB_TABLE_NAME"],
        endpoint_url=os.environ.get("DYNAMODB_ENDPOINT_URL"),
        # Without them, a cursor is good in the process that made it only.
        cursor_keys=tuple(os.environ.get("CURSOR_KEYS", "").split()),
    )


def answer_to(error: Exception) -> tuple[dict[str, str], int]:
    """Messages hold no values, so users may see those that are about their own request."""
    for kind, status in STATUS.items():
        if isinstance(error, kind):
            return {"detail": error.message}, status
    return {"detail": "something went wrong here"}, 500
