"""One connection for all repositories of an application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict, TypeVar, overload

from pydantic import BaseModel

from dynarepo._config import DynamoDBConfig
from dynarepo._connection import Channel
from dynarepo._observability import Logger, Usage
from dynarepo._pages import Caller
from dynarepo._repository._admin import TableAdmin
from dynarepo._repository._base import Connected
from dynarepo._repository._gateway import TableGateway
from dynarepo._repository._read import AsyncReadRepository
from dynarepo._repository._repository import AsyncDynamoDBRepository
from dynarepo._repository._transaction import WriteTransaction
from dynarepo._repository._union import AsyncUnionRepository
from dynarepo._repository._write import AsyncWriteRepository
from dynarepo._schema import TableSchema

__all__ = ["DynamoDBConnection"]

T = TypeVar("T", bound=BaseModel)
A = TypeVar("A", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)
C = TypeVar("C", bound=BaseModel)
D = TypeVar("D", bound=BaseModel)


class _Shared(TypedDict):
    config: DynamoDBConfig
    logger: Logger
    channel: Channel


class DynamoDBConnection(Connected):
    """
    Opened once per application, at start-up; repositories on it share connections and credentials.

        async with DynamoDBConnection(config=config, logger=structlog.get_logger()) as connection:
            orders = connection.repository(Order)
            users = connection.repository(User)
            async with connection.transaction() as transaction:
                transaction.create(orders, order)
                transaction.update(users, "USER#1", "PROFILE", {"last_order": order.order_id})

    Args:
        config: Where the tables are, and the options of calls; required.
        logger: A structlog logger, or anything with its methods that take fields; required.
        transport: Replaces the network, in tests.
        telemetry: An `OpenTelemetry()` that makes spans and metrics of all calls on this connection.
    """

    def repository(
        self, model: type[T], *, schema: TableSchema | None = None, table_name: str | None = None
    ) -> AsyncDynamoDBRepository[T]:
        """
        Make a repository on this connection; closing it leaves the connection open.

        Args:
            model: Any Pydantic model that declares its keys, or comes with a `schema`.
            schema: The declaration, where the model has no `class Meta`.
            table_name: The table; otherwise the declaration's, otherwise the configuration's.

        Raises:
            SchemaError: The declaration is wrong; the message names what.
        """
        return AsyncDynamoDBRepository(model, schema=schema, table_name=table_name, **self._shared())

    def read_repository(
        self, model: type[T], *, schema: TableSchema | None = None, table_name: str | None = None
    ) -> AsyncReadRepository[T]:
        """Make the reading half alone; the arguments are those of `repository`."""
        return AsyncReadRepository(model, schema=schema, table_name=table_name, **self._shared())

    def write_repository(
        self, model: type[T], *, schema: TableSchema | None = None, table_name: str | None = None
    ) -> AsyncWriteRepository[T]:
        """Make the writing half alone; the arguments are those of `repository`."""
        return AsyncWriteRepository(model, schema=schema, table_name=table_name, **self._shared())

    @overload
    def union_repository(
        self, first: type[A], second: type[B], /, *, table_name: str | None = None
    ) -> AsyncUnionRepository[A | B]: ...

    @overload
    def union_repository(
        self, first: type[A], second: type[B], third: type[C], /, *, table_name: str | None = None
    ) -> AsyncUnionRepository[A | B | C]: ...

    @overload
    def union_repository(
        self,
        first: type[A],
        second: type[B],
        third: type[C],
        fourth: type[D],
        /,
        *,
        table_name: str | None = None,
    ) -> AsyncUnionRepository[A | B | C | D]: ...

    def union_repository(
        self, *models: type[BaseModel], table_name: str | None = None
    ) -> AsyncUnionRepository[Any]:
        """
        Make a repository that reads several models of one table, each as the type that its item names.

        Args:
            models: Two or more models that declare a discriminator; of more than four, say the type:
                `AsyncUnionRepository[A | B | C | D | E](A, B, C, D, E, ...)`.
            table_name: The table; otherwise the declarations', otherwise the configuration's.

        Raises:
            SchemaError: A model has no discriminator, two have the same, or their keys or indexes differ.
        """
        return AsyncUnionRepository(*models, table_name=table_name, **self._shared())

    def table_admin(self) -> TableAdmin:
        """Make a `TableAdmin` on this connection."""
        return TableAdmin(**self._shared())

    def table_gateway(self) -> TableGateway:
        """Make a `TableGateway` on this connection, for what has no model."""
        return TableGateway(**self._shared())

    @asynccontextmanager
    async def transaction(self, *, client_token: str | None = None) -> AsyncIterator[WriteTransaction]:
        """
        Collect operations on several repositories and do them at the end of the block, all or nothing.

        Args:
            client_token: 1 to 36 characters that name this transaction for 10 minutes: the same
                transaction with the same token is done once. Made anew without it.

        Raises:
            DynamoDBTransactionError: It was cancelled; `reasons` says which operation was the cause.
            InvalidRequestError: There are none, more than 100, or two on one item.

        Costs one TransactWriteItems: two write units for each KB. When the block raises, nothing is sent.
        """
        self._channel.check_open()
        transaction = WriteTransaction(self._channel)
        try:
            yield transaction
        finally:
            transaction.end()
        await transaction.commit(Caller(self._channel, self._config), client_token)

    @asynccontextmanager
    async def accounting(self) -> AsyncIterator[Usage]:
        """
        Count calls, retries, throttling and consumed capacity of what the block does on this connection.

        Everything on the connection counts, in tasks that the block begins too, and nothing of other tasks,
        such as those of other requests to an application; only loads that share a batch count for the block
        of the task that was first. In nested blocks it counts for each. What has not ended with the block is
        not counted.

            async with connection.accounting() as usage:
                await orders.batch_write(new)
            print(usage)

        Returns:
            A `Usage`, to be read in the block and after it.

        Raises:
            ConnectionClosedError: The connection is not open.

        Costs nothing while no block is open.
        """
        with self._channel.accounting() as usage:
            yield usage

    def _shared(self) -> _Shared:
        return {"config": self._config, "logger": self._logger, "channel": self._channel}
