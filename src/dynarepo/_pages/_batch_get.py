"""Reading any number of keys in chunks of 100, several at once, in the order asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel

from dynarepo._limits import MAX_BATCH_GET_KEYS
from dynarepo._pages._caller import Caller
from dynarepo._request import Deadline
from dynarepo._requests import (
    Identity,
    Reading,
    Target,
    batch_get,
    identity,
    read_found,
    read_unprocessed_keys,
)
from dynarepo._wire import WireItem
from dynarepo.exceptions import UnexpectedResponseError

__all__ = ["read_batch"]

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")


async def read_batch(
    caller: Caller,
    target: Target[T],
    reading: Reading[Any],
    keys: Sequence[WireItem],
    make: Callable[[WireItem], R | None],
    *,
    consistent: bool,
    deadline: Deadline | None = None,
) -> list[R | None]:
    """
    Read keys; each is fetched once however often it is asked for.

    Args:
        caller: What to send through.
        target: The table.
        reading: What of the items is fetched.
        keys: The keys, encoded.
        make: Makes of a stored item what is returned.
        consistent: Read consistently.
        deadline: The end of all of it; without one each chunk has its own.

    Returns:
        One entry for each key, `None` where there is no item.
    """
    wanted = {identity(target.source, key): key for key in keys}
    found: dict[Identity, R | None] = {}
    bound = asyncio.Semaphore(caller.config.batch_concurrency)

    async def read(chunk: Sequence[WireItem]) -> None:
        async with bound:
            ends = deadline or caller.deadline()
            chunks = await _read_chunk(caller, target, reading, chunk, ends, consistent=consistent)
            for key, item in chunks.items():
                found[key] = make(item)

    remaining = iter(wanted.values())
    chunks = iter(lambda: list(islice(remaining, MAX_BATCH_GET_KEYS)), [])
    tasks = [asyncio.create_task(read(chunk)) for chunk in chunks]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [found.get(identity(target.source, key)) for key in keys]


async def _read_chunk(
    caller: Caller,
    target: Target[T],
    reading: Reading[Any],
    keys: Sequence[WireItem],
    deadline: Deadline,
    *,
    consistent: bool,
) -> dict[Identity, WireItem]:
    left, rounds = keys, 0
    asked = {identity(target.source, key) for key in keys}
    found: dict[Identity, WireItem] = {}
    while True:
        reply = await caller.send(batch_get(target, reading, left, consistent=consistent), deadline)
        new = read_found(target, reply)
        found |= new
        left = read_unprocessed_keys(target, reply)
        if not left:
            return found
        if not {identity(target.source, key) for key in left} <= asked:
            raise UnexpectedResponseError(
                "the reply leaves keys unprocessed that were not asked for", operation="BatchGetItem"
            )
        # A reply is cut at 16 MB: what follows is read at once, a pause is for a busy table only.
        if not new:
            await caller.pause(rounds, deadline)
            rounds += 1
