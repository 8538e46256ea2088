"""Queries by every operator, type of key and direction give what Python's own order gives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest
from pydantic import BaseModel

from dynarepo import DynamoDBBaseModel, InvalidKeyError, InvalidRequestError, SortKeyCondition, attr
from integration.behaviour.stores import Stores


class ByText(BaseModel):
    pk: str
    key: str

    class Meta:
        partition_key = "pk"
        sort_key = "key"


class ByNumber(BaseModel):
    pk: str
    key: Decimal

    class Meta:
        partition_key = "pk"
        sort_key = "key"


class ByBytes(BaseModel):
    pk: str
    key: bytes

    class Meta:
        partition_key = "pk"
        sort_key = "key"


class Log(DynamoDBBaseModel):
    number: int = 0
    text: str = ""


TEXTS: Final = ["a", "ab", "abc", "b", "z", "é", "€", "\ufffd", "\U0001f98a", "a\0", "A"]
NUMBERS: Final = [Decimal(text) for text in ("-1E+20", "-10", "-2", "0", "0.5", "1", "2", "9", "10", "1E+20")]
BYTES: Final = [b"\0", b"\0\0", b"a", b"ab", b"b", b"\x7f", b"\x80", b"\xff", b"\xff\xff"]
KEYS: Final[list[tuple[type[Any], list[Any]]]] = [(ByText, TEXTS), (ByNumber, NUMBERS), (ByBytes, BYTES)]

#: How Python says each operator; text is compared by its bytes.
OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda key, value: key == value,
    "ne": lambda key, value: key != value,
    "lt": lambda key, value: key < value,
    "le": lambda key, value: key <= value,
    "gt": lambda key, value: key > value,
    "ge": lambda key, value: key >= value,
}


def ordered(keys: list[Any]) -> list[Any]:
    return sorted(keys, key=sortable)


def sortable(key: Any) -> Any:
    return key.encode() if isinstance(key, str) else key


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(("model", "keys"), KEYS, ids=["text", "number", "bytes"])
async def test_an_operator_selects_what_python_selects_rq123_rq135(
    stores: Stores, pk: str, model: type[Any], keys: list[Any], operator: str, descending: bool
) -> None:
    repository = await stores.of(model)
    await repository.batch_write(model(pk=pk, key=key) for key in keys)
    for value in keys:
        condition = getattr(SortKeyCondition, operator)(value)
        page = await repository.query_by_pk_and_sk(pk, condition, descending=descending, limit=100)
        compare = OPERATORS[operator]
        expected = [key for key in ordered(keys) if compare(sortable(key), sortable(value))]
        assert [item.key for item in page.items] == (expected[::-1] if descending else expected)
        assert await repository.count(pk, condition) == len(expected)


@pytest.mark.parametrize(("model", "keys"), KEYS, ids=["text", "number", "bytes"])
async def test_between_takes_both_ends_rq123(
    stores: Stores, pk: str, model: type[Any], keys: list[Any]
) -> None:
    repository = await stores.of(model)
    await repository.batch_write(model(pk=pk, key=key) for key in keys)
    in_order = ordered(keys)
    for low in range(0, len(keys), 3):
        for high in range(low, len(keys), 2):
            condition = SortKeyCondition.between(in_order[low], in_order[high])
            page = await repository.query_by_pk_and_sk(pk, condition)
            assert [item.key for item in page.items] == in_order[low : high + 1]


@pytest.mark.parametrize(("model", "keys"), [KEYS[0], KEYS[2]], ids=["text", "bytes"])
async def test_begins_with_takes_every_longer_key_rq123(
    stores: Stores, pk: str, model: type[Any], keys: list[Any]
) -> None:
    repository = await stores.of(model)
    await repository.batch_write(model(pk=pk, key=key) for key in keys)
    for prefix in keys:
        page = await repository.query_by_pk_and_sk(pk, SortKeyCondition.begins_with(prefix))
        assert [item.key for item in page.items] == ordered([key for key in keys if key.startswith(prefix)])


@pytest.mark.parametrize("key", ["a", "b", "c", "missing"])
@pytest.mark.parametrize("page_size", [1, 2, 3, 4])
@pytest.mark.parametrize("descending", [False, True])
async def test_not_equal_is_paged_without_a_seam(
    stores: Stores, pk: str, key: str, page_size: int, descending: bool
) -> None:
    repository = await stores.of(ByText)
    await repository.batch_write(ByText(pk=pk, key=each) for each in "abcde")
    expected = sorted(set("abcde") - {key}, reverse=descending)
    condition = SortKeyCondition.ne(key)
    found: list[str] = []
    cursor = None
    while True:
        page = await repository.query_by_pk_and_sk(
            pk, condition, page_size=page_size, cursor=cursor, descending=descending
        )
        found += [item.key for item in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == expected


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda log: log.query_by_pk_and_sk("p", SortKeyCondition.eq(1)), InvalidKeyError),
        (lambda log: log.query_by_pk_and_sk("p", SortKeyCondition.between("b", "a")), InvalidRequestError),
        (lambda log: log.query_by_pk_and_sk("p", "a"), InvalidRequestError),
        (
            lambda log: log.query_by_pk_and_sk("p", SortKeyCondition.ge("a"), where=attr("sk").le("b")),
            InvalidRequestError,
        ),
        (lambda log: log.query_by_pk("p", where=attr("sk").eq("a")), InvalidRequestError),
        (lambda log: log.query_by_pk("p", where=attr("pk").eq("a")), InvalidRequestError),
        (lambda log: log.query_by_pk("p", index="unknown"), InvalidRequestError),
        (lambda log: log.query_by_pk(""), InvalidKeyError),
        *[
            (lambda log, limit=limit: log.query_by_pk("p", limit=limit), InvalidRequestError)
            for limit in (0, -1, 2**31, True, "1", 1.5)
        ],
        *[(lambda log, size=size: log.scan(page_size=size), InvalidRequestError) for size in (0, -1, 2**31)],
    ],
)
async def test_a_query_that_cannot_run_is_refused_unsent_rq125_rq126_rq128(
    stores: Stores, sent: list[str], call: Any, error: type[Exception]
) -> None:
    log = await stores.of(Log)
    sent.clear()
    with pytest.raises(error):
        await call(log)
    assert sent == []


async def test_a_prefix_of_a_number_is_refused_unsent_rq124(stores: Stores, sent: list[str], pk: str) -> None:
    repository = await stores.of(ByNumber)
    sent.clear()
    for prefix in (1, "1"):
        with pytest.raises(InvalidKeyError, match="key"):
            await repository.query_by_pk_and_sk(pk, SortKeyCondition.begins_with(prefix))
    assert sent == []


async def test_a_scan_may_filter_on_keys_rq126(stores: Stores) -> None:
    log = await stores.fresh(Log)
    await log.batch_write(Log(pk=f"p{number}", sk="a", number=number) for number in range(5))
    found = await log.scan(where=attr("pk").eq("p3") & attr("sk").eq("a"))
    assert [item.number for item in found.items] == [3]


async def test_count_sums_every_page_rq131(stores: Stores, sent: list[str], pk: str) -> None:
    log = await stores.of(Log)
    await log.batch_write(
        Log(pk=pk, sk=f"{number:03}", number=number, text="x" * 100_000) for number in range(25)
    )
    sent.clear()
    assert await log.count(pk) == 25
    assert sent.count("Query") >= 3
    assert await log.count(pk, SortKeyCondition.ge("010"), where=attr("number").lt(20)) == 10


@pytest.mark.parametrize("segments", [1, 3])
async def test_what_others_do_to_other_items_does_not_touch_a_scan_rq133(
    stores: Stores, segments: int
) -> None:
    log = await stores.fresh(Log)
    stays = [Log(pk=f"stays{number}", sk="a") for number in range(60)]
    await log.batch_write([*stays, *(Log(pk=f"goes{number}", sk="a") for number in range(60))])
    found: list[str] = []
    async for item in log.iter_scan_items(page_size=5, segments=segments):
        found.append(item.pk)
        if (number := len(found)) <= 60:
            await asyncio.gather(log.delete(f"goes{number}", "a"), log.save(Log(pk=f"comes{number}", sk="a")))
    assert sorted(pk for pk in found if pk.startswith("stays")) == sorted(item.pk for item in stays)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("page_size", [None, 100])
async def test_a_scan_in_four_segments_reads_every_item_once_rq132(
    stores: Stores, page_size: int | None
) -> None:
    log = await stores.fresh(Log)
    await log.batch_write(Log(pk=f"p{number}", sk="a", number=number) for number in range(1000))
    found = [item.number async for item in log.iter_scan_items(segments=4, page_size=page_size)]
    assert sorted(found) == list(range(1000))
