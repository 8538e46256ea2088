"""What the application asks of DynamoDB, and what it answers when DynamoDB does not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dynarepo import DynamoDBConfig, DynamoDBConnection, DynamoDBServiceError
from dynarepo.testing import FakeTransport, connection_refused, error_reply, lost_reply
from examples.pipelines.dependencies import pipeline_commands, table_commands, table_queries
from examples.pipelines.dto import PipelineCreate
from examples.pipelines.errors import PipelineAlreadyExistsError
from examples.pipelines.storage import TableNames
from integration.pipelines.serving import new_pipeline, new_table, serving

PIPELINE = "/pipelines/orders-daily"
CARD = {
    "pipeline_id",
    "environment",
    "owner",
    "is_active",
    "running_count",
    "failure_count",
    "last_run_at",
    "updated_at",
    "version",
}
RUN = {"pipeline_id", "run_id", "status", "started_at", "finished_at", "duration", "rows", "error"}


def projected(payload: dict[str, Any]) -> set[str]:
    """Give the attributes that a request asks for."""
    names = payload["ExpressionAttributeNames"]
    return {names.get(name, name) for name in payload["ProjectionExpression"].split(", ")}


@pytest.mark.parametrize(
    ("path", "operation", "index", "wanted"),
    [
        ("/pipelines", "Scan", None, CARD),
        ("/pipelines?is_active=true", "Query", "ActivePipelinesIndex", CARD),
        ("/pipelines?environment=staging", "Query", "EnvironmentIndex", CARD),
        (f"{PIPELINE}/tables", "Query", None, {"pipeline_id", "table_name", "load_mode", "updated_at"}),
        (f"{PIPELINE}/runs", "Query", None, RUN | {"expires_at"}),
        ("/runs/running", "Query", "RunningIndex", RUN | {"running", "expires_at"}),
        ("/runs/failures", "Query", "FailuresByDayIndex", RUN | {"failed_key", "expires_at"}),
    ],
)
async def test_a_list_asks_for_what_it_shows_and_for_keys_only(
    app_config: DynamoDBConfig,
    path: str,
    operation: str,
    index: str | None,
    wanted: set[str],
) -> None:
    transport = FakeTransport({"Items": [], "Count": 0, "ScannedCount": 0})
    async with serving(app_config, "", transport=transport) as client:
        reply = await client.get(path)
    assert reply.json() == {"items": [], "cursor": None}
    ((asked, payload),) = transport.requests
    assert (asked, payload.get("IndexName")) == (operation, index)
    assert projected(payload) == wanted


async def test_a_start_and_a_finish_are_one_transaction_each(
    client: httpx.AsyncClient, sent: list[str]
) -> None:
    await client.post("/pipelines", json=new_pipeline())
    run = (await client.post(f"{PIPELINE}/runs")).headers["Location"]
    await client.post(f"{run}/finish", json={"status": "succeeded"})
    assert sent == ["PutItem", "TransactWriteItems", "GetItem", "TransactWriteItems"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/pipelines", None),
        ("GET", PIPELINE, None),
        ("POST", "/pipelines", new_pipeline()),
        ("PATCH", PIPELINE, {"owner": "grace"}),
        ("GET", "/runs/running", None),
        ("POST", f"{PIPELINE}/runs", None),
    ],
)
@pytest.mark.parametrize("answer", [error_reply("ThrottlingException"), connection_refused()])
async def test_what_may_work_later_is_503_with_the_time_to_try_again(
    app_config: DynamoDBConfig, method: str, path: str, body: Any, answer: Any
) -> None:
    transport = FakeTransport.answering(lambda operation, payload: answer)
    hasty = app_config.model_copy(update={"deadline": 0.05})
    async with serving(hasty, "", transport=transport) as client:
        reply = await client.request(method, path, json=body, headers={"If-Match": '"1"'})
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1")
    assert reply.json()["title"] == "Service Unavailable"


async def test_a_write_that_may_have_been_done_is_503_without_a_time_to_repeat_it(
    app_config: DynamoDBConfig,
) -> None:
    transport = FakeTransport.answering(lambda operation, payload: lost_reply())
    hasty = app_config.model_copy(update={"deadline": 0.05})
    async with serving(hasty, "", transport=transport) as client:
        reply = await client.post(f"{PIPELINE}/runs/1/log", json={"lines": ["once"]})
    assert reply.status_code == 503
    assert "Retry-After" not in reply.headers
    assert reply.json()["detail"] == "the write may have been done: read before you repeat it"


async def test_tables_that_were_not_written_are_named(
    app_config: DynamoDBConfig,
) -> None:
    transport = FakeTransport.answering(
        lambda operation, payload: (
            {"Item": {"pipeline_id": {"S": "orders-daily"}}}
            if operation == "GetItem"
            else error_reply("AccessDeniedException")
        )
    )
    async with serving(app_config, "", transport=transport) as client:
        reply = await client.put(f"{PIPELINE}/tables", json=[new_table("a"), new_table("b")])
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1")
    problem = reply.json()
    assert (problem["written"], problem["failed"], problem["unknown"]) == (0, ["a", "b"], [])


async def test_what_is_wrong_on_this_side_is_500_and_explained_to_nobody(
    app_config: DynamoDBConfig,
) -> None:
    transport = FakeTransport(error_reply("AccessDeniedException"))
    async with serving(app_config, "", transport=transport) as client:
        reply = await client.get(PIPELINE)
    assert (reply.status_code, reply.json()["detail"]) == (500, "internal error")


async def test_an_error_of_the_application_has_the_librarys_behind_it(
    client: httpx.AsyncClient, connection: DynamoDBConnection, names: TableNames
) -> None:
    connected = connection, names
    tables = await table_commands(*connected, await table_queries(*connected))
    commands = await pipeline_commands(*connected, tables)
    new = PipelineCreate.model_validate(new_pipeline())
    await commands.create(new)
    with pytest.raises(PipelineAlreadyExistsError) as caught:
        await commands.create(new)
    assert caught.value.context == {"pipeline_id": "orders-daily"}
    assert isinstance(caught.value.__cause__, DynamoDBServiceError)
    assert caught.value.__cause__.operation == "PutItem"


async def test_the_application_does_not_start_on_tables_that_are_not_there(
    app_config: DynamoDBConfig,
) -> None:
    with pytest.raises(DynamoDBServiceError, match="table"):
        async with serving(app_config, "no-such-prefix-"):
            pass
