"""What `repository.batch()` hands to its block."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel

from dynarepo._pages import BatchWriter
from dynarepo._requests import Target, WriteEntry, delete_entry, put_entry

__all__ = ["Batch"]

T = TypeVar("T", bound=BaseModel)


class Batch(Generic[T]):
    """
    Takes saves and deletes and sends them in chunks; of several on one key the last one wins.

    It belongs to its block: afterwards it refuses everything, because nothing more is sent.
    """

    def __init__(self, writer: BatchWriter[T], target: Target[T]) -> None:
        self._writer = writer
        self._target = target

    async def save(self, item: T) -> None:
        """
        Save an item with the batch.

        Raises:
            InvalidValueError: It cannot be stored; the batch goes on without it.
            DynamoDBBatchOperationError: An earlier chunk failed; nothing more is sent.
        """
        await self._add(put_entry(self._target, item))

    async def delete(self, pk: object, sk: object = None) -> None:
        """
        Delete a key with the batch.

        Raises:
            InvalidKeyError: The key does not fit; the batch goes on without it.
            DynamoDBBatchOperationError: An earlier chunk failed; nothing more is sent.
        """
        is_simple = self._target.entity.table.sort is None and sk is None
        await self._add(delete_entry(self._target, pk if is_simple else (pk, sk)))

    async def _add(self, entry: WriteEntry) -> None:
        await self._writer.add(entry)
        if self._writer.is_stopped:
            await self._writer.finish()
