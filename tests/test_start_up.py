"""What a program waits for when it imports the package, and what only when it needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Each takes as long to import as the package itself, or is an extra that need not be there.
HEAVY = [
    "aioboto3",
    "aiobotocore",
    "aiohttp",
    "boto3",
    "botocore",
    "click",
    "cryptography",
    "fastapi",
    "moto",
    "opentelemetry",
    "pyarrow",
    "rich",
]

#: Says which of some packages the main thread imports while a connection is opened, and which another does.
OPENING = """
import asyncio, sys, threading
import dynarepo
from tests.recording_logger import RecordingLogger

class Recorder:
    def find_spec(self, name, path=None, target=None):
        by = "loop" if threading.current_thread() is threading.main_thread() else "thread"
        if name in {"aioboto3", "aiobotocore.session", "aiohttp", "boto3.session", "botocore.session"}:
            print(by, name)

async def main():
    config = dynarepo.DynamoDBConfig(
        region="eu-west-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
    )
    async with dynarepo.DynamoDBConnection(config=config, logger=RecordingLogger()):
        pass

sys.meta_path.insert(0, Recorder())
asyncio.run(main())
"""


def printed_by(program: str) -> list[str]:
    """Run a program in an interpreter of its own."""
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return run.stdout.splitlines()


@pytest.mark.parametrize("module", ["dynarepo", "dynarepo.testing"])
def test_what_takes_long_to_import_is_not_imported_at_once(module: str) -> None:
    assert printed_by(f"import {module}, sys; print(*{{*{HEAVY}}} & sys.modules.keys())") == [""]


def test_the_sdk_is_imported_off_the_event_loop_when_a_connection_opens() -> None:
    assert sorted(printed_by(OPENING)) == [
        "thread aioboto3",
        "thread aiobotocore.session",
        "thread aiohttp",
        "thread boto3.session",
        "thread botocore.session",
    ]
