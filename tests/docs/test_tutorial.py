"""The tutorial's files are a service that works, and its tests are tests that pass."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.docs.markdown import TUTORIAL

SERVED_AT: Final = "http://127.0.0.1:8080"
DATA: Final = ("-d", "--data")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write the files that the tutorial shows under their names."""
    shown = re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```", TUTORIAL.read_text(), re.DOTALL | re.MULTILINE)
    for name, text in shown:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "tasks" / "__init__.py").touch()
    return tmp_path


@contextmanager
def running(*command: str, cwd: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        (sys.executable, "-m", *command), cwd=cwd, env=env, text=True, stdout=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def line_of(process: subprocess.Popen[str], pattern: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(pattern, line):
            return line
    pytest.fail(f"it ended without {pattern}")


def asked(command: str, url: str) -> httpx.Response:
    """Do what a command of curl says."""
    method, content, headers, address = "GET", None, {}, ""
    words = iter(shlex.split(command)[1:])
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word in DATA:
            content = next(words)
        else:
            address = word.replace(SERVED_AT, url)
    return httpx.request(method, address, content=content, headers=headers)


def test_its_tests_pass(project: Path) -> None:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".")
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, "3 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_its_service_answers_as_it_says(project: Path) -> None:
    local = ("dynarepo.cli", "local", "tasks.models:Task", "--table", "tasks", "--port", "0", "--json")
    with running(*local, cwd=project) as server:
        environment = json.loads(line_of(server, "endpoint_url"))["environment"]
        here = {"PYTHONPATH": str(project), "TASKS_TABLE": "tasks", "PYTHONUNBUFFERED": "1"}
        serving = ("uvicorn", "--factory", "tasks.app:create_app", "--port", "0", "--log-config", "log.json")
        (project / "log.json").write_text(LOG_TO_STDOUT)
        with running(*serving, cwd=project, env=environment | here) as service:
            url = re.sub(r".*(http://\S+).*\n", r"\1", line_of(service, "running on"))
            blocks = re.findall(r"^```console\n(.*?)^```", TUTORIAL.read_text(), re.DOTALL | re.MULTILINE)
            steps = re.findall(r"^\$ (curl .+)\n(\d+)$", "".join(blocks), re.MULTILINE)
            assert [(step, str(asked(step, url).status_code)) for step, _ in steps] == steps
            assert len(steps) == 5


def test_its_policy_is_json(project: Path) -> None:
    policy = json.loads((project / "policy.json").read_text())
    assert {"dynamodb:GetItem", "dynamodb:DescribeTable"} <= set(policy["Statement"][0]["Action"])


LOG_TO_STDOUT: Final = json.dumps(
    {
        "version": 1,
        "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
        "loggers": {"uvicorn": {"handlers": ["out"], "level": "INFO"}},
    }
)
