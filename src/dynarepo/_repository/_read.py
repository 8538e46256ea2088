"""The reading half of a repository."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, overload

from pydantic import BaseModel

from dynarepo._pages import load, read_batch
from dynarepo._repository._changes import ChangesRepository
from dynarepo._repository._listings import ListingRepository
from dynarepo._repository._options import check_several
from dynarepo._requests import (
    align_reasons,
    check_flag,
    get_item,
    read_item,
    read_transact_get,
    split_key,
    transact_get,
)
from dynarepo._wire import WireItem
from dynarepo.exceptions import DynamoDBTransactionError

__all__ = ["AsyncReadRepository"]

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V", bound=BaseModel)


class AsyncReadRepository(ListingRepository[T], ChangesRepository[T]):
    """
    Reads models of one type from one table.

    Wherever a key is asked for, `pk` and `sk` are values of the key fields; for a key template they
    are the finished text, or a dict of the template's fields. Every read raises `InvalidItemError`
    for a stored item that does not fit the model.
    """

    @overload
    async def get_one(
        self, pk: object, sk: object = None, *, consistent: bool | None = None, skip_expired: bool = False
    ) -> T | None: ...

    @overload
    async def get_one(
        self,
        pk: object,
        sk: object = None,
        *,
        view: type[V],
        consistent: bool | None = None,
        skip_expired: bool = False,
    ) -> V | None: ...

    async def get_one(
        self,
        pk: object,
        sk: object = None,
        *,
        view: type[BaseModel] | None = None,
        consistent: bool | None = None,
        skip_expired: bool = False,
    ) -> Any:
        """
        Read one item.

        Args:
            pk: The partition key.
            sk: The sort key, where the table has one.
            view: A model of a part of the fields: only that part is sent, and returned.
            consistent: Read consistently, at twice the capacity; the configuration decides without it.
            skip_expired: Give `None` for an item whose expiry time is past.

        Returns:
            The model, or `None` if there is no such item.

        Raises:
            InvalidKeyError: The key is incomplete, of the wrong type, empty or too long.
            InvalidItemError: The stored item does not fit the model.
            WrongModelError: It has the discriminator of another model.
            SchemaError: The view is not of this model's fields.

        Costs one GetItem: half a read unit for each 4 KB of the whole item, a whole one if consistent.
        """
        reading = self._reading("GetItem", view, skip_expired=skip_expired)
        reply = await self._caller.send(get_item(self._target, reading, pk, sk, consistent=consistent))
        return read_item(reading, reply)

    @overload
    async def batch_get(
        self, keys: Iterable[object], *, consistent: bool | None = None, skip_expired: bool = False
    ) -> list[T | None]: ...

    @overload
    async def batch_get(
        self,
        keys: Iterable[object],
        *,
        view: type[V],
        consistent: bool | None = None,
        skip_expired: bool = False,
    ) -> list[V | None]: ...

    async def batch_get(
        self,
        keys: Iterable[object],
        *,
        view: type[BaseModel] | None = None,
        consistent: bool | None = None,
        skip_expired: bool = False,
    ) -> list[Any]:
        """
        Read any number of items by key.

        Args:
            keys: `(pk, sk)` tuples; for a table without a sort key, partition keys.
            view: A model of a part of the fields: only that part is sent, and returned.
            consistent: Read consistently, at twice the capacity.
            skip_expired: Give `None` for an item whose expiry time is past.

        Returns:
            One entry for each key, in the order asked: the model, or `None` if there is no such item.

        Raises:
            InvalidKeyError: A key does not fit; nothing was sent.

        Costs one BatchGetItem for each 100 distinct keys, up to `batch_concurrency` at once, each with
        a deadline of its own.
        """
        reading = self._reading("BatchGetItem", view, skip_expired=skip_expired)
        consistent = self._is_consistent(consistent)
        check_several(keys)
        wanted = [self._encode_key(key) for key in keys]
        return await read_batch(
            self._caller, self._target, reading, wanted, reading.found, consistent=consistent
        )

    @overload
    async def load(
        self, key: object, *, consistent: bool | None = None, skip_expired: bool = False
    ) -> T | None: ...

    @overload
    async def load(
        self, key: object, *, view: type[V], consistent: bool | None = None, skip_expired: bool = False
    ) -> V | None: ...

    async def load(
        self,
        key: object,
        *,
        view: type[BaseModel] | None = None,
        consistent: bool | None = None,
        skip_expired: bool = False,
    ) -> Any:
        """
        Read one item together with all others that are loaded in the same turn of the event loop.

        For code that asks for one item at a time in many places at once, such as the resolvers of a GraphQL
        query: the loads of all repositories of a connection on one table become one batch, in which each key
        is read once. Nothing is kept for the next turn.

        Args:
            key: A `(pk, sk)` tuple; for a table without a sort key, a partition key.
            view: A model of a part of the fields: only that part is sent, and returned.
            consistent: Read consistently, at twice the capacity.
            skip_expired: Give `None` for an item whose expiry time is past.

        Returns:
            The model, or `None` if there is no such item; every caller gets a model of its own.

        Raises:
            InvalidKeyError: The key does not fit; the other loads go on.
            InvalidItemError: The stored item does not fit the model; likewise.
            ConnectionClosedError: The connection is not open, or was closed meanwhile.
            DynamoDBServiceError: The batch failed; each of its callers gets an error of its own.

        Costs as `batch_get`, all within one deadline. Loads of other views, consistency, `deadline` or
        `batch_concurrency` are batches of their own. When every caller of a batch is cancelled, so is it.
        """
        reading = self._reading("BatchGetItem", view, skip_expired=skip_expired)
        return await load(
            self._caller,
            self._target,
            reading,
            self._encode_key(key),
            consistent=self._is_consistent(consistent),
        )

    @overload
    async def transact_get(self, keys: Iterable[object], *, skip_expired: bool = False) -> list[T | None]: ...

    @overload
    async def transact_get(
        self, keys: Iterable[object], *, view: type[V], skip_expired: bool = False
    ) -> list[V | None]: ...

    async def transact_get(
        self, keys: Iterable[object], *, view: type[BaseModel] | None = None, skip_expired: bool = False
    ) -> list[Any]:
        """
        Read up to 100 items as they are at one moment.

        Args:
            keys: As for `batch_get`; each once.
            view: A model of a part of the fields: only that part is sent, and returned.
            skip_expired: Give `None` for an item whose expiry time is past.

        Returns:
            One entry for each key, in the order asked.

        Raises:
            InvalidRequestError: There are none, more than 100, or one twice.
            DynamoDBTransactionError: A write was busy with one of the items for the whole deadline.

        Costs one TransactGetItems: two read units for each 4 KB of an item.
        """
        reading = self._reading("TransactGetItems", view, skip_expired=skip_expired)
        check_several(keys)
        wanted = [self._encode_key(key) for key in keys]
        request = transact_get(self._target, reading, wanted)
        try:
            reply = await self._caller.send(request)
        except DynamoDBTransactionError as error:
            raise align_reasons([(self._target, None)] * len(wanted), error) from None
        return read_transact_get(reading, reply, len(wanted))

    def _is_consistent(self, asked: bool | None) -> bool:
        return self._target.consistent_read if asked is None else check_flag("consistent", asked)

    def _encode_key(self, key: object) -> WireItem:
        return self._target.source.table.encode(*split_key(self._target.source, key))
