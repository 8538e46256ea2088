"""A client that gives something wrong is not measured."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.checks import check
from benchmarks.clients import CLIENTS
from benchmarks.model import sample

PYDANTIC, OWN, RAW = CLIENTS["aiodynamo"], CLIENTS["pydynox-model"], CLIENTS["aws-sdk"]
PAGE = [sample(number) for number in range(100)]


def record(number: int, **other: Any) -> SimpleNamespace:
    user = sample(number)
    return SimpleNamespace(**{**dict(user), "address": SimpleNamespace(**dict(user.address)), **other})


@pytest.mark.parametrize(
    ("client", "operation", "result"),
    [
        (PYDANTIC, "get", sample(1)),
        (PYDANTIC, "query", PAGE),
        (PYDANTIC, "delete", True),
        (PYDANTIC, "put", None),
        (OWN, "get", record(1)),
        (OWN, "batch_get", [record(number) for number in range(100)]),
        (RAW, "query", [{"pk": {}}] * 100),
    ],
)
def test_what_the_server_holds_is_accepted(client: Any, operation: str, result: object) -> None:
    check(client, operation, result)


@pytest.mark.parametrize(
    ("client", "operation", "result"),
    [
        (PYDANTIC, "get", sample(2)),
        (PYDANTIC, "get", dict(sample(1))),
        (PYDANTIC, "query", PAGE[:-1]),
        (PYDANTIC, "delete", False),
        (OWN, "get", record(1, age=3)),
        (RAW, "query", [{"pk": {}}] * 99),
        (RAW, "get", None),
    ],
)
def test_anything_else_is_refused(client: Any, operation: str, result: object) -> None:
    with pytest.raises(ValueError, match="another result"):
        check(client, operation, result)
