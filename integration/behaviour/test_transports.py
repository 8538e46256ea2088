"""Every kind of call does the same through either transport."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import Field

from dynarepo import (
    ConditionFailedError,
    DynamoDBBaseModel,
    DynamoDBTransactionError,
    GlobalIndex,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    ItemTooLargeError,
    SortKeyCondition,
    TableNotFoundError,
    TransactWriteItem,
    attr,
)
from integration.behaviour.stores import Stores


class Part(DynamoDBBaseModel):
    number: int = 0
    price: Decimal = Decimal(0)
    image: bytes = b""
    tags: set[str] = Field(default_factory=set)
    shelf: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)

    class Meta:
        gsis = (GlobalIndex("by_shelf", partition_key="shelf", sort_key="number"),)


def parts(pk: str, number: int) -> list[Part]:
    return [
        Part(
            pk=pk,
            sk=f"{at:03}",
            number=at,
            price=Decimal(at) / 4,
            image=bytes([at % 256, 255, 0]),
            tags={f"t{at}", "é"},
            shelf=pk,
            extra={"a.b": [None, True, "🦊", b"\0", {"n": 10**30}]},
        )
        for at in range(number)
    ]


async def test_an_item_is_created_read_changed_and_deleted(each_transport: Stores, pk: str) -> None:
    repository = await each_transport.of(Part)
    (part,) = parts(pk, 1)
    assert await repository.get_one(pk, part.sk) is None
    await repository.create(part)
    assert await repository.get_one(pk, part.sk, consistent=True) == part
    changed = await repository.update(
        pk, part.sk, {"number": 7, "image": b"\xff"}, where=attr("number").eq(0)
    )
    assert changed == part.model_copy(update={"number": 7, "image": b"\xff"})
    await repository.save(part)
    assert await repository.get_one(pk, part.sk) == part
    assert await repository.delete(pk, part.sk)
    assert not await repository.delete(pk, part.sk)


async def test_refusals_of_the_service_arrive_by_type(
    each_transport: Stores, pk: str, table_name: str
) -> None:
    repository = await each_transport.of(Part)
    (part,) = parts(pk, 1)
    await repository.save(part)
    where = attr("number").eq(1)
    with pytest.raises(ItemAlreadyExistsError) as exists:
        await repository.create(part)
    assert exists.value.item == part
    with pytest.raises(ConditionFailedError) as failed:
        await repository.save(part, where=where)
    assert failed.value.item == part
    assert failed.value.code == "ConditionalCheckFailedException"
    with pytest.raises(ItemNotFoundError):
        await repository.update(pk, "missing", {"number": 1})
    with pytest.raises(ItemTooLargeError):
        await repository.save(part.model_copy(update={"image": bytes(500_000)}))
    missing = each_transport.connection.repository(Part, table_name=table_name)
    with pytest.raises(TableNotFoundError) as not_found:
        await missing.get_one(pk, "a")
    assert not_found.value.request_id


async def test_a_partition_is_queried_paged_and_counted(each_transport: Stores, pk: str) -> None:
    repository = await each_transport.of(Part)
    written = parts(pk, 9)
    await repository.batch_write(written)
    assert [part async for part in repository.iter_query_items(pk, page_size=2)] == written
    first = await repository.query_by_pk(pk, index="by_shelf", limit=4, descending=True)
    rest = await repository.query_by_pk(pk, index="by_shelf", cursor=first.cursor, descending=True)
    assert [*first.items, *rest.items] == written[::-1]
    condition = SortKeyCondition.between("002", "006")
    page = await repository.query_by_pk_and_sk(pk, condition, where=attr("tags").contains("t3"))
    assert (page.items, page.scanned_count) == ([written[3]], 5)
    assert await repository.count(pk, SortKeyCondition.ne("003")) == 8


async def test_a_table_is_scanned(each_transport: Stores) -> None:
    repository = await each_transport.fresh(Part)
    written = parts("p", 30)
    await repository.batch_write(written)
    for segments in (1, 3):
        found = [part async for part in repository.iter_scan_items(segments=segments)]
        assert sorted(found, key=lambda part: part.sk) == written


async def test_batches_are_written_read_and_deleted(each_transport: Stores, pk: str) -> None:
    repository = await each_transport.of(Part)
    written = parts(pk, 130)
    assert await repository.batch_write(written) == 130
    keys = [(part.pk, part.sk) for part in written]
    assert await repository.batch_get([*keys, (pk, "missing")]) == [*written, None]
    assert await repository.batch_delete(keys[30:]) == 100
    assert await repository.count(pk) == 30


async def test_transactions_are_done_or_explained(each_transport: Stores, pk: str) -> None:
    repository = await each_transport.of(Part)
    first, second, third = parts(pk, 3)
    await repository.transact_write([TransactWriteItem.create(first), TransactWriteItem.put(second)])
    assert await repository.transact_get([(pk, second.sk), (pk, third.sk)]) == [second, None]
    with pytest.raises(DynamoDBTransactionError) as caught:
        await repository.transact_write([TransactWriteItem.put(third), TransactWriteItem.create(first)])
    nothing, reason = caught.value.reasons
    assert nothing is None
    assert reason is not None
    assert reason.old_item == first
    assert await repository.get_one(pk, third.sk) is None
