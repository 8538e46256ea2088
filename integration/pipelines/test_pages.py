"""Lists are walked by cursors, which are good for the list they were made for, in any process."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dynarepo import DynamoDBConfig
from integration.pipelines.serving import created, new_table, serving, started


async def walked(client: httpx.AsyncClient, path: str, limit: int) -> list[list[Any]]:
    """Give the items of page after page."""
    pages, first, cursor = [], f"{path}{'&' if '?' in path else '?'}limit={limit}", None
    while True:
        reply = await client.get(first if cursor is None else f"{first}&cursor={cursor}")
        assert reply.status_code == 200, reply.text
        pages.append(reply.json()["items"])
        cursor = reply.json()["cursor"]
        if cursor is None:
            return pages


async def seven_pipelines(client: httpx.AsyncClient) -> None:
    for number in range(7):
        await created(client, f"pipeline-{number}", is_active=number != 3)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", "0123456"),
        ("?environment=production", "0123456"),
        ("?environment=production&is_active=true", "012456"),
        ("?is_active=true", "654210"),
        ("?is_active=false", "3"),
        ("?environment=staging", ""),
    ],
)
async def test_every_pipeline_is_on_one_page(client: httpx.AsyncClient, query: str, wanted: str) -> None:
    await seven_pipelines(client)
    path = f"/pipelines{query}"
    pages = await walked(client, path, 2)
    found = [item["pipeline_id"][-1] for page in pages for item in page]
    assert all(len(page) <= 2 for page in pages)
    assert (found if query else sorted(found)) == list(wanted)


async def test_every_run_is_on_one_page(client: httpx.AsyncClient) -> None:
    await created(client)
    paths = [await started(client) for _ in range(5)]
    for path, limit in (("/pipelines/orders-daily/runs", 2), ("/runs/running", 3)):
        found = [item["run_id"] for page in await walked(client, path, limit) for item in page]
        assert sorted(found) == [path.rpartition("/")[2] for path in paths]
    for run in paths:
        await client.post(f"{run}/finish", json={"status": "failed", "error": "x"})
    found = [item["run_id"] for page in await walked(client, "/runs/failures", 2) for item in page]
    assert found == [path.rpartition("/")[2] for path in reversed(paths)]


async def test_every_table_is_on_one_page(client: httpx.AsyncClient) -> None:
    await created(client)
    names = [f"table_{number}" for number in range(5)]
    await client.put("/pipelines/orders-daily/tables", json=[new_table(name) for name in names])
    pages = await walked(client, "/pipelines/orders-daily/tables", 2)
    assert [item["table_name"] for page in pages for item in page] == names


async def test_a_cursor_of_another_list_is_refused(client: httpx.AsyncClient) -> None:
    await seven_pipelines(client)
    cursor = (await client.get("/pipelines?environment=production&limit=2")).json()["cursor"]
    for other in ("environment=staging", "is_active=true", "environment=production&is_active=true", ""):
        reply = await client.get(f"/pipelines?{other}&limit=2&cursor={cursor}")
        assert reply.status_code == 400, other
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.json()["detail"].startswith("the cursor was not made for this query")


async def test_a_cursor_that_was_changed_is_refused(client: httpx.AsyncClient) -> None:
    await seven_pipelines(client)
    cursor = (await client.get("/pipelines?environment=production&limit=2")).json()["cursor"]
    for changed in (cursor[:-2], cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), "none"):
        reply = await client.get(f"/pipelines?environment=production&cursor={changed}")
        assert reply.status_code == 400, changed


async def test_a_cursor_is_good_in_every_process_that_has_its_key(
    client: httpx.AsyncClient, app_config: DynamoDBConfig, prefix: str
) -> None:
    await seven_pipelines(client)
    cursor = (await client.get("/pipelines?environment=production&limit=6")).json()["cursor"]
    path = f"/pipelines?environment=production&cursor={cursor}"
    async with serving(app_config, prefix) as same_key:
        reply = await same_key.get(path)
        assert [item["pipeline_id"] for item in reply.json()["items"]] == ["pipeline-6"]
    async with serving(app_config.model_copy(update={"cursor_keys": ()}), prefix) as own_key:
        assert (await own_key.get(path)).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/pipelines",
        "/pipelines/orders-daily/tables",
        "/pipelines/orders-daily/runs",
        "/runs/running",
        "/runs/failures",
    ],
)
async def test_a_limit_is_from_1_to_100(client: httpx.AsyncClient, sent: list[str], path: str) -> None:
    for limit in (0, 101, "many"):
        assert (await client.get(f"{path}?limit={limit}")).status_code == 422
    assert sent == []
