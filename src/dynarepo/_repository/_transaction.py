"""Write transactions over one or several repositories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel

from dynarepo._connection import Channel
from dynarepo._expressions import Where
from dynarepo._pages import Caller
from dynarepo._requests import Target, TransactWriteItem, Update, align_reasons, transact_write
from dynarepo.exceptions import ConfigurationError, DynamoDBTransactionError, InvalidRequestError

__all__ = ["WriteTransaction", "send_transaction"]

M = TypeVar("M", bound=BaseModel)

_Pair: TypeAlias = tuple[Target[Any], TransactWriteItem]


class _Writes(Protocol[M]):
    """A repository, as far as a transaction knows it."""

    @property
    def _target(self) -> Target[M]: ...

    @property
    def _channel(self) -> Channel: ...


async def send_transaction(
    caller: Caller, operations: Sequence[_Pair], client_token: str | None
) -> list[BaseModel | None]:
    """Send a transaction and give the models as stored; its reasons come back with their operations."""
    request, stored = transact_write(operations, client_token)
    try:
        await caller.send(request)
    except DynamoDBTransactionError as error:
        raise align_reasons(operations, error) from None
    return stored


class WriteTransaction:
    """
    Collects operations on several repositories of one connection; `connection.transaction()` makes it.

    Values are validated and encoded at the end of the block, and all of it is sent at once; when the
    block raises, nothing is sent. Each item may stand in one operation, and there are at most 100.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._operations: list[_Pair] = []
        self._is_over = False
        self._stored: list[BaseModel | None] | None = None

    @property
    def stored(self) -> list[BaseModel | None]:
        """
        For each operation the model as stored, with its version and times; `None` where none was put.

        Raises:
            InvalidRequestError: The transaction is not done: its block has not ended, or failed.
        """
        if self._stored is None:
            raise InvalidRequestError("the transaction is not done yet: its block sends it when it ends")
        return self._stored

    def put(self, repository: _Writes[M], item: M, *, where: Where[M] | None = None) -> None:
        """Create or replace an item."""
        self._add(repository, TransactWriteItem.put(item, where=where))

    def create(self, repository: _Writes[M], item: M, *, where: Where[M] | None = None) -> None:
        """Create an item that must not exist."""
        self._add(repository, TransactWriteItem.create(item, where=where))

    def update(
        self,
        repository: _Writes[M],
        pk: object,
        sk: object = None,
        changes: Update[M] | None = None,
        *,
        where: Where[M] | None = None,
        version: int | None = None,
    ) -> None:
        """Change some fields of an item that exists, and has a version if one is given."""
        self._add(repository, TransactWriteItem.update(pk, sk, changes, where=where, version=version))

    def delete(
        self,
        repository: _Writes[M],
        pk: object,
        sk: object = None,
        *,
        where: Where[M] | None = None,
        version: int | None = None,
    ) -> None:
        """Delete an item, if there is one, and of a version if one is given."""
        self._add(repository, TransactWriteItem.delete(pk, sk, where=where, version=version))

    def check(self, repository: _Writes[M], pk: object, sk: object = None, *, where: Where[M]) -> None:
        """Demand a condition of an item that the transaction does not write."""
        self._add(repository, TransactWriteItem.check(pk, sk, where=where))

    async def commit(self, caller: Caller, client_token: str | None) -> None:
        """Send what was collected."""
        self._stored = await send_transaction(caller, self._operations, client_token)

    def end(self) -> None:
        """Take nothing more."""
        self._is_over = True

    def _add(self, repository: _Writes[M], operation: TransactWriteItem) -> None:
        if self._is_over:
            raise InvalidRequestError(
                "the transaction is over: its block has ended, and nothing more is sent"
            )
        if repository._channel is not self._channel:
            raise ConfigurationError("a transaction takes repositories of its own connection")
        self._operations.append((repository._target, operation))
