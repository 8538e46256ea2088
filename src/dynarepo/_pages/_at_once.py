"""Several things at once, none of which outlives the call."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

__all__ = ["all_at_once"]


async def all_at_once(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do several things at once; the first failure ends the others, and is the one that is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
