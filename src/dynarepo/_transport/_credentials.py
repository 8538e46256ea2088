"""Credentials from the SDK's chain: loaded once, then refreshed by the SDK's own rules."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

from dynarepo._transport._protocol import AttemptError
from dynarepo._transport._sigv4 import FrozenCredentials
from dynarepo.exceptions import AuthenticationError

__all__ = ["Credentials", "SdkCredentials"]


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
        except AttemptError as attempt:
            raise attempt.error from None
        return loaded

    async def get(self) -> FrozenCredentials:
        """Return the credentials, refreshed first if they are about to expire."""
        try:
            frozen: FrozenCredentials = await self._provider.get_frozen_credentials()
        except Exception as error:  # noqa: BLE001 - as above
            raise AttemptError(_not_loaded("could not be refreshed", error), may_have_acted=False) from None
        return frozen


def _not_loaded(what: str, error: Exception) -> AuthenticationError:
    # The error's own text may hold the output of a credential process.
    return AuthenticationError(f"the AWS credentials {what} ({type(error).__name__})")
