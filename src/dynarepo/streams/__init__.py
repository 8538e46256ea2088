"""Changes of items, as DynamoDB's streams tell them: to a loop of one's own, or to AWS Lambda."""

from __future__ import annotations

from dynarepo._streams import (
    Change,
    ChangeKind,
    CheckpointStore,
    InvalidChangeError,
    MemoryCheckpoints,
    StreamNotFoundError,
    StreamTrimmedError,
)
from dynarepo.streams._lambda import BatchAnswer, BatchItemFailure, handle_event
from dynarepo.streams._table_checkpoints import ShardPosition, TableCheckpoints

__all__ = [
    "BatchAnswer",
    "BatchItemFailure",
    "Change",
    "ChangeKind",
    "CheckpointStore",
    "InvalidChangeError",
    "MemoryCheckpoints",
    "ShardPosition",
    "StreamNotFoundError",
    "StreamTrimmedError",
    "TableCheckpoints",
    "handle_event",
]
