"""Removing a part of a field: refused where the whole could not be read without it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from dynarepo import InvalidRequestError, remove
from dynarepo._requests import update_item
from tests.key_models import target


class Line(BaseModel):
    sku: str
    quantity: int = 1


class Basket(BaseModel):
    basket_id: str
    first: Line
    other: Line | None = None
    lines: list[Line] = Field(default_factory=list)
    prefs: dict[str, str] = Field(default_factory=dict)

    class Meta:
        partition_key = "basket_id"


@pytest.mark.parametrize(
    "changes",
    [
        lambda b: [remove(b.first.sku)],
        lambda b: [remove(b.other.sku)],
        lambda b: [remove(b.lines[0].sku)],
    ],
)
def test_a_part_without_which_the_whole_could_not_be_read_is_not_removed(changes: Any) -> None:
    with pytest.raises(InvalidRequestError, match="sku: has no default"):
        update_item(target(Basket), "a", None, changes, None)


@pytest.mark.parametrize(
    "changes",
    [lambda b: [remove(b.first.quantity)], lambda b: [remove(b.lines[0])], lambda b: [remove(b.prefs["x"])]],
)
def test_a_part_that_can_be_missing_is_removed(changes: Any) -> None:
    assert "REMOVE" in update_item(target(Basket), "a", None, changes, None).payload["UpdateExpression"]
