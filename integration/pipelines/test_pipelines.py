"""The configuration of pipelines over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from dynarepo import DynamoDBConnection
from examples.pipelines.models import PipelineConfig, PipelineRun, TableConfig
from examples.pipelines.storage import TableNames
from integration.pipelines.serving import created, new_pipeline, new_table, started

ID = "orders-daily"
PATH = f"/pipelines/{ID}"


def ids(reply: httpx.Response) -> list[str]:
    return [item["pipeline_id"] for item in reply.json()["items"]]


async def test_a_pipeline_that_was_created_can_be_read_where_its_location_says(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.post("/pipelines", json=new_pipeline(parameters={"region": "eu-west-1"}))
    assert reply.status_code == 201
    assert reply.headers["ETag"] == '"1"'
    pipeline = reply.json()
    assert pipeline.items() >= new_pipeline(parameters={"region": "eu-west-1"}).items()
    assert (pipeline["version"], pipeline["run_count"], pipeline["is_active"]) == (1, 0, True)
    assert pipeline["created_at"] == pipeline["updated_at"]
    read = await client.get(reply.headers["Location"])
    assert (read.status_code, read.headers["ETag"], read.json()) == (200, '"1"', pipeline)


async def test_a_pipeline_that_is_there_is_not_created_again(client: httpx.AsyncClient) -> None:
    first = await created(client)
    reply = await client.post("/pipelines", json=new_pipeline(owner="grace"))
    assert reply.status_code == 409
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "there is a pipeline of this id",
        "pipeline_id": ID,
    }
    assert (await client.get(PATH)).json() == first


@pytest.mark.parametrize(
    "fields",
    [
        {"environment": "moon"},
        {"schedule": "daily"},
        {"owner": " "},
        {"pipeline_id": "No Id"},
        {"run_count": 5},
        {"version": 5},
        {"created_at": "2026-01-31T00:00:00Z"},
    ],
    ids=lambda fields: next(iter(fields)),
)
async def test_what_is_not_the_clients_to_set_or_does_not_fit_is_refused_unsent(
    client: httpx.AsyncClient, sent: list[str], fields: dict[str, Any]
) -> None:
    reply = await client.post("/pipelines", json=new_pipeline() | fields)
    assert reply.status_code == 422
    assert sent == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", PATH, None),
        ("PATCH", PATH, {"owner": "grace"}),
        ("POST", f"{PATH}/activate", None),
        ("POST", f"{PATH}/deactivate", None),
        ("DELETE", PATH, None),
    ],
)
async def test_a_pipeline_that_is_not_there_is_not_found(
    client: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    reply = await client.request(method, path, json=body, headers={"If-Match": '"1"'})
    assert reply.status_code == 404
    assert reply.json()["detail"] == "there is no such pipeline"
    assert reply.json()["pipeline_id"] == ID


async def test_what_the_client_has_already_is_not_sent_again(client: httpx.AsyncClient) -> None:
    await created(client)
    reply = await client.get(PATH, headers={"If-None-Match": '"1"'})
    assert (reply.status_code, reply.headers["ETag"], reply.content) == (304, '"1"', b"")
    assert (await client.get(PATH, headers={"If-None-Match": '"7"'})).status_code == 200


async def test_a_patch_changes_what_it_names_and_the_time(client: httpx.AsyncClient) -> None:
    before = await created(client, description="old")
    reply = await client.patch(
        PATH, json={"owner": "grace", "environment": "staging"}, headers={"If-Match": '"1"'}
    )
    after = reply.json()
    assert (reply.status_code, reply.headers["ETag"]) == (200, '"2"')
    assert after["updated_at"] > before["updated_at"]
    assert after == before | {
        "owner": "grace",
        "environment": "staging",
        "version": 2,
        "updated_at": after["updated_at"],
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", PATH, {"owner": "grace"}),
        ("POST", f"{PATH}/activate", None),
        ("POST", f"{PATH}/deactivate", None),
        ("DELETE", PATH, None),
    ],
)
async def test_a_write_needs_the_version_that_it_is_of(
    client: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    before = await created(client)
    assert (await client.request(method, path, json=body)).status_code == 428
    stale = await client.request(method, path, json=body, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert stale.json()["expected"] == 7
    assert stale.json()["found"] == 1
    assert (await client.get(PATH)).json() == before


async def test_of_two_who_edit_one_pipeline_one_is_told(client: httpx.AsyncClient) -> None:
    await created(client)
    seen = (await client.get(PATH)).headers["ETag"]
    owners = ["grace", "katherine"]
    replies = await asyncio.gather(
        *(client.patch(PATH, json={"owner": owner}, headers={"If-Match": seen}) for owner in owners)
    )
    assert sorted(reply.status_code for reply in replies) == [200, 412]
    done = next(reply for reply in replies if reply.status_code == 200)
    assert (await client.get(PATH)).json() == done.json()


@pytest.mark.parametrize(
    "body", [{"is_active": False}, {"run_count": 9}, {"version": 9}, {"pipeline_id": "b"}]
)
async def test_a_patch_takes_settings_only(client: httpx.AsyncClient, body: Any) -> None:
    await created(client)
    assert (await client.patch(PATH, json=body, headers={"If-Match": '"1"'})).status_code == 422


@pytest.mark.parametrize("body", [{"owner": None}, {}])
async def test_a_patch_of_null_or_of_nothing_is_refused(client: httpx.AsyncClient, body: Any) -> None:
    before = await created(client)
    reply = await client.patch(PATH, json=body, headers={"If-Match": '"1"'})
    assert reply.status_code == 422
    assert (await client.get(PATH)).json() == before


async def test_a_put_creates_and_a_second_put_keeps_the_time_of_creation_and_the_counters(
    client: httpx.AsyncClient,
) -> None:
    wanted = new_pipeline()
    del wanted["pipeline_id"]
    first = await client.put(PATH, json=wanted)
    assert (first.status_code, first.headers["ETag"]) == (201, '"1"')
    await started(client)
    second = await client.put(PATH, json=wanted | {"owner": "grace"})
    assert (second.status_code, second.headers["ETag"]) == (200, '"3"')
    stored = (await client.get(PATH)).json()
    assert (stored["owner"], stored["run_count"], stored["running_count"]) == ("grace", 1, 1)
    assert stored["created_at"] == first.json()["created_at"]
    assert stored["updated_at"] > first.json()["updated_at"]


async def test_a_put_to_what_is_no_id_is_refused(client: httpx.AsyncClient, sent: list[str]) -> None:
    wanted = new_pipeline()
    del wanted["pipeline_id"]
    assert (await client.put("/pipelines/No%20Id", json=wanted)).status_code == 422
    assert sent == []


@pytest.mark.parametrize("exists", [True, False])
async def test_a_put_of_another_version_is_refused(client: httpx.AsyncClient, exists: bool) -> None:
    wanted = new_pipeline()
    del wanted["pipeline_id"]
    if exists:
        await created(client)
    reply = await client.put(PATH, json=wanted, headers={"If-Match": '"7"'})
    assert reply.status_code == 412
    assert reply.json()["found"] == (1 if exists else None)
    assert (await client.get(PATH)).status_code == (200 if exists else 404)


async def test_deactivation_moves_a_pipeline_in_the_index_of_the_active_ones(
    client: httpx.AsyncClient,
) -> None:
    for pipeline_id in ("first", "second", "third"):
        await created(client, pipeline_id)
    assert ids(await client.get("/pipelines?is_active=true")) == ["third", "second", "first"]
    reply = await client.post("/pipelines/second/deactivate", headers={"If-Match": '"1"'})
    assert (reply.status_code, reply.json()["is_active"], reply.headers["ETag"]) == (200, False, '"2"')
    assert ids(await client.get("/pipelines?is_active=true")) == ["third", "first"]
    assert ids(await client.get("/pipelines?is_active=false")) == ["second"]
    reply = await client.post("/pipelines/second/activate", headers={"If-Match": '"2"'})
    assert (reply.status_code, reply.json()["is_active"]) == (200, True)
    assert ids(await client.get("/pipelines?is_active=true")) == ["second", "third", "first"]


async def test_pipelines_are_listed_by_environment_in_the_order_of_their_ids(
    client: httpx.AsyncClient,
) -> None:
    for pipeline_id in ("bbb", "aaa", "ccc"):
        await created(client, pipeline_id, is_active=pipeline_id != "bbb")
    await created(client, "ddd", environment="staging")
    assert ids(await client.get("/pipelines?environment=production")) == ["aaa", "bbb", "ccc"]
    assert ids(await client.get("/pipelines?environment=production&is_active=true")) == ["aaa", "ccc"]
    assert ids(await client.get("/pipelines?environment=development")) == []
    assert sorted(ids(await client.get("/pipelines"))) == ["aaa", "bbb", "ccc", "ddd"]
    assert (await client.get("/pipelines?environment=moon")).status_code == 422


async def test_a_pipeline_is_deleted_with_its_tables_and_keeps_its_runs(
    client: httpx.AsyncClient, connection: DynamoDBConnection, names: TableNames
) -> None:
    await created(client)
    await client.put(f"{PATH}/tables", json=[new_table("a"), new_table("b")])
    run = await started(client)
    await client.post(f"{run}/finish", json={"status": "succeeded"})
    version = (await client.get(PATH)).headers["ETag"]
    assert (await client.delete(PATH, headers={"If-Match": version})).status_code == 204
    assert (await client.get(PATH)).status_code == 404
    assert await connection.repository(TableConfig, table_name=names.tables).count(ID) == 0
    assert await connection.repository(PipelineRun, table_name=names.runs).count(ID) == 1


async def test_tables_that_an_interrupted_deletion_left_go_with_the_next(
    client: httpx.AsyncClient, connection: DynamoDBConnection, names: TableNames
) -> None:
    await created(client)
    await client.put(f"{PATH}/tables", json=[new_table("a")])
    await connection.repository(PipelineConfig, table_name=names.pipelines).delete(ID)
    assert (await client.delete(PATH, headers={"If-Match": '"1"'})).status_code == 404
    assert await connection.repository(TableConfig, table_name=names.tables).count(ID) == 0


async def test_a_pipeline_that_runs_is_not_deleted(client: httpx.AsyncClient) -> None:
    await created(client)
    await started(client)
    version = (await client.get(PATH)).headers["ETag"]
    reply = await client.delete(PATH, headers={"If-Match": version})
    assert reply.status_code == 409
    assert reply.json()["detail"] == "the pipeline has running runs; finish them before it is deleted"
    assert (await client.get(PATH)).status_code == 200


async def test_a_pipeline_that_was_put_and_never_ran_can_be_deleted(
    client: httpx.AsyncClient, connection: DynamoDBConnection, names: TableNames
) -> None:
    wanted = new_pipeline()
    del wanted["pipeline_id"]
    await client.put(PATH, json=wanted)
    assert (await client.delete(PATH, headers={"If-Match": '"1"'})).status_code == 204
    assert await connection.repository(PipelineConfig, table_name=names.pipelines).get_one(ID) is None
