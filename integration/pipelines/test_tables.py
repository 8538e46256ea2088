"""The tables of a pipeline over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integration.pipelines.serving import created, new_table

PATH = "/pipelines/orders-daily/tables"


async def test_many_tables_are_put_at_once_and_listed_by_name_without_their_columns(
    client: httpx.AsyncClient,
) -> None:
    await created(client)
    tables = [new_table(f"table_{number:03}") for number in range(60)]
    reply = await client.put(PATH, json=tables)
    assert (reply.status_code, reply.json()) == (200, {"written": 60})
    page = (await client.get(f"{PATH}?limit=100")).json()
    assert [item["table_name"] for item in page["items"]] == [table["table_name"] for table in tables]
    assert page["items"][0].keys() == {"table_name", "load_mode", "updated_at"}


async def test_a_table_is_read_with_its_columns(client: httpx.AsyncClient) -> None:
    await created(client)
    await client.put(PATH, json=[new_table("orders")])
    reply = await client.get(f"{PATH}/orders")
    assert reply.status_code == 200
    assert reply.json().items() >= (new_table("orders") | {"pipeline_id": "orders-daily"}).items()


async def test_a_table_that_is_put_again_is_replaced_and_the_others_stay(client: httpx.AsyncClient) -> None:
    await created(client)
    await client.put(PATH, json=[new_table("a"), new_table("b")])
    await client.put(PATH, json=[new_table("b", load_mode="full")])
    assert (await client.get(f"{PATH}/a")).json()["load_mode"] == "merge"
    assert (await client.get(f"{PATH}/b")).json()["load_mode"] == "full"


async def test_a_deleted_table_is_gone_and_deleting_it_again_says_so(client: httpx.AsyncClient) -> None:
    await created(client)
    await client.put(PATH, json=[new_table("a")])
    assert (await client.delete(f"{PATH}/a")).status_code == 204
    for method in ("GET", "DELETE"):
        reply = await client.request(method, f"{PATH}/a")
        assert reply.status_code == 404
        assert reply.json()["detail"] == "the pipeline has no such table"
        assert reply.json()["table_name"] == "a"


async def test_tables_of_a_pipeline_that_is_not_there_are_refused(client: httpx.AsyncClient) -> None:
    reply = await client.put(PATH, json=[new_table("a")])
    assert reply.status_code == 404
    assert (await client.get(PATH)).json() == {"items": [], "cursor": None}


@pytest.mark.parametrize(
    "table",
    [
        {"columns": []},
        {"columns": [{"name": "id", "type": "integer"}]},
        {"columns": [{"name": "id", "type": "colour", "is_key": True}]},
        {"load_mode": "now and then"},
        {"updated_at": "2026-01-31T00:00:00Z"},
    ],
    ids=["no column", "merge without key", "type", "mode", "time"],
)
async def test_one_bad_table_refuses_all_of_them(
    client: httpx.AsyncClient, sent: list[str], table: dict[str, Any]
) -> None:
    reply = await client.put(PATH, json=[new_table("a"), new_table("b") | table])
    assert reply.status_code == 422
    assert sent == []
