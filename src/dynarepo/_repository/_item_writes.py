"""Writing one item: save, create, update, upsert, mutate, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from dynarepo._codec import IncompleteIndexKeyError
from dynarepo._expressions import Where
from dynarepo._repository._base import RepositoryBase
from dynarepo._request import Deadline, Request
from dynarepo._requests import (
    Guard,
    Update,
    changes_given,
    check_flag,
    condition_of_one,
    create_item,
    delete_item,
    explain_failed_create,
    explain_failed_update,
    explain_failed_write,
    get_attributes,
    get_item,
    get_key,
    once,
    put_item,
    read_attributes,
    read_deleted,
    read_item,
    read_updated,
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


#: Attributes as they are stored, `None` for one that is not there.
Stored: TypeAlias = Mapping[str, AttributeValue | None]


class ItemWriteRepository(RepositoryBase[T]):
    """Writes of one item; a part of `AsyncWriteRepository`."""

    async def save(self, item: T, *, where: Where[T] | None = None, exactly_once: bool = False) -> T:
        """
        Create an item, or replace the whole item that has its key.

        Args:
            item: The model; it is not changed.
            where: What must hold of the stored item.
            exactly_once: Send it as a transaction, which the service does once however often it is sent.

        Returns:
            The model as stored: a copy with the next version where the model counts them.

        Raises:
            VersionConflictError: The model counts versions, and the stored item has another one.
            InvalidValueError: A field cannot be stored so that it would come back the same.
            InvalidKeyError: A key is incomplete, empty or too long.
            ConditionFailedError: The condition does not hold, or the stored item is of another model by its
                discriminator; `item` is the stored model.
            ItemTooLargeError: The item has more than 400 KB.

        Costs one PutItem: one write unit for each KB. With `exactly_once`: twice that.
        """
        return await self._save(item, where, self._caller.deadline(), exactly_once=exactly_once)

    async def create(self, item: T, *, where: Where[T] | None = None, exactly_once: bool = False) -> T:
        """
        Create an item that must not exist yet.

        Args:
            item: The model; it is not changed.
            where: A further condition.
            exactly_once: Send it as a transaction, which the service does once however often it is sent.
                Without it, after a lost reply, an equal item that somebody else created is taken for this one
                where the model counts no versions.

        Returns:
            The model as stored: a copy with its version where the model counts them.

        Raises:
            ItemAlreadyExistsError: There is one; it was left as it is, and hangs on `item`.
            InvalidValueError: As for `save`, and so are the others.

        Costs one PutItem, also when it is refused. With `exactly_once`: twice its write capacity.
        """
        stored = self._target.entity.to_store(item)
        request = create_item(self._target, stored, where)
        try:
            await self._deliver(request, self._caller.deadline(), exactly_once)
        except ConditionFailedError as error:
            raise explain_failed_create(self._target, error) from None
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
        the update is made on condition that they are still the same. With `exactly_once`: twice the write
        capacity, and one consistent GetItem.
        """
        changes, deadline = changes_given(sk, changes), self._caller.deadline()

        def updating(was: Stored | None = None) -> Request:
            guard = Guard(exists=True, version=version, unchanged=was or {})
            return update_item(self._target, pk, sk, changes, where, guard)

        try:
            try:
                request = updating()
                reply = await self._deliver(request, deadline, exactly_once)
            except IncompleteIndexKeyError as missing:
                parts = sorted(missing.attributes)
                request, reply = await self._update_knowing(parts, updating, deadline, exactly_once)
        except ConditionFailedError as error:
            raise explain_failed_update(self._target, error, version) from None
        return await self._updated(request, reply, deadline, exactly_once)

    async def upsert(self, item: T, *, where: Where[T] | None = None, exactly_once: bool = False) -> T:
        """
        Create an item, or bring the stored one to what is given, keeping its time of creation.

        Unlike `save`, it leaves alone what other programs stored beside the model's own attributes, and it
        takes no notice of the version that the caller has: it counts on from the stored one.

        Args:
            item: The model; it is not changed.
            where: What must hold of the stored item.
            exactly_once: Send it as a transaction, which the service does once however often it is sent.
                Without it, an upsert that counts a version is not sent again after a lost reply.

        Returns:
            The model as stored, with the stored `created_at` and the new `updated_at` and version.

        Raises:
            InvalidValueError: As for `save`, and so are the others.
            ConditionFailedError: The condition does not hold; `item` is the stored model.

        Costs one UpdateItem. With `exactly_once`: twice its write capacity, and one consistent GetItem.
        """
        request = upsert_item(self._target, self._target.entity.to_store(item), where)
        deadline = self._caller.deadline()
        try:
            reply = await self._deliver(request, deadline, exactly_once)
        except ConditionFailedError as error:
            raise explain_failed_write(self._target, error) from None
        return await self._updated(request, reply, deadline, exactly_once)

    async def mutate(
        self, pk: object, sk: object = None, *, change: Callable[[T], T], exactly_once: bool = False
    ) -> T:
        """
        Read an item, change it, and save it unless somebody else wrote first; then begin again.

            await accounts.mutate("a1", change=lambda a: a.model_copy(update={"balance": a.balance + 5}))

        Args:
            pk: The partition key.
            sk: The sort key, where the table has one.
            change: Gives the changed model, with the same key; called once for each attempt.
            exactly_once: Save it by a transaction, which the service does once however often it is sent.
                Without it, the outcome is unknown where the reply was lost and others wrote on since.

        Returns:
            The model as stored, with its new version.

        Raises:
            ItemNotFoundError: There is no such item, or no longer.
            InvalidRequestError: The model declares no version, or `change` gave another key.
            InvalidItemError: The stored item does not fit the model.
            DeadlineExceededError: Others wrote first until the deadline; nothing was changed.
            WriteOutcomeUnknownError: A reply was lost, and others wrote on since.

        Costs one consistent GetItem, and one PutItem for each attempt; a conflict brings the stored item
        with it, so that nothing is read twice. With `exactly_once`: twice the write capacity.
        """
        entity, deadline = self._target.entity, self._caller.deadline()
        field = entity.schema.version
        if field is None:
            raise InvalidRequestError(f"{entity.model.__name__} declares no version; use update")
        check_flag("exactly_once", exactly_once)
        reading = self._reading("GetItem", None)
        request = get_item(self._target, reading, pk, sk, consistent=True)
        item = read_item(reading, await self._caller.send(request, deadline))
        while item is not None:
            version = getattr(item, field)
            changed = change(item)
            if entity.table.of(entity.encode(changed)) != request.payload["Key"]:
                raise InvalidRequestError("change must give the same key; it names the item")
            changed = changed.model_copy(update={field: version})
            try:
                return await self._save(changed, None, deadline, exactly_once=exactly_once)
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
        exactly_once: bool = False,
    ) -> bool:
        """
        Delete an item.

        Args:
            pk: The partition key.
            sk: The sort key, where the table has one.
            where: What must hold of the stored item.
            version: The version that the stored item must have, where the model counts them.
            exactly_once: Send it as a transaction, which the service does once however often it is sent.
                Without it, a delete that is sent again after a lost reply finds nothing where the first
                attempt deleted the item.

        Returns:
            Whether there was something to delete.

        Raises:
            VersionConflictError: The stored item has another version, or there is none and it is not 0.
            InvalidKeyError: The key is incomplete, of the wrong type, empty or too long.
            ConditionFailedError: The condition does not hold, or there is no item for it to hold of.

        Costs one DeleteItem. With `exactly_once`: twice its write capacity.
        """
        # A transaction does not say what it deleted; that there is something is demanded beforehand.
        guard = Guard(exists=True if exactly_once else None, version=version)
        request = delete_item(self._target, pk, sk, where, guard)
        try:
            reply = await self._deliver(request, self._caller.deadline(), exactly_once)
        except ConditionFailedError as error:
            if exactly_once and not error.item and where is None and not version:
                return False
            raise explain_failed_write(self._target, error, version) from None
        return exactly_once or read_deleted(reply)

    async def _save(self, item: T, where: Where[T] | None, deadline: Deadline, *, exactly_once: bool) -> T:
        stored = self._target.entity.to_store(item)
        request = put_item(self._target, stored, where)
        try:
            await self._deliver(request, deadline, exactly_once)
        except ConditionFailedError as error:
            version = self._target.entity.replaced_version(stored)
            raise explain_failed_write(self._target, error, version) from None
        return stored

    async def _update_knowing(
        self,
        attributes: Sequence[str],
        updating: Callable[[Stored], Request],
        deadline: Deadline,
        exactly_once: bool,
    ) -> tuple[Request, Payload]:
        """Update with attributes that are read first, and again if somebody else changed one meanwhile."""
        check_flag("exactly_once", exactly_once)
        request = updating(dict.fromkeys(attributes))  # What is wrong whatever is stored is refused unread.
        read = get_attributes(self._target, request.payload["Key"], attributes)
        item = read_attributes(await self._caller.send(read, deadline))
        if not item:
            place: dict[str, Any] = {"table_name": self.table_name, "pk": request.pk, "sk": request.sk}
            raise ConditionFailedError("there is no item with this key", **place)
        while True:
            was = {name: item.get(name) for name in attributes}
            request = updating(was)
            try:
                return request, await self._deliver(request, deadline, exactly_once)
            except ConditionFailedError as error:
                item = error.item or {}
                if not item or was == {name: item.get(name) for name in attributes}:
                    raise

    async def _updated(self, request: Request, reply: Payload, deadline: Deadline, exactly_once: bool) -> T:
        """Give the model after an update; a transaction returns none."""
        if not exactly_once:
            return read_updated(self._target, reply)
        place: dict[str, Any] = {"table_name": self.table_name, "pk": request.pk, "sk": request.sk}
        reading = self._reading("GetItem", None)
        read = get_key(self._target, reading, request.payload["Key"], consistent=True)
        try:
            item: T | None = read_item(reading, await self._caller.send(read, deadline))
        except TransientError as error:
            # Its own error would promise that nothing was done.
            raise WriteOutcomeUnknownError(
                "the update was done, but the item could not be read after it: read it", **place
            ) from error
        if item is None:
            raise ItemNotFoundError("the update was done, and the item is gone since", **place)
        return item

    async def _deliver(self, request: Request, deadline: Deadline, exactly_once: bool) -> Payload:
        """Send a write; `ConditionFailedError` has the stored item as it is stored."""
        if exactly_once is False or not check_flag("exactly_once", exactly_once):
            return await self._caller.send(request, deadline)
        try:
            return await self._caller.send(once(request), deadline)
        except DynamoDBTransactionError as error:
            raise condition_of_one(self._target, error) from None
