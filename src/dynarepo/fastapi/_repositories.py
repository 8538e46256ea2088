"""Repositories as dependencies of routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi.requests import HTTPConnection
from pydantic import BaseModel

from dynarepo._codec import bind
from dynarepo._repository import AsyncDynamoDBRepository, AsyncReadRepository, AsyncWriteRepository
from dynarepo._schema import TableSchema
from dynarepo.fastapi._lifespan import connection_of

__all__ = ["read_repository", "repository", "write_repository"]

T = TypeVar("T", bound=BaseModel)

# The dependencies are coroutines because FastAPI calls plain functions in a thread.


def repository(
    model: type[T], *, schema: TableSchema | None = None, table_name: str | None = None
) -> Callable[[HTTPConnection], Awaitable[AsyncDynamoDBRepository[T]]]:
    """
    Make a dependency that gives a repository on the application's connection.

        Orders = Annotated[AsyncDynamoDBRepository[Order], Depends(repository(Order))]


        @app.get("/orders/{order_id}")
        async def get_order(order_id: str, orders: Orders) -> Order: ...

    Args:
        model: Any Pydantic model that declares its keys, or comes with a `schema`.
        schema: The declaration, where the model has no `class Meta`.
        table_name: The table; otherwise the declaration's, otherwise the configuration's.

    Returns:
        What `Depends` takes. In a request it raises `ConfigurationError` without `dynamodb_lifespan`.

    Raises:
        SchemaError: The declaration is wrong; the message names what.

    Costs no request.
    """
    bind(model, schema)  # a wrong declaration stops the application, not a request

    async def dependency(request: HTTPConnection) -> AsyncDynamoDBRepository[T]:
        return connection_of(request).repository(model, schema=schema, table_name=table_name)

    return dependency


def read_repository(
    model: type[T], *, schema: TableSchema | None = None, table_name: str | None = None
) -> Callable[[HTTPConnection], Awaitable[AsyncReadRepository[T]]]:
    """Make a dependency that gives the reading half alone; the arguments are those of `repository`."""
    bind(model, schema)

    async def dependency(request: HTTPConnection) -> AsyncReadRepository[T]:
        return connection_of(request).read_repository(model, schema=schema, table_name=table_name)

    return dependency


def write_repository(
    model: type[T], *, schema: TableSchema | None = None, table_name: str | None = None
) -> Callable[[HTTPConnection], Awaitable[AsyncWriteRepository[T]]]:
    """Make a dependency that gives the writing half alone; the arguments are those of `repository`."""
    bind(model, schema)

    async def dependency(request: HTTPConnection) -> AsyncWriteRepository[T]:
        return connection_of(request).write_repository(model, schema=schema, table_name=table_name)

    return dependency
