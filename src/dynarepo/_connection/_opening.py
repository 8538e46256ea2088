"""
Opening on the AWS SDK: the one place that imports it, late and off the event loop.

The import takes longer than all other imports together, and only an open connection needs it. Then the SDK
has a megabyte of JSON to read. Both are done in a thread, before the deadline begins: they wait for nobody.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from dynarepo._config import DynamoDBConfig
from dynarepo.exceptions import DeadlineExceededError

if TYPE_CHECKING:  # imported for good in `_prepare`
    from dynarepo._connection._sdk_session import PreparedSession, SdkSession

__all__ = ["open_sdk"]


async def open_sdk(config: DynamoDBConfig, stack: AsyncExitStack) -> SdkSession:
    """
    Open session, credentials, resource and transports; the stack closes them.

    Raises:
        ConfigurationError: The configuration, or AWS's environment and files, do not suffice.
        AuthenticationError: There are no credentials.
        DeadlineExceededError: It took longer than the deadline of a call.
    """
    session = await asyncio.to_thread(_prepare, config)
    try:
        async with asyncio.timeout(config.deadline):
            return await session.open(stack)
    except TimeoutError:
        raise DeadlineExceededError(
            "opening took longer than the deadline: the AWS credentials did not come in time"
        ) from None


def _prepare(config: DynamoDBConfig) -> PreparedSession:
    from dynarepo._connection._sdk_session import prepare  # noqa: PLC0415 - for the time of starting up

    return prepare(config)
