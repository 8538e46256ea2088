"""Reading a scripted stream to its end, or until something is so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from dynarepo.streams import (
    Change,
)
from tests.models import User
from tests.streams.scripted_stream import ScriptedStream, reading

__all__ = ["all_of", "until"]


async def all_of(stream: ScriptedStream, **options: Any) -> list[Change[User]]:
    """Read a stream that comes to an end."""
    async with reading(stream, User) as users:
        return [change async for change in users.changes(**{"start": "oldest", **options})]


async def until(reached: Callable[[], bool]) -> None:
    """Let the others run until something is so."""
    for _ in range(1000):
        if reached():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")
