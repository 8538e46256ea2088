"""Three processes of Dask's on loopback, which find the backend in their environment; needs `distributed`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from distributed import Client

if find_spec("distributed") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def _environment(endpoint_url: str, _empty_aws_environment: None) -> Iterator[None]:
    """Say where the backend is as a deployment would; processes inherit it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint_url)
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        environment.setenv("AWS_ACCESS_KEY_ID", "local")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "local")
        environment.setenv("SCAN_CURSOR_KEY", secrets.token_hex(32))
        yield


@pytest.fixture(scope="session")
def client(_environment: None) -> Iterator[Client]:
    """Give the processes their tasks."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an optional extra

    with (
        LocalCluster(n_workers=3, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client
