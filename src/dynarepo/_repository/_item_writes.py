"""Writing one item: save, create, update, upsert, mutate, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from dynarepo._codec import IncompleteIndexKeyError
from dynarepo._expressions import Where
from dynarepo._repository._base import RepositoryBase
from dynarepo._request import Deadline, Request
from dynarepo._requests import (
    Guard,
    Target,
    TransactWriteItem,
    Update,
    create_item,
    delete_item,
    explain_failed_create,
    explain_failed_single,
    explain_failed_update,
    explain_failed_write,
    get_attributes,
    get_item,
    put_item,
    read_attributes,
    read_deleted,
    read_item,
    read_updated,
    transact_write,
    update_item,
    upsert_item,
)
from dynarepo._wire import AttributeValue, Payload
from dynarepo.exceptions import (
    ConditionFailedError,
    DynamoDBTransactionError,
    InvalidRequestError,
    ItemNotFoundError,
    TransientError,
    VersionConflictError,
    WriteOutcomeUnknownError,
)

__all__ = ["ItemWriteRepository"]

T = TypeVar("T", bound=BaseModel)


class _Explain(Protocol[T]):
    def __call__(
        self, target: Target[T], error: ConditionFailedError, version: int | None = None, /
    ) -> ConditionFailedError: ...


class ItemWriteRepository(RepositoryBase[T]):
    """Writes of one item; a part of `AsyncWriteRepository`."""

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
            ConditionFailedError: The condition does not hold, or the stored item is of another model by its
                discriminator; `item` is the stored model.
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
        version: int | None = None,
        exactly_once: bool = False,
    ) -> T:
        """
        Change some fields of an item that exists; the others stay as they are, unknown attributes too.

        Args:
            pk: The partition key.
            sk: The sort key, where the table has one.
            changes: New values by field name, or `lambda u: [set_(u.age).to(37), increment(u.visits, 1)]`.
                The model's own rules for each field apply to whole new values. `None` removes a field
                whose default it is.
            where: What must hold of the stored item.
            version: The version that the stored item must have, where the model counts them.
            exactly_once: Send it as a transaction, which the service does once however often it is sent.
                Without it, a change that adds up, such as an increment, is not sent again after a lost reply.

        Returns:
            The model as it is after the update; with `exactly_once`, as it is read after it.

        Raises:
            ItemNotFoundError: There is no such item; none was made.
            VersionConflictError: The stored item has another version.
            ConditionFailedError: The condition does not hold; `item` is the stored model.
            InvalidRequestError: A field is unknown or part of the table's key, or nothing is changed.
            InvalidValueError: A value does not fit its field.
            WriteOutcomeUnknownError: The reply was lost, and the update adds up; or it was done
                `exactly_once` and the item could not be read after it.
            InvalidItemError: The update was done, and the item now breaks a rule that a partial update cannot
                check beforehand: a validator of the whole model, or a constraint after an increment.

        Costs one UpdateItem, also when it is refused. Where it changes a part of an index's key template, and
        neither the changes nor the key tell the others, these are read first, by a consistent GetItem, and
        the update is made on condition that they are still the same. With `exactly_once`: one
        TransactWriteItems, at twice the write capacity, and one consistent GetItem.
        """
        changes, guard = {} if changes is None else changes, Guard(exists=True, version=version)
        if exactly_once:
            operation = TransactWriteItem.update(pk, sk, changes, where=where, version=version)
            return await self._update_once(operation, pk, sk)
        try:
            request = update_item(self._target, pk, sk, changes, where, guard)
        except IncompleteIndexKeyError as missing:
            return await self._update_knowing(missing.attributes, pk, sk, changes, where, guard)
        return read_updated(self._target, await self._send(request, explain_failed_update, version))

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
        reading = self._reading(None)
        request = get_item(self._target, reading, pk, sk, consistent=True)
        item = read_item(reading, await self._caller.send(request, deadline))
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
                    item = read_item(reading, await self._caller.send(request, deadline))
        raise ItemNotFoundError("there is no item with this key", table_name=self.table_name, pk=pk, sk=sk)

    async def delete(
        self,
        pk: object,
        sk: object = None,
        *,
        where: Where[T] | None = None,
        version: int | None = None,
    ) -> bool:
        """
        Delete an item.

        Args:
            pk: The partition key.
            sk: The sort key, where the table has one.
            where: What must hold of the stored item.
            version: The version that the stored item must have, where the model counts them.

        Returns:
            Whether there was something to delete. After a lost reply the delete is sent again, and then
            finds nothing where the first attempt deleted the item.

        Raises:
            VersionConflictError: The stored item has another version, or there is none.
            InvalidKeyError: The key is incomplete, of the wrong type, empty or too long.
            ConditionFailedError: The condition does not hold, or there is no item for it to hold of.

        Costs one DeleteItem.
        """
        request = delete_item(self._target, pk, sk, where, version)
        return read_deleted(await self._send(request, explain_failed_write, version))

    async def _save(self, item: T, where: Where[T] | None, deadline: Deadline) -> T:
        stored = self._target.entity.to_store(item)
        version = self._target.entity.replaced_version(stored)
        request = put_item(self._target, stored, where)
        await self._send(request, explain_failed_write, version, deadline)
        return stored

    async def _update_knowing(
        self,
        attributes: frozenset[str],
        pk: object,
        sk: object,
        changes: Update[T],
        where: Where[T] | None,
        guard: Guard,
    ) -> T:
        """Update with attributes that are read first, and again if somebody else changed one meanwhile."""
        deadline, target, parts = self._caller.deadline(), self._target, sorted(attributes)

        def updating(was: Mapping[str, AttributeValue | None]) -> Request:
            return update_item(target, pk, sk, changes, where, replace(guard, unchanged=was))

        updating(dict.fromkeys(parts))  # What is wrong whatever is stored is refused before the read.
        request = get_attributes(target, pk, sk, parts)
        item = read_attributes(await self._caller.send(request, deadline))
        if not item:
            raise ItemNotFoundError(
                "there is no item with this key; none was made", table_name=self.table_name, pk=pk, sk=sk
            )
        while True:
            was = {name: item.get(name) for name in parts}
            try:
                return read_updated(target, await self._caller.send(updating(was), deadline))
            except ConditionFailedError as error:
                item = error.item or {}
                if not item or was == {name: item.get(name) for name in parts}:
                    raise explain_failed_update(target, error, guard.version) from None

    async def _update_once(self, operation: TransactWriteItem, pk: object, sk: object) -> T:
        deadline, reading = self._caller.deadline(), self._reading(None)
        request, _ = transact_write([(self._target, operation)])
        try:
            await self._caller.send(request, deadline)
        except DynamoDBTransactionError as error:
            raise explain_failed_single(self._target, operation, error) from None
        place: dict[str, Any] = {"table_name": self.table_name, "pk": pk, "sk": sk}
        request = get_item(self._target, reading, pk, sk, consistent=True)
        try:
            item: T | None = read_item(reading, await self._caller.send(request, deadline))
        except TransientError as error:
            # Its own error would promise that nothing was done.
            raise WriteOutcomeUnknownError(
                "the update was done, but the item could not be read after it: read it", **place
            ) from error
        if item is None:
            raise ItemNotFoundError("the update was done, and the item is gone since", **place)
        return item

    async def _send(
        self,
        request: Request,
        explain: _Explain[T],
        version: int | None = None,
        deadline: Deadline | None = None,
    ) -> Payload:
        try:
            return await self._caller.send(request, deadline)
        except ConditionFailedError as error:
            raise explain(self._target, error, version) from None
