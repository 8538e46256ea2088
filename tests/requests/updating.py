"""A model with a field for each kind of action and refusal, and updates as one reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, computed_field, field_validator

from dynarepo._expressions import Action
from dynarepo._requests import update_item
from dynarepo._schema import DynamoDBBaseModel
from tests.key_models import target

__all__ = ["Line", "Thing", "Written", "written", "written_action"]


class Line(BaseModel):
    text: str
    count: int = 0


class Thing(DynamoDBBaseModel):
    """One field for each kind of action and refusal."""

    age: Annotated[int, Field(ge=0)] = 0
    visits: int | None = None
    weight: float = 0
    total: Decimal = Decimal(0)
    name: str
    nick: str | None = None
    short: Annotated[str, Field(max_length=5, serialization_alias="s")] = ""
    active: bool = False
    tags: set[str] = Field(default_factory=set)
    needed: set[int]
    frozen: frozenset[str] = frozenset()
    marked: set[str] = Field(default={"canary"})
    listed: list[str] = Field(default_factory=list)
    numbers: list[int] | None = None
    lines: list[Line] = Field(default_factory=list)
    prefs: dict[str, int] = Field(default_factory=dict)
    line: Line = Line(text="")
    loose: Any = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def shout(self) -> str:
        return self.name.upper()

    @field_validator("nick")
    @classmethod
    def _stripped(cls, nick: str | None) -> str | None:
        return nick and nick.strip()


@dataclass(frozen=True)
class Written:
    """An update expression with its names in place of their placeholders, and its values in their order."""

    text: str
    values: list[Any]


def written(
    actions: Callable[[Any], Any], model: type[BaseModel] = Thing, pk: Any = "a", sk: Any = "b"
) -> Written:
    """Write an update."""
    payload = update_item(target(model), pk, sk, actions, None).payload
    text = payload["UpdateExpression"]
    names = payload["ExpressionAttributeNames"]
    for placeholder in sorted(names, key=len, reverse=True):
        text = text.replace(placeholder, names[placeholder])
    values = payload.get("ExpressionAttributeValues", {})
    return Written(text, list(values.values()))


def written_action(
    action: Callable[[Any], Action], model: type[BaseModel] = Thing, pk: Any = "a", sk: Any = "b"
) -> Written:
    """Write an update of one action."""
    return written(lambda u: [action(u)], model, pk, sk)
