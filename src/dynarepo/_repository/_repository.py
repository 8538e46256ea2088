"""Both halves of a repository in one."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from dynarepo._repository._read import AsyncReadRepository
from dynarepo._repository._write import AsyncWriteRepository

__all__ = ["AsyncDynamoDBRepository"]

T = TypeVar("T", bound=BaseModel)


class AsyncDynamoDBRepository(AsyncReadRepository[T], AsyncWriteRepository[T]):
    """
    Persists models of one type in one DynamoDB table.

        async with AsyncDynamoDBRepository(User, config=config, logger=structlog.get_logger()) as users:
            await users.save(user)
            same = await users.get_one(user.pk, user.sk)

    The reading and the writing half, `AsyncReadRepository` and `AsyncWriteRepository`, can be used
    alone. Made directly, a repository owns its connection; `DynamoDBConnection.repository` makes
    several on one.
    """
