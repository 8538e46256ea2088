"""Whether a client gave what the server holds; a client that is fast and wrong is not measured."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.clients import Client
from benchmarks.model import User, sample
from benchmarks.replies import PAGE, TABLE_SIZE

__all__ = ["check"]

_LISTED: Final = {"query": PAGE, "scan": TABLE_SIZE, "batch_get": PAGE}


def check(client: Client, operation: str, result: Any) -> None:
    """
    Compare a result with what it must be.

    Raises:
        ValueError: It is something else.
    """
    found: list[Any]
    expected: list[Any]
    if operation in {"get", "update"}:
        found = [result]
        expected = [sample(1)]
    elif operation in _LISTED:
        found = result
        expected = [sample(number) for number in range(_LISTED[operation])]
    elif operation == "delete":
        found, expected = [result], [True]
    else:
        return
    if client.form == "Pydantic":
        is_right = found == expected
    elif client.form == "own model" and operation != "delete":
        is_right = [_user(each) for each in found] == expected
    else:
        is_right = len(found) == len(expected) and all(found)
    if not is_right:
        raise ValueError(f"{client.name} gave another result for {operation} than the server holds")


def _user(record: Any) -> User:
    values = {name: getattr(record, name) for name in User.model_fields}
    address = values["address"]
    if not isinstance(address, dict):
        values["address"] = {name: getattr(address, name) for name in ("street", "city", "postcode")}
    return User.model_validate(values)
