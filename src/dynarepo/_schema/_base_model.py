"""The base class for models that hold their keys as they are stored."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["DynamoDBBaseModel"]


class DynamoDBBaseModel(BaseModel):
    """A pure data model with a string partition key `pk` and a string sort key `sk`, and no behaviour."""

    pk: str
    sk: str
