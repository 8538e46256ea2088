"""What a read says of a stored item that does not fit: which it is, of which table, found by what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dynarepo import InvalidItemError, SortKeyCondition
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport
from tests.faked import on_fake
from tests.models import User

UNFIT: Payload = {"pk": {"S": "a"}, "sk": {"S": "b"}, "age": {"S": "old"}}
PAGE: Payload = {"Items": [UNFIT], "Count": 1, "ScannedCount": 1}
BATCH: Payload = {"Responses": {"app": [UNFIT]}, "UnprocessedKeys": {}}


async def first(pages: Any) -> None:
    """Ask for what comes first."""
    await anext(pages)


READS: dict[str, tuple[str, Payload, Callable[[Any], Awaitable[Any]]]] = {
    "get_one": ("GetItem", {"Item": UNFIT}, lambda users: users.get_one("a", "b")),
    "batch_get": ("BatchGetItem", BATCH, lambda users: users.batch_get([("a", "b")])),
    "load": ("BatchGetItem", BATCH, lambda users: users.load(("a", "b"))),
    "transact_get": (
        "TransactGetItems",
        {"Responses": [{"Item": UNFIT}]},
        lambda users: users.transact_get([("a", "b")]),
    ),
    "query_by_pk": ("Query", PAGE, lambda users: users.query_by_pk("a")),
    "query_by_pk_and_sk": (
        "Query",
        PAGE,
        lambda users: users.query_by_pk_and_sk("a", SortKeyCondition.eq("b")),
    ),
    "iter_query_items": ("Query", PAGE, lambda users: first(users.iter_query_items("a"))),
    "scan": ("Scan", PAGE, lambda users: users.scan()),
    "iter_scan": ("Scan", PAGE, lambda users: first(users.iter_scan(segments=2))),
    "update": ("UpdateItem", {"Attributes": UNFIT}, lambda users: users.update("a", "b", {"nick": "n"})),
}


@pytest.mark.parametrize("name", READS)
async def test_an_item_that_does_not_fit_is_told_by_operation_table_and_key(name: str) -> None:
    operation, reply, read = READS[name]
    async with on_fake(FakeTransport.answering(lambda *_: reply), User) as users:
        with pytest.raises(InvalidItemError) as raised:
            await read(users)
    error = raised.value
    assert (error.operation, error.table_name, error.pk, error.sk) == (operation, "app", "a", "b")
    assert error.fields == ("age",)
