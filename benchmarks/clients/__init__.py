"""
The clients that are compared, each in a module of its own, which only its worker imports.

A module has `operations(endpoint)`, an async context manager that gives a callable for each operation the
client has. What a callable returns is compared with what the server holds, once, before anything is measured.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, Literal, TypeAlias, cast

__all__ = ["BASELINE", "CLIENTS", "OPERATIONS", "OURS", "REGION", "Client", "Operations"]

#: What each callable does is in the table of `docs/performance.md`.
OPERATIONS: Final = (
    "get",
    "put",
    "update",
    "delete",
    "query",
    "scan",
    "batch_get",
    "batch_write",
    "transact_write",
)
REGION: Final = "eu-west-1"

Operations: TypeAlias = Mapping[str, Callable[[], Awaitable[Any]] | Callable[[], Any]]
Form: TypeAlias = Literal["Pydantic", "own model", "raw"]


@dataclass(frozen=True, slots=True)
class Client:
    """
    A client of DynamoDB, and a way to use it.

    Args:
        name: As it stands in tables.
        module: Where its operations are.
        packages: What must be installed.
        form: What the rows begin and end in: a validated Pydantic model, the client's own, or none.
        is_async: Whether its operations are awaited; else they run in threads.
        by_default: Whether it is measured unless others are chosen.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    form: Form = "Pydantic"
    is_async: bool = True
    by_default: bool = True

    @property
    def is_ours(self) -> bool:
        """Whether it is this library."""
        return self.packages[0] == "dynarepo"

    def versions(self) -> dict[str, str] | None:
        """Give the version of each package; `None` where one is not installed."""
        try:
            return {package: version(package) for package in self.packages}
        except PackageNotFoundError:
            return None

    def open(self, endpoint: str) -> AbstractAsyncContextManager[Operations]:
        """Import it and open it on an endpoint."""
        module = importlib.import_module(f"benchmarks.clients.{self.module}")
        return cast("AbstractAsyncContextManager[Operations]", module.operations(endpoint))


CLIENTS: Final[Mapping[str, Client]] = {
    "dynarepo": Client("dynarepo", "ours", ("dynarepo", "aiohttp", "pydantic")),
    "dynarepo-aioboto3": Client("dynarepo, transport aioboto3", "ours_aioboto3", ("dynarepo", "aioboto3")),
    "dynarepo-quiet": Client(
        "dynarepo, logging warnings only", "ours_quiet", ("dynarepo", "aiohttp"), by_default=False
    ),
    "aioboto3-table": Client("aioboto3 `Table`", "aioboto3_table", ("aioboto3", "botocore")),
    "aioboto3-client": Client(
        "aioboto3 client, boto3 (de)serializer", "aioboto3_client", ("aioboto3", "boto3")
    ),
    "aiodynamo": Client("aiodynamo, aiohttp", "aiodynamo_client", ("aiodynamo", "aiohttp")),
    "pydynox-client": Client("pydynox client", "pydynox_client", ("pydynox",)),
    "pydynox-model": Client("pydynox `Model`", "pydynox_model", ("pydynox",), "own model"),
    "pynamodb": Client("PynamoDB, in threads", "pynamodb_model", ("pynamodb",), "own model", is_async=False),
    "aws-sdk": Client("aws-sdk-dynamodb", "aws_sdk", ("aws-sdk-dynamodb",), "raw"),
}
OURS: Final = "dynarepo"
BASELINE: Final = "aioboto3-table"
