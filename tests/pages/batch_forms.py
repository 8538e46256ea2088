"""The forms in which a batch takes its items."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.models import User

__all__ = ["FORMS", "Form", "streamed", "users"]


def users(number: int, **fields: Any) -> list[User]:
    return [User(pk="p", sk=f"{n:04}", **fields) for n in range(number)]


async def streamed(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


def as_list(items: list[Any]) -> Any:
    return items


def as_generator(items: list[Any]) -> Any:
    return (item for item in items)


FORMS = pytest.mark.parametrize("form", [as_list, as_generator, streamed])


Form = Callable[[list[Any]], Any]
