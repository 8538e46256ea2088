"""`dynarepo local`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from dynarepo.cli._local import _serve
from tests.cli.calling import CommandLine
from tests.cli.shop import Order, Setting


@pytest.fixture
def served(cli: CommandLine) -> Iterator[subprocess.Popen[str]]:
    """Serve tables of three models, two of which share one."""
    models = [f"tests.cli.shop:{name}" for name in ("Order", "Visit", "Setting")]
    with cli.started("local", *models, "-t", "shop", "--port", 0, "--json") as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_tables_until_it_is_ended_which_is_no_failure(
    number: signal.Signals, served: subprocess.Popen[str], cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.stdout is not None
    told = json.loads(served.stdout.readline())
    assert told["tables"] == {"shop": ["Order", "Visit"], "settings": ["Setting"]}
    environment = told["environment"]
    assert environment["AWS_ENDPOINT_URL_DYNAMODB"] == told["endpoint_url"]
    for name in ("DYNAMODB_REGION", "DYNAMODB_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    there = CommandLine(cli.config, environment | {"DYNAMODB_REGION": "", "DYNAMODB_ENDPOINT_URL": ""})
    assert there("tables", "list").stdout.split() == ["settings", "shop"]
    there("tables", "diff", "tests.cli.shop:Order", "-t", "shop")
    served.send_signal(number)
    _, complaints = served.communicate()
    assert (served.returncode, complaints) == (0, "")


async def test_it_prints_lines_to_copy_into_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    serving = asyncio.create_task(_serve([Order, Setting], 0, "shop", None, as_json=False))
    printed = ""
    while "AWS_SECRET_ACCESS_KEY" not in printed:
        await asyncio.sleep(0.01)
        assert not serving.done()
        printed += capsys.readouterr().out
    os.kill(os.getpid(), signal.SIGINT)
    await serving
    first, *tables = printed.split("\n\n")[0].splitlines()
    assert first.startswith("DynamoDB is served at http://127.0.0.1:")
    assert tables == ["table shop: Order", "table settings: Setting"]
    variables = [line.split("=")[0] for line in printed.split("\n\n")[1].splitlines()]
    assert variables == [
        "export AWS_ENDPOINT_URL_DYNAMODB",
        "export AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
        "export AWS_REGION",
        "export AWS_DEFAULT_REGION",
        "export AWS_ACCESS_KEY_ID",
        "export AWS_SECRET_ACCESS_KEY",
    ]


def test_a_taken_port_is_told_of(cli: CommandLine) -> None:
    port = str(cli.config.endpoint_url).rpartition(":")[2]
    assert cli.refused("local", "--port", port) == f"port {port} of 127.0.0.1 is taken"


def test_models_are_looked_up_before_anything_is_served(cli: CommandLine) -> None:
    assert "there is no module" in cli.refused("local", "nowhere.models:Order")
    assert "--table: " in cli.refused("local", "-t", "?")
