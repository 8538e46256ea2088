"""What a read of a few fields costs: a view saves transfer, and capacity by an index that holds no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    GlobalIndex,
)


class Film(DynamoDBBaseModel):
    genre: str
    title: str
    plot: str = ""

    class Meta:
        gsis = (
            GlobalIndex("by_genre", partition_key="genre", sort_key="sk"),
            GlobalIndex("titles", partition_key="genre", sort_key="sk", projection=("title",)),
        )


class Title(BaseModel):
    sk: str
    title: str


class Costs:
    """A logger that adds up what is consumed."""

    def __init__(self) -> None:
        self.units = 0.0

    def info(self, _event: str, /, **fields: Any) -> None:
        self.units += fields.get("capacity_units", 0.0)

    def debug(self, _event: str, /, **_fields: Any) -> None:
        """Take no notice; so with the others."""

    warning = error = debug


@pytest.fixture
def costs() -> Costs:
    return Costs()


@pytest_asyncio.fixture(loop_scope="session")
async def films(
    config: DynamoDBConfig, costs: Costs, pk: str
) -> AsyncIterator[AsyncDynamoDBRepository[Film]]:
    """Store films of 10 KB each, and forget what that cost."""
    async with DynamoDBConnection(config=config, logger=costs) as connection:
        admin = connection.table_admin()
        await admin.create_table(Film)
        films = connection.repository(Film)
        await films.batch_write(
            Film(pk=pk, sk=f"{number}", genre=pk, title=f"t{number}", plot="x" * 10_000)
            for number in range(8)
        )
        costs.units = 0.0
        yield films
        await admin.delete_table()


@pytest.mark.differs("embedded", reason="moto counts items, not their size")
async def test_a_view_by_an_index_that_holds_only_its_fields_costs_less_than_whole_items(
    films: AsyncDynamoDBRepository[Film], costs: Costs, pk: str
) -> None:
    whole = await films.query_by_pk(pk, index="by_genre")
    units, costs.units = costs.units, 0.0
    narrow = await films.query_by_pk(pk, index="titles", view=Title)
    assert [(title.sk, title.title) for title in narrow.items] == [
        (film.sk, film.title) for film in whole.items
    ]
    assert 0 < costs.units < units / 5


@pytest.mark.differs("embedded", reason="moto counts items, not their size")
async def test_a_view_of_the_table_costs_as_much_as_whole_items(
    films: AsyncDynamoDBRepository[Film], costs: Costs, pk: str
) -> None:
    await films.query_by_pk(pk)
    units, costs.units = costs.units, 0.0
    await films.query_by_pk(pk, view=Title)
    assert costs.units == units > 5
