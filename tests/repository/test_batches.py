"""Batches against a server; what goes wrong in them is in `tests/pages`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dynarepo import DynamoDBConnection
from tests.models import User
from tests.repository.kinds import EVERY_KIND, Kind


async def streamed(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


@EVERY_KIND
async def test_many_items_are_written_read_and_deleted(kind: Kind, connection: DynamoDBConnection) -> None:
    repository = await kind.repository(connection)
    items = [kind.make(number, number) for number in range(130)]
    keys = [kind.key(item) for item in items]
    assert await repository.batch_write(items) == 130
    missing = kind.key(kind.make(999, 0))
    found = await repository.batch_get([*keys[::-1], missing, keys[3]], consistent=True)
    assert found == [*items[::-1], None, items[3]]
    assert await repository.batch_delete(keys[:100]) == 100
    assert await repository.batch_get(keys) == [None] * 100 + items[100:]


async def test_a_thousand_items(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    items = [User(pk=f"p{n % 3}", sk=f"{n:04}", age=n) for n in range(1000)]
    assert await users.batch_write(streamed(items)) == 1000
    assert await users.batch_get([(user.pk, user.sk) for user in items]) == items


@pytest.mark.parametrize("form", [list, iter, streamed])
@EVERY_KIND
async def test_the_last_of_several_items_with_one_key_is_stored(
    kind: Kind, form: Any, connection: DynamoDBConnection
) -> None:
    repository = await kind.repository(connection)
    items = [kind.make(number % 30, number) for number in range(90)]
    await repository.batch_write(form(items))
    found = [item async for item in repository.iter_scan_items()]
    assert sorted(kind.value(item) for item in found) == list(range(60, 90))


@EVERY_KIND
async def test_saves_and_deletes_are_mixed_in_a_block(kind: Kind, connection: DynamoDBConnection) -> None:
    repository = await kind.repository(connection)
    items = [kind.make(number, number) for number in range(60)]
    await repository.batch_write(items[:10])
    async with repository.batch() as batch:
        for item in items[10:]:
            await batch.save(item)
        for item in items[:10] + items[50:]:
            await batch.delete(*kind.key(item))
        await batch.save(kind.make(0, 77))
    found = [item async for item in repository.iter_scan_items()]
    assert sorted(kind.value(item) for item in found) == [*range(10, 50), 77]
