"""
Credentials from the SDK's chain: loaded once, then refreshed by the SDK's own rules.

Those rules end a refresh with the request that began it. One that takes longer than an attempt would be
begun by every attempt and finished by none. So a refresh is a task of its own, for all requests that need it.
The SDK's clients have the same credentials, and so it is theirs as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from dynarepo._transport._protocol import AttemptError
from dynarepo._transport._sigv4 import FrozenCredentials
from dynarepo.exceptions import AuthenticationError, ConnectionFailedError

__all__ = ["Credentials", "SdkCredentials"]


#: What takes longer hangs: it is given up, and the next request begins another.
_LONGEST_REFRESH_SECONDS: Final = 30.0


class Credentials(Protocol):
    """Gives credentials that are good for the next request."""

    async def get(self) -> FrozenCredentials:
        """
        Return them, fresh.

        Raises:
            AttemptError: They could not be refreshed.
        """
        ...


class _Session(Protocol):
    def get_credentials(self) -> Awaitable[Any]: ...


class SdkCredentials:
    """Credentials of an aioboto3 session."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._refresh = _shared_refresh(provider)

    @classmethod
    async def load(cls, session: _Session) -> SdkCredentials:
        """
        Run the session's chain of providers once.

        Raises:
            AuthenticationError: No provider has credentials, or the one that should failed.
        """
        try:
            provider = await session.get_credentials()
        except Exception as error:  # noqa: BLE001 - providers run processes and plug-ins: anything may fail
            raise _not_loaded("could not be loaded", error) from None
        if provider is None:
            raise AuthenticationError(
                "no AWS credentials found: set aws_access_key_id and aws_secret_access_key or profile in"
                " DynamoDBConfig, or the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,"
                " or run with a role"
            )
        loaded = cls(provider)
        try:
            await loaded.get()
        except BaseException as failure:
            await loaded.close()
            if isinstance(failure, AttemptError):
                raise failure.error from None
            raise
        return loaded

    async def get(self) -> FrozenCredentials:
        """Return the credentials, refreshed first if they are about to expire."""
        try:
            frozen: FrozenCredentials = await self._provider.get_frozen_credentials()
        except AttemptError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            raise _not_refreshed(error) from None
        return frozen

    async def close(self) -> None:
        """End a refresh that is under way, and begin none any more; whoever waits for one fails."""
        if self._refresh is not None:
            await self._refresh.close()


class _SharedRefresh:
    """
    A refresh as a task, which goes on when a request that waits for it is given up.

    It takes the place of the SDK's, which decides when there is one. While the old credentials are good,
    nobody waits for it.
    """

    def __init__(self, refresh: Callable[..., Awaitable[None]]) -> None:
        self._refresh = refresh
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    async def __call__(self, *, is_mandatory: bool) -> None:
        if self._is_closed:
            raise _closed()
        if self._task is None:
            self._task = asyncio.create_task(self._run(is_mandatory))
            self._task.add_done_callback(self._end)
        if is_mandatory:
            await self._wait(self._task)

    async def close(self) -> None:
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _wait(self, task: asyncio.Task[None]) -> None:
        await asyncio.wait([task])  # which is not cancelled with the waiting
        if task.cancelled():
            raise _closed()
        task.result()

    async def _run(self, is_mandatory: bool) -> None:
        try:
            async with asyncio.timeout(_LONGEST_REFRESH_SECONDS):
                await self._refresh(is_mandatory=is_mandatory)
        except TimeoutError as error:
            raise _not_refreshed(error) from None

    def _end(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # taken, or the loop would report it where nobody waits any more


def _shared_refresh(provider: Any) -> _SharedRefresh | None:
    # Credentials that do not expire have no such method.
    refresh = getattr(provider, "_protected_refresh", None)
    if refresh is None:
        return None
    shared = _SharedRefresh(refresh)
    provider._protected_refresh = shared  # noqa: SLF001 - there is no public way
    return shared


def _closed() -> AttemptError:
    return AttemptError(ConnectionFailedError("the transport is closed"), may_have_acted=False)


def _not_refreshed(error: Exception) -> AttemptError:
    return AttemptError(_not_loaded("could not be refreshed", error), may_have_acted=False)


def _not_loaded(what: str, error: Exception) -> AuthenticationError:
    # The error's own text may hold the output of a credential process.
    return AuthenticationError(f"the AWS credentials {what} ({type(error).__name__})")
