"""1,000 random conditions let through exactly the items that the oracle does."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from integration.behaviour.condition_trees import FIELDS, Item, Tree, holds, items, render, trees
from integration.behaviour.stores import Stores


class Loose(BaseModel):
    """Fields of any type: `None` is missing at the top, and NULL inside the map."""

    partition: str
    number: int
    a: Any = None
    b: Any = None
    m: dict[str, Any] = Field(default_factory=dict)

    class Meta:
        partition_key = "partition"
        sort_key = "number"


@pytest.mark.differs(
    "embedded", reason="moto answers 500 where types differ, and compares what is missing", run=False
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(items, min_size=10, max_size=20),
    st.lists(trees, min_size=10, max_size=10),
)
async def test_a_random_condition_agrees_with_the_oracle_rc63(
    stores: Stores, population: list[Item], conditions: list[Tree]
) -> None:
    loose = await stores.of(Loose)
    partition = secrets.token_hex(8)
    await loose.batch_write(_stored(partition, number, item) for number, item in enumerate(population))
    pages = await asyncio.gather(
        *(loose.query_by_pk(partition, where=render(condition)) for condition in conditions)
    )
    for condition, page in zip(conditions, pages, strict=True):
        expected = [number for number, item in enumerate(population) if holds(condition, item)]
        assert [item.number for item in page.items] == expected, condition


def _stored(partition: str, number: int, item: Item) -> Loose:
    top = {field: item[field] for field in FIELDS if field in item and "." not in field}
    inside = {field.removeprefix("m."): value for field, value in item.items() if "." in field}
    return Loose(partition=partition, number=number, m=inside, **top)
