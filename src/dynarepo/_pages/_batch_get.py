"""Reading any number of keys in chunks of 100, several at once, in the order asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

from pydantic import BaseModel

from dynarepo._limits import MAX_BATCH_GET_KEYS
from dynarepo._pages._caller import Caller
from dynarepo._requests import (
    Identity,
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


async def read_batch(
    caller: Caller, target: Target[T], keys: Sequence[WireItem], *, consistent: bool
) -> list[T | None]:
    """Read keys; each is fetched once however often it is asked for, and `None` stands for a missing item."""
    wanted = {identity(target.entity, key): key for key in keys}
    found: dict[Identity, T] = {}
    bound = asyncio.Semaphore(caller.config.batch_concurrency)

    async def read(chunk: Sequence[WireItem]) -> None:
        async with bound:
            for key, item in (await _read_chunk(caller, target, chunk, consistent=consistent)).items():
                found[key] = target.entity.decode(item)

    remaining = iter(wanted.values())
    chunks = iter(lambda: list(islice(remaining, MAX_BATCH_GET_KEYS)), [])
    tasks = [asyncio.create_task(read(chunk)) for chunk in chunks]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [found.get(identity(target.entity, key)) for key in keys]


async def _read_chunk(
    caller: Caller, target: Target[T], keys: Sequence[WireItem], *, consistent: bool
) -> dict[Identity, WireItem]:
    deadline, left, rounds = caller.deadline(), keys, 0
    asked = {identity(target.entity, key) for key in keys}
    found: dict[Identity, WireItem] = {}
    while True:
        reply = await caller.send(batch_get(target, left, consistent=consistent), deadline)
        new = read_found(target, reply)
        found |= new
        left = read_unprocessed_keys(target, reply)
        if not left:
            return found
        if not {identity(target.entity, key) for key in left} <= asked:
            raise UnexpectedResponseError(
                "the reply leaves keys unprocessed that were not asked for", operation="BatchGetItem"
            )
        # A reply is cut at 16 MB: what follows is read at once, a pause is for a busy table only.
        if not new:
            await caller.pause(rounds, deadline)
            rounds += 1
