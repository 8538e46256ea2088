"""The writing half of a repository."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from pydantic import BaseModel

from dynarepo._pages import BatchWriter
from dynarepo._repository._batch import Batch
from dynarepo._repository._item_writes import ItemWriteRepository
from dynarepo._repository._options import check_several
from dynarepo._repository._transaction import send_transaction
from dynarepo._requests import TransactWriteItem, WriteEntry, delete_entry, put_entry
from dynarepo.exceptions import InvalidRequestError

__all__ = ["AsyncWriteRepository"]

T = TypeVar("T", bound=BaseModel)


class AsyncWriteRepository(ItemWriteRepository[T]):
    """
    Writes models of one type to one table.

    Everything is validated and encoded before anything is sent; a refused value loses nothing. Every
    write raises `WriteOutcomeUnknownError` where its reply was lost and nobody can know whether it was
    done. A cancelled write may have been done.
    """

    async def batch_write(self, items: Iterable[T] | AsyncIterable[T]) -> int:
        """
        Save any number of items; not a transaction: some may be written when others are not.

        Args:
            items: The models. Of several with one key, the last one wins. All of an iterable are encoded
                before anything is sent; an async iterable is taken as it comes, a few chunks at a time.

        Returns:
            How many items were written.

        Raises:
            InvalidValueError: An item cannot be stored. Nothing was sent, except from an async iterable.
            DynamoDBBatchOperationError: Some were not written; it lists them, and those of unknown outcome.

        Costs one BatchWriteItem for each 25 items or 16 MB, up to `batch_concurrency` at once, each with a
        deadline of its own; what the service leaves undone is sent again.
        """
        return await self._write_batch(items, lambda item: put_entry(self._target, item))

    async def batch_delete(self, keys: Iterable[object] | AsyncIterable[object]) -> int:
        """
        Delete any number of items; keys without an item are no error.

        Args:
            keys: `(pk, sk)` tuples; for a table without a sort key, partition keys.

        Returns:
            How many deletions were done.

        Raises:
            InvalidKeyError: A key does not fit. Nothing was sent, except from an async iterable.
            DynamoDBBatchOperationError: Some were not done; it lists their keys.

        Costs as `batch_write`.
        """
        return await self._write_batch(keys, lambda key: delete_entry(self._target, key))

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Batch[T]]:
        """
        Mix saves and deletes; chunks are sent while the block runs, the rest at its end.

            async with users.batch() as batch:
                await batch.save(user)
                await batch.delete("USER#1", "OLD")

        When the block raises, nothing more is sent; what was sent before stays.

        Raises:
            DynamoDBBatchOperationError: Some were not written; raised by the next call or at the end.

        Costs as `batch_write`.
        """
        writer = BatchWriter(self._caller, self._target)
        try:
            yield Batch(writer, self._target)
            await writer.finish()
        finally:
            await writer.abandon()

    async def transact_write(
        self, operations: Sequence[TransactWriteItem], *, client_token: str | None = None
    ) -> list[T | None]:
        """
        Do up to 100 operations on items of this repository, all or nothing.

        Args:
            operations: `TransactWriteItem` values; each item may stand in one of them.
            client_token: 1 to 36 characters that name this transaction for 10 minutes: the same
                transaction with the same token is done once. Made anew without it.

        Returns:
            For each operation the model as stored, with its version and times; `None` where none is put.

        Raises:
            DynamoDBTransactionError: It was cancelled; `reasons` says which operation was the cause.
            InvalidRequestError: There are none, more than 100, or two on one item.
            IdempotencyMismatchError: The token was used for another transaction.

        Costs one TransactWriteItems: two write units for each KB.
        """
        if isinstance(operations, TransactWriteItem | BaseModel):
            raise InvalidRequestError("transact_write takes a list of operations, also of one")
        pairs = [(self._target, operation) for operation in operations]
        return cast("list[T | None]", await send_transaction(self._caller, pairs, client_token))

    async def _write_batch(
        self, sources: Iterable[object] | AsyncIterable[object], encode: Callable[..., WriteEntry]
    ) -> int:
        check_several(sources)
        writer = BatchWriter(self._caller, self._target)
        if isinstance(sources, AsyncIterable):
            return await writer.write_stream(sources, encode)
        return await writer.write_all([encode(source) for source in sources])
