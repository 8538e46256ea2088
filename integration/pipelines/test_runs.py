"""The runs of pipelines over HTTP: counted once, listed by what is asked of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dynarepo import DynamoDBConnection
from examples.pipelines.models import PipelineConfig, PipelineRun, RunStatus
from examples.pipelines.runs import MAX_LOG_LINES, new_run
from examples.pipelines.storage import TableNames
from integration.pipelines.serving import created, started

PIPELINE = "/pipelines/orders-daily"
FAILED = {"status": "failed", "error": "no answer"}
SUCCEEDED = {"status": "succeeded", "rows": 7}


async def counters(client: httpx.AsyncClient) -> tuple[int, int, int]:
    stored = (await client.get(PIPELINE)).json()
    return stored["run_count"], stored["running_count"], stored["failure_count"]


async def listed(client: httpx.AsyncClient, path: str) -> list[str]:
    reply = await client.get(path)
    assert reply.status_code == 200, reply.text
    return [f"/pipelines/{run['pipeline_id']}/runs/{run['run_id']}" for run in reply.json()["items"]]


async def test_a_run_that_starts_is_counted_and_runs_now(client: httpx.AsyncClient) -> None:
    await created(client)
    reply = await client.post(f"{PIPELINE}/runs")
    assert reply.status_code == 201
    run = reply.json()
    assert (run["status"], run["finished_at"], run["log"]) == ("running", None, [])
    assert (await client.get(reply.headers["Location"])).json() == run
    assert await listed(client, "/runs/running") == [reply.headers["Location"]]
    assert await counters(client) == (1, 1, 0)
    assert (await client.get(PIPELINE)).json()["last_run_at"] == run["started_at"]


async def test_a_run_that_succeeded_has_its_duration_and_runs_no_more(client: httpx.AsyncClient) -> None:
    await created(client)
    path = await started(client)
    reply = await client.post(f"{path}/finish", json=SUCCEEDED)
    run = reply.json()
    assert (reply.status_code, run["status"], run["rows"], run["error"]) == (200, "succeeded", 7, None)
    took = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    assert run["duration"] == took.total_seconds()
    assert (await client.get(path)).json() == run
    assert await listed(client, "/runs/running") == []
    assert await listed(client, "/runs/failures") == []
    assert await counters(client) == (1, 0, 0)


async def test_a_run_that_failed_is_among_the_failures_of_its_day(client: httpx.AsyncClient) -> None:
    await created(client)
    path = await started(client)
    run = (await client.post(f"{path}/finish", json=FAILED)).json()
    day = run["finished_at"][:10]
    before = datetime.fromisoformat(day).date() - timedelta(days=1)
    assert await listed(client, f"/runs/failures?day={day}") == [path]
    assert await listed(client, f"/runs/failures?day={before}") == []
    assert await counters(client) == (1, 0, 1)


async def test_the_runs_of_a_pipeline_are_listed_the_newest_first(client: httpx.AsyncClient) -> None:
    await created(client)
    await created(client, "other")
    await started(client, "other")
    paths = [await started(client) for _ in range(3)]
    await client.post(f"{paths[1]}/finish", json=FAILED)
    assert await listed(client, f"{PIPELINE}/runs") == paths[::-1]
    assert await listed(client, f"{PIPELINE}/runs?status=running") == [paths[2], paths[0]]
    assert await listed(client, f"{PIPELINE}/runs?status=failed") == [paths[1]]


async def test_a_run_that_is_finished_by_many_at_once_is_counted_once(client: httpx.AsyncClient) -> None:
    await created(client)
    path = await started(client)
    replies = await asyncio.gather(*(client.post(f"{path}/finish", json=FAILED) for _ in range(5)))
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409, 409]
    assert await counters(client) == (1, 0, 1)


async def test_runs_that_start_at_once_are_all_counted(client: httpx.AsyncClient) -> None:
    await created(client)
    await asyncio.gather(*(started(client) for _ in range(5)))
    assert await counters(client) == (5, 5, 0)
    assert len(await listed(client, f"{PIPELINE}/runs")) == 5


async def test_a_finished_run_is_not_finished_again(client: httpx.AsyncClient) -> None:
    await created(client)
    path = await started(client)
    first = (await client.post(f"{path}/finish", json=SUCCEEDED)).json()
    reply = await client.post(f"{path}/finish", json=FAILED)
    assert reply.status_code == 409
    assert reply.json()["detail"] == "the run is finished already"
    assert reply.json()["run_status"] == "succeeded"
    assert (await client.get(path)).json() == first
    assert await counters(client) == (1, 0, 0)


async def test_an_inactive_pipeline_runs_nothing(client: httpx.AsyncClient) -> None:
    await created(client, is_active=False)
    reply = await client.post(f"{PIPELINE}/runs")
    assert reply.status_code == 409
    assert reply.json()["detail"] == "the pipeline is not active; activate it to start a run"
    assert await listed(client, f"{PIPELINE}/runs") == []
    assert await counters(client) == (0, 0, 0)


async def test_a_run_of_a_pipeline_that_is_not_there_does_not_start(client: httpx.AsyncClient) -> None:
    reply = await client.post(f"{PIPELINE}/runs")
    assert reply.status_code == 404
    assert reply.json()["detail"] == "there is no such pipeline"
    assert await listed(client, f"{PIPELINE}/runs") == []


async def test_a_run_whose_pipeline_has_gone_is_not_finished(
    client: httpx.AsyncClient, connection: DynamoDBConnection, names: TableNames
) -> None:
    await created(client)
    path = await started(client)
    await connection.repository(PipelineConfig, table_name=names.pipelines).delete("orders-daily")
    reply = await client.post(f"{path}/finish", json=SUCCEEDED)
    assert reply.status_code == 404
    assert reply.json()["detail"] == "there is no such pipeline"
    assert (await client.get(path)).json()["status"] == "running"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("POST", "/finish", SUCCEEDED), ("POST", "/log", {"lines": ["x"]})],
)
async def test_a_run_that_is_not_there_is_not_found(
    client: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    await created(client)
    reply = await client.request(method, f"{PIPELINE}/runs/20260131T000000Z-1{path}", json=body)
    assert reply.status_code == 404
    assert reply.json()["detail"] == "the pipeline has no such run"


@pytest.mark.parametrize(
    "body",
    [{"status": "running"}, {"status": "failed"}, SUCCEEDED | {"error": "x"}, SUCCEEDED | {"rows": -1}],
    ids=["running", "failure without error", "error of a success", "negative"],
)
async def test_an_outcome_that_is_none_is_refused(client: httpx.AsyncClient, body: Any) -> None:
    await created(client)
    path = await started(client)
    assert (await client.post(f"{path}/finish", json=body)).status_code == 422
    assert await counters(client) == (1, 1, 0)


async def test_lines_are_added_to_the_log_in_their_order(client: httpx.AsyncClient) -> None:
    await created(client)
    path = await started(client)
    for lines in (["connected"], ["asked", "done"]):
        assert (await client.post(f"{path}/log", json={"lines": lines})).status_code == 204
    assert (await client.get(path)).json()["log"] == ["connected", "asked", "done"]


async def test_a_full_log_takes_no_more_lines(client: httpx.AsyncClient) -> None:
    await created(client)
    path = await started(client)
    for _ in range(MAX_LOG_LINES // 50):
        assert (await client.post(f"{path}/log", json={"lines": ["x"] * 50})).status_code == 204
    reply = await client.post(f"{path}/log", json={"lines": ["one more"]})
    assert (reply.status_code, reply.json()["detail"]) == (409, "the log of the run takes no more lines")


async def test_the_log_of_a_finished_run_is_closed(client: httpx.AsyncClient) -> None:
    await created(client)
    path = await started(client)
    await client.post(f"{path}/finish", json=SUCCEEDED)
    reply = await client.post(f"{path}/log", json={"lines": ["late"]})
    assert (reply.status_code, reply.json()["detail"]) == (409, "the run is finished already")


async def test_runs_whose_time_is_over_are_in_no_answer(
    client: httpx.AsyncClient, connection: DynamoDBConnection, names: TableNames
) -> None:
    await created(client)
    path = await started(client)
    # They are stored, and were finished or not; DynamoDB takes up to days to remove them.
    long_ago = datetime.now(UTC) - timedelta(days=31)
    running = new_run("orders-daily", long_ago)
    today = datetime.now(UTC)
    failed = new_run("orders-daily", long_ago + timedelta(seconds=1)).model_copy(
        update={"status": RunStatus.FAILED, "running": None, "failed_on": today.date(), "finished_at": today}
    )
    runs = connection.repository(PipelineRun, table_name=names.runs)
    assert await runs.batch_write([running, failed]) == 2
    assert await listed(client, f"{PIPELINE}/runs") == [path]
    assert await listed(client, "/runs/running") == [path]
    assert await listed(client, f"/runs/failures?day={today.date()}") == []
    assert (await client.get(f"{PIPELINE}/runs/{running.run_id}")).status_code == 404
