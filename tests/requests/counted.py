"""A model that counts versions."""

from __future__ import annotations

from pydantic import Field

from dynarepo._schema import DynamoDBBaseModel
from tests.key_models import target

__all__ = ["COUNTED", "Counted"]


class Counted(DynamoDBBaseModel):
    """A version, under another name in storage."""

    age: int = 0
    version: int = Field(default=0, serialization_alias="v")

    class Meta:
        version = "version"


COUNTED = target(Counted)
