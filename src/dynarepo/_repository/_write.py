"""The writing half of a repository."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias, TypeVar

from pydantic import BaseModel

from dynarepo._expressions import Where
from dynarepo._pages import BatchWriter
from dynarepo._repository._base import RepositoryBase
from dynarepo._repository._batch import Batch
from dynarepo._repository._transaction import send_transaction
from dynarepo._request import Deadline, Request
from dynarepo._requests import (
    Target,
    TransactWriteItem,
    Update,
    WriteEntry,
    create_item,
    delete_entry,
    delete_item,
    explain_failed_create,
    explain_failed_save,
    explain_failed_update,
    explain_failed_write,
    get_item,
    put_entry,
    put_item,
    read_deleted,
    read_item,
    read_updated,
    update_item,
    upsert_item,
)
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    ConditionFailedError,
    InvalidRequestError,
    ItemNotFoundError,
    VersionConflictError,
)

__all__ = ["AsyncWriteRepository"]

T = TypeVar("T", bound=BaseModel)

_Explain: TypeAlias = Callable[[Target[T], ConditionFailedError], ConditionFailedError]


class AsyncWriteRepository(RepositoryBase[T]):
    """
    Writes models of one type to one table.

    Everything is validated and encoded before anything is sent; a refused value loses nothing. Every
    write raises `WriteOutcomeUnknownError` where its reply was lost and nobody can know whether it was
    done. A cancelled write may have been done.
    """

    async def save(self, item: T, *, where: Where[T] | None = None) -> T:
        """
        Create an item, or replace the whole item that has its key.

        Args:
            item: The model; it is not changed.
            where: What must hold of the stored item.

        Returns:
            The model as stored: a copy with the next version where the model counts them.

        Raises:
            VersionConflictError: The model counts versions, and the stored item has another one.
            InvalidValueError: A field cannot be stored so that it would come back the same.
            InvalidKeyError: A key is incomplete, empty or too long.
            ConditionFailedError: The condition does not hold; `item` is the stored model.
            ItemTooLargeError: The item has more than 400 KB.

        Costs one PutItem: one write unit for each KB.
        """
        return await self._save(item, where, self._caller.deadline())

    async def create(self, item: T, *, where: Where[T] | None = None) -> T:
        """
        Create an item that must not exist yet.

        Args:
            item: The model; it is not changed.
            where: A further condition.

        Returns:
            The model as stored: a copy with its version where the model counts them.

        Raises:
            ItemAlreadyExistsError: There is one; it was left as it is, and hangs on `item`.
            InvalidValueError: As for `save`, and so are the others.

        Costs one PutItem, also when it is refused.
        """
        stored = self._target.entity.to_store(item)
        await self._send(create_item(self._target, stored, where), explain_failed_create)
        return stored

    async def update(
        self,
        pk: object,
        sk: object = None,
        changes: Update[T] | None = None,
        *,
        where: Where[T] | None = None,
    ) -> T:
        """
        Change some fields of an item that exists; the others stay as they are, unknown attributes too.

        Args:
            pk: The partition key.
            sk: The sort key, where the table has one.
            changes: New values by field name, or `lambda u: [set_(u.age).to(37), increment(u.visits, 1)]`.
                The model's own rules for each field apply to whole new values. `None` removes a field
                whose default it is. A field of a key template of an index needs the template's other
                fields beside it.
            where: What must hold of the stored item.

        Returns:
            The model as it is after the update.

        Raises:
            ItemNotFoundError: There is no such item; none was made.
            ConditionFailedError: The condition does not hold; `item` is the stored model.
            InvalidRequestError: A field is unknown or part of the table's key, or nothing is changed.
            InvalidValueError: A value does not fit its field.
            InvalidItemError: The update was done, and the item now breaks a rule that a partial update cannot
                check beforehand: a validator of the whole model, or a constraint after an increment.

        Costs one UpdateItem, also when it is refused.
        """
        request = update_item(self._target, pk, sk, {} if changes is None else changes, where)
        return read_updated(self._target, await self._send(request, explain_failed_update))

    async def upsert(self, item: T, *, where: Where[T] | None = None) -> T:
        """
        Create an item, or bring the stored one to what is given, keeping its time of creation.

        Unlike `save`, it leaves alone what other programs stored beside the model's own attributes, and it
        takes no notice of the version that the caller has: it counts on from the stored one.

        Args:
            item: The model; it is not changed.
            where: What must hold of the stored item.

        Returns:
            The model as stored, with the stored `created_at` and the new `updated_at` and version.

        Raises:
            InvalidValueError: As for `save`, and so are the others.
            ConditionFailedError: The condition does not hold; `item` is the stored model.

        Costs one UpdateItem.
        """
        request = upsert_item(self._target, self._target.entity.to_store(item), where)
        return read_updated(self._target, await self._send(request, explain_failed_write))

    async def mutate(self, pk: object, sk: object = None, *, change: Callable[[T], T]) -> T:
        """
        Read an item, change it, and save it unless somebody else wrote first; then begin again.

        ::

            await accounts.mutate("a1", change=lambda a: a.model_copy(update={"balance": a.balance + 5}))

        Args:
            pk: The partition key.
            sk: The sort key, where the table has one.
            change: Gives the changed model, with the same key; called once for each attempt.

        Returns:
            The model as stored, with its new version.

        Raises:
            ItemNotFoundError: There is no such item, or no longer.
            InvalidRequestError: The model declares no version, or `change` gave another key.
            InvalidItemError: The stored item does not fit the model.
            DeadlineExceededError: Others wrote first until the deadline; nothing was changed.

        Costs one consistent GetItem, and one PutItem for each attempt; a conflict brings the stored item
        with it, so that nothing is read twice.
        """
        entity, deadline = self._target.entity, self._caller.deadline()
        field = entity.schema.version
        if field is None:
            raise InvalidRequestError(f"{entity.model.__name__} declares no version; use update")
        request = get_item(self._target, pk, sk, consistent=True)
        item = read_item(self._target, await self._caller.send(request, deadline))
        while item is not None:
            version = getattr(item, field)
            changed = change(item)
            if entity.table.of(entity.encode(changed)) != request.payload["Key"]:
                raise InvalidRequestError("change must give the same key; it names the item")
            changed = changed.model_copy(update={field: version})
            try:
                return await self._save(changed, None, deadline)
            except VersionConflictError as conflict:
                item = conflict.item
                if item is None:
                    item = read_item(self._target, await self._caller.send(request, deadline))
        raise ItemNotFoundError("there is no item with this key", table_name=self.table_name, pk=pk, sk=sk)

    async def delete(self, pk: object, sk: object = None, *, where: Where[T] | None = None) -> bool:
        """
        Delete an item.

        Args:
            pk: The partition key.
            sk: The sort key, where the table has one.
            where: What must hold of the stored item.

        Returns:
            Whether there was something to delete.

        Raises:
            InvalidKeyError: The key is incomplete, of the wrong type, empty or too long.
            ConditionFailedError: The condition does not hold, or there is no item for it to hold of.

        Costs one DeleteItem.
        """
        request = delete_item(self._target, pk, sk, where)
        return read_deleted(await self._send(request, explain_failed_write))

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

        ::

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
    ) -> None:
        """
        Do up to 100 operations on items of this repository, all or nothing.

        Args:
            operations: `TransactWriteItem` values; each item may stand in one of them.
            client_token: 1 to 36 characters that name this transaction for 10 minutes: the same
                transaction with the same token is done once. Made anew without it.

        Raises:
            DynamoDBTransactionError: It was cancelled; `reasons` says which operation was the cause.
            InvalidRequestError: There are none, more than 100, or two on one item.
            IdempotencyMismatchError: The token was used for another transaction.

        Costs one TransactWriteItems: two write units for each KB.
        """
        pairs = [(self._target, operation) for operation in operations]
        await send_transaction(self._caller, pairs, client_token)

    async def _save(self, item: T, where: Where[T] | None, deadline: Deadline) -> T:
        stored = self._target.entity.to_store(item)
        try:
            await self._caller.send(put_item(self._target, stored, where), deadline)
        except ConditionFailedError as error:
            raise explain_failed_save(self._target, stored, error) from None
        return stored

    async def _send(self, request: Request, explain: _Explain[T]) -> Payload:
        try:
            return await self._caller.send(request)
        except ConditionFailedError as error:
            raise explain(self._target, error) from None

    async def _write_batch(
        self, sources: Iterable[object] | AsyncIterable[object], encode: Callable[..., WriteEntry]
    ) -> int:
        writer = BatchWriter(self._caller, self._target)
        if isinstance(sources, AsyncIterable):
            return await writer.write_stream(sources, encode)
        return await writer.write_all([encode(source) for source in sources])
