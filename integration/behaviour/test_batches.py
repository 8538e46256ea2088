"""Batches of any size: cut to the service's limits, in order, without duplicates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from pydantic import BaseModel

from dynarepo import DynamoDBBaseModel, InvalidKeyError
from integration.behaviour.stores import Stores


class Line(DynamoDBBaseModel):
    number: int = 0
    text: str = ""


class Point(BaseModel):
    line: str
    at: Decimal
    value: int = 0

    class Meta:
        partition_key = "line"
        sort_key = "at"


class Single(BaseModel):
    name: str
    value: int = 0

    class Meta:
        partition_key = "name"


def lines(pk: str, number: int) -> list[Line]:
    return [Line(pk=pk, sk=f"{at:05}", number=at) for at in range(number)]


async def test_nothing_costs_nothing_rb93(stores: Stores, sent: list[str]) -> None:
    repository = await stores.of(Line)
    sent.clear()
    assert await repository.batch_write([]) == 0
    assert await repository.batch_delete([]) == 0
    assert await repository.batch_get([]) == []
    async with repository.batch():
        pass
    assert sent == []


@pytest.mark.parametrize("number", [1, 25, 26, 51, 1000])
async def test_every_item_is_written_in_chunks_of_25_rb94(
    stores: Stores, sent: list[str], pk: str, number: int
) -> None:
    repository = await stores.of(Line)
    sent.clear()
    assert await repository.batch_write(lines(pk, number)) == number
    assert sent == ["BatchWriteItem"] * -(-number // 25)
    assert [line async for line in repository.iter_query_items(pk)] == lines(pk, number)


async def test_an_async_iterable_is_written_and_deleted_rb94(stores: Stores, pk: str) -> None:
    async def items() -> AsyncIterator[Line]:
        for line in lines(pk, 60):
            yield line

    async def keys() -> AsyncIterator[object]:
        for line in lines(pk, 40):
            yield line.pk, line.sk

    repository = await stores.of(Line)
    assert await repository.batch_write(items()) == 60
    assert await repository.batch_delete(keys()) == 40
    assert (await repository.query_by_pk(pk)).items == lines(pk, 60)[40:]


@pytest.mark.parametrize("number", [1, 100, 101, 250])
async def test_gets_come_in_the_order_asked_with_gaps_marked_rb95(
    stores: Stores, sent: list[str], pk: str, number: int
) -> None:
    repository = await stores.of(Line)
    written = lines(pk, number)
    await repository.batch_write(written[::2])
    expected = [line if line.number % 2 == 0 else None for line in reversed(written)]
    sent.clear()
    assert await repository.batch_get((line.pk, line.sk) for line in reversed(written)) == expected
    assert sent == ["BatchGetItem"] * -(-number // 100)


async def test_a_key_asked_twice_is_fetched_once_and_answered_twice_rb96(
    stores: Stores, sent: list[str], pk: str
) -> None:
    repository = await stores.of(Line)
    (line,) = lines(pk, 1)
    await repository.save(line)
    sent.clear()
    assert await repository.batch_get([(pk, line.sk), (pk, "missing"), (pk, line.sk)]) == [line, None, line]
    assert sent == ["BatchGetItem"]


async def test_of_several_writes_to_one_key_the_last_wins_rb97(stores: Stores, pk: str) -> None:
    repository = await stores.of(Line)
    copies = [Line(pk=pk, sk="a", number=number) for number in range(60)]
    await repository.batch_write(copies)
    assert await repository.get_one(pk, "a") == copies[-1]
    async with repository.batch() as batch:
        await batch.save(copies[0])
        await batch.delete(pk, "a")
    assert await repository.get_one(pk, "a") is None
    async with repository.batch() as batch:
        await batch.delete(pk, "a")
        await batch.save(copies[0])
    assert await repository.get_one(pk, "a") == copies[0]


async def test_1000_and_1e3_are_one_key_rb97(stores: Stores, pk: str) -> None:
    points = await stores.of(Point)
    assert await points.batch_write(
        [Point(line=pk, at=Decimal(1000), value=1), Point(line=pk, at=Decimal("1E3"), value=2)]
    )
    (stored,) = (await points.query_by_pk(pk)).items
    assert stored.value == 2
    keys = [(pk, Decimal("1E3")), (pk, 1000), (pk, Decimal("1000.0"))]
    assert await points.batch_get(keys) == [stored] * 3


async def test_one_partition_key_with_other_sort_keys_is_no_duplicate_rb98(stores: Stores, pk: str) -> None:
    repository = await stores.of(Line)
    assert await repository.batch_write(lines(pk, 3)) == 3
    assert (await repository.query_by_pk(pk)).count == 3


@pytest.mark.parametrize("place", [0, 24, 30])
async def test_one_bad_key_sends_nothing_rb99(stores: Stores, sent: list[str], pk: str, place: int) -> None:
    repository = await stores.of(Line)
    items = lines(pk, 40)
    items[place] = Line(pk=pk, sk="")
    sent.clear()
    with pytest.raises(InvalidKeyError, match="sk"):
        await repository.batch_write(items)
    with pytest.raises(InvalidKeyError, match="sk"):
        await repository.batch_get((item.pk, item.sk) for item in items)
    with pytest.raises(InvalidKeyError, match="sk"):
        await repository.batch_delete((item.pk, item.sk) for item in items)
    assert sent == []


@pytest.mark.parametrize(("character", "requests"), [("x", 1), ('"', 2)])
async def test_25_items_of_390_kb_are_split_by_their_bytes_on_the_wire_rb100(
    stores: Stores, sent: list[str], pk: str, character: str, requests: int
) -> None:
    repository = await stores.of(Line)
    items = [line.model_copy(update={"text": character * 390_000}) for line in lines(pk, 25)]
    sent.clear()
    assert await repository.batch_write(items) == 25
    assert sent == ["BatchWriteItem"] * requests
    assert await repository.batch_get((item.pk, item.sk) for item in items) == items


async def test_30_items_of_49_kb_of_one_partition_come_back_rb109(stores: Stores, pk: str) -> None:
    repository = await stores.of(Line)
    items = [line.model_copy(update={"text": "x" * 49_000}) for line in lines(pk, 30)]
    await repository.batch_write(items)
    assert await repository.batch_get((item.pk, item.sk) for item in items) == items


async def test_what_a_reply_of_16_mb_leaves_out_is_asked_for_again_rb95(
    stores: Stores, sent: list[str], pk: str
) -> None:
    repository = await stores.of(Line)
    items = [line.model_copy(update={"text": "x" * 390_000}) for line in lines(pk, 45)]
    await repository.batch_write(items)
    sent.clear()
    assert await repository.batch_get(((item.pk, item.sk) for item in items), consistent=True) == items
    assert sent == ["BatchGetItem"] * 2


async def test_a_block_that_raises_sends_nothing_of_what_is_left_rb107(stores: Stores, pk: str) -> None:
    repository = await stores.of(Line)

    async def fail_after_a_save() -> None:
        async with repository.batch() as batch:
            await batch.save(lines(pk, 1)[0])
            raise LookupError

    with pytest.raises(LookupError):
        await fail_after_a_save()
    assert (await repository.query_by_pk(pk)).items == []


async def test_a_table_without_a_sort_key_takes_bare_keys(stores: Stores, pk: str) -> None:
    singles = await stores.of(Single)
    items = [Single(name=f"{pk}-{number}", value=number) for number in range(3)]
    await singles.batch_write(items)
    assert await singles.batch_get([item.name for item in items]) == items
    async with singles.batch() as batch:
        await batch.delete(items[0].name)
    assert await singles.batch_delete([items[1].name]) == 1
    assert await singles.batch_get([item.name for item in items]) == [None, None, items[2]]
