"""The one command, as a user gives it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from dynarepo import DynamoDBConnection
from examples.pipelines.demo_data import write_demo_data
from examples.pipelines.models import PipelineConfig, PipelineRun, RunStatus
from examples.pipelines.storage import TableNames

ROOT = Path(__file__).parents[2]


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[httpx.Client]:
    """Run the command until the end of the block, and ask what it serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.pipelines", "--port", "0", *arguments],
        cwd=ROOT,
        env={"PATH": "", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", line):
                    break
            else:
                pytest.fail(f"it ended\n{''.join(said)}")
            with httpx.Client(base_url=found[1]) as client:
                yield client
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
    assert "Traceback" not in rest
    assert process.returncode == 0


def test_it_serves_data_to_look_at_from_a_server_of_its_own() -> None:
    with running() as client:
        assert len(client.get("/pipelines?limit=100").json()["items"]) == 12
        runs = client.get("/pipelines/orders-production/runs?limit=100").json()["items"]
        assert len(runs) == 17
        assert len(client.get("/pipelines/orders-production/tables").json()["items"]) == 3
        assert len(client.get("/runs/running").json()["items"]) == 3
        assert client.get("/").text.startswith("<!doctype html>")
        reply = client.post("/pipelines/orders-production/runs")
        assert reply.status_code == 201


@pytest_asyncio.fixture(loop_scope="session")
async def other_prefix(connection: DynamoDBConnection, prefix: str) -> AsyncIterator[str]:
    """Name tables that the command makes; they are deleted at the end."""
    yield f"{prefix}command-"
    for _, name in TableNames.prefixed(f"{prefix}command-").models:
        await connection.table_admin().delete_table(name)


def test_it_uses_another_dynamodb_whose_tables_it_makes_once(endpoint_url: str, other_prefix: str) -> None:
    other = {
        "PIPELINES_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    arguments = ("--region", "eu-west-1", "--table-prefix", other_prefix)
    with running(*arguments, **other) as client:
        reply = client.delete("/pipelines/customers-staging", headers={"If-Match": '"1"'})
        assert reply.status_code == 204
    with running(*arguments, **other) as client:
        assert len(client.get("/pipelines?limit=100").json()["items"]) == 11


async def test_the_data_to_look_at_agree_with_each_other(
    client: httpx.AsyncClient, connection: DynamoDBConnection, names: TableNames
) -> None:
    await write_demo_data(connection, names, datetime.now(UTC))
    runs = [run async for run in connection.repository(PipelineRun, table_name=names.runs).iter_scan_items()]
    assert len(runs) == 204
    pipelines = connection.repository(PipelineConfig, table_name=names.pipelines)
    async for pipeline in pipelines.iter_scan_items():
        own = [run for run in runs if run.pipeline_id == pipeline.pipeline_id]
        assert pipeline.run_count == len(own)
        assert pipeline.running_count == sum(run.status is RunStatus.RUNNING for run in own)
        assert pipeline.failure_count == sum(run.status is RunStatus.FAILED for run in own)
