"""A pair of tables for each module, which a scan reads whole, and the table at the end of the run."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from dynarepo import DynamoDBConfig
from integration.reliability.profiles import Profile, chosen_profile
from integration.reliability.tally import Tally
from integration.reliability.world import World, connected

_HERE: Final = Path(__file__).parent
_TABLE: Final = "RELIABILITY_TABLE"
_TALLY: Final = pytest.StashKey[Tally]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests on one event loop, as a connection belongs to the loop it was opened on."""
    for item in items:
        if item.path.is_relative_to(_HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Show the table, and write it to the file that the environment names."""
    if (tally := config.stash.get(_TALLY, None)) is None:
        return
    lines = list(tally.markdown())
    if lines:
        terminalreporter.section(f"reliability, profile {chosen_profile().name}")
        terminalreporter.write("\n".join([*lines, ""]))
    if path := os.environ.get(_TABLE):
        Path(path).write_text("\n".join([*lines, ""]))


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    """Give what the table is made of."""
    return pytestconfig.stash.setdefault(_TALLY, Tally())


@pytest.fixture(scope="session")
def profile() -> Profile:
    """Give the numbers of this run."""
    return chosen_profile()


@pytest.fixture(scope="module")
def quick_config(endpoint_url: str) -> DynamoDBConfig:
    """Point at the backend, with a deadline that leaves room for a few attempts."""
    return DynamoDBConfig.model_validate(
        {
            "table_name": f"integration-{secrets.token_hex(8)}",
            "region": "eu-west-1",
            "endpoint_url": endpoint_url,
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
            "deadline": 1.0,
            "attempt_timeout": 0.2,
        }
    )


@pytest.fixture(scope="module")
def patient_config(quick_config: DynamoDBConfig) -> DynamoDBConfig:
    """Point at the same tables, with the time that calls have by default."""
    return quick_config.model_copy(update={"deadline": 10.0, "attempt_timeout": 4.0})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def straight(patient_config: DynamoDBConfig) -> AsyncIterator[World]:
    """Connect to the server itself, to see what is stored; the tables are there until the end."""
    async with connected(patient_config) as world:
        await world.make_tables()
        yield world
        await world.drop_tables()
