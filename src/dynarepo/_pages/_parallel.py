"""A scan in several segments at once, its pages in the order in which they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TypeVar

from dynarepo._pages._reader import PageReader
from dynarepo._pages._result import PaginationResult

__all__ = ["read_parallel"]

R = TypeVar("R")


async def read_parallel(
    readers: Sequence[PageReader[R]], concurrency: int
) -> AsyncGenerator[PaginationResult[R], None]:
    """
    Read all segments to their end, at most `concurrency` at once.

    A segment reads one page ahead of its consumer and no further. When one fails, or the consumer
    leaves, the others are cancelled and awaited before this generator ends.
    """
    segments = [reader.pages(None) for reader in readers]
    waiting = segments.copy()
    running: dict[asyncio.Task[PaginationResult[R] | None], AsyncGenerator[PaginationResult[R], None]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < concurrency:
                pages = waiting.pop()
                running[asyncio.create_task(_next_page(pages))] = pages
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                pages = running.pop(task)
                page = task.result()
                if page is not None:
                    waiting.append(pages)
                    yield page
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for pages in segments:
            await pages.aclose()


async def _next_page(
    pages: AsyncGenerator[PaginationResult[R], None],
) -> PaginationResult[R] | None:
    return await anext(pages, None)
