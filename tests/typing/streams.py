"""What type checkers infer of changes."""

from __future__ import annotations

from typing import assert_type

from pydantic import BaseModel

from dynarepo import AsyncDynamoDBRepository, AsyncUnionRepository, Logger
from dynarepo.streams import Change, MemoryCheckpoints, ShardPosition, TableCheckpoints, handle_event


class Cat(BaseModel):
    pk: str
    lives: int


class Dog(BaseModel):
    pk: str


class Lives(BaseModel):
    lives: int


async def of_a_repository(
    cats: AsyncDynamoDBRepository[Cat], positions: AsyncDynamoDBRepository[ShardPosition]
) -> None:
    async for change in cats.changes(start="oldest", checkpoints=TableCheckpoints(positions, "mail")):
        assert_type(change, Change[Cat])
        assert_type(change.new, Cat | None)
    async for part in cats.changes(start="latest", view=Lives, checkpoints=MemoryCheckpoints()):
        assert_type(part, Change[Lives])


async def of_a_union(pets: AsyncUnionRepository[Cat | Dog]) -> None:
    async for change in pets.changes(start="latest", on_invalid=print):
        assert_type(change, Change[Cat | Dog])


async def of_cats(change: Change[Cat]) -> None: ...


async def of_pets(change: Change[Cat | Dog]) -> None: ...


async def of_events(cats: AsyncDynamoDBRepository[Cat], logger: Logger) -> None:
    await handle_event({}, Cat, of_cats, logger=logger)
    await handle_event({}, cats, of_cats, logger=logger)
    await handle_event({}, (Cat, Dog), of_pets, logger=logger)
    await handle_event({}, Dog, of_cats, logger=logger)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
