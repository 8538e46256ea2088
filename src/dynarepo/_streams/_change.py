"""One change of one item, as a consumer gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel

__all__ = ["Change", "ChangeKind"]

T_co = TypeVar("T_co", bound=BaseModel, covariant=True)


class ChangeKind(StrEnum):
    """What happened to an item."""

    INSERT = "insert"
    MODIFY = "modify"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change(Generic[T_co]):
    """
    One change of one item.

    Attributes:
        kind: What happened: `insert`, `modify` or `remove`.
        key: The key of the item, as Python values by attribute name.
        old: The item before, `None` where there was none or the stream does not have it.
        new: The item after it, likewise.
        sequence_number: Which change it is. Within a shard, later changes have greater numbers.
        shard_id: Where it stands; `None` in an event of AWS Lambda.
        at: About when it was made, in UTC, if the stream says so.
        expired: Whether DynamoDB removed the item because its expiry time was past.
    """

    kind: ChangeKind
    key: Mapping[str, object]
    old: T_co | None
    new: T_co | None
    sequence_number: str
    shard_id: str | None = None
    at: datetime | None = None
    expired: bool = False
