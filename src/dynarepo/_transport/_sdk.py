"""
What keeps the AWS SDK to our rules: no redirects, no retries of its own, no reply unchecked, our errors.

The SDK's HTTP session follows redirects, with items and session token, and takes any page with
status 200 for a success. `GuardedSession` is its session without both.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import ClientResponseError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from dynarepo._config import DynamoDBConfig
from dynarepo._transport._binary import to_text
from dynarepo._transport._body import SentBody
from dynarepo._transport._direct import KEEPALIVE_SECONDS
from dynarepo._transport._errors import read_error
from dynarepo._transport._failures import failed, not_http
from dynarepo._transport._protocol import AttemptError
from dynarepo._transport._replies import read_reply
from dynarepo.exceptions import AuthenticationError, ConnectionFailedError, UnexpectedResponseError

__all__ = ["GuardedSession", "bodies_sent", "sdk_config", "sdk_failure"]

#: The bodies that requests of the running call have sent, where a caller wants to know.
bodies_sent: Final[ContextVar[list[SentBody] | None]] = ContextVar("bodies_sent", default=None)

_CREDENTIAL_ERRORS: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)


def sdk_config(config: DynamoDBConfig) -> AioConfig:
    """Give the settings for clients and resources of the SDK."""
    return AioConfig(
        http_session_cls=GuardedSession,
        connector_args={"keepalive_timeout": KEEPALIVE_SECONDS},
        max_pool_connections=config.max_connections,
        connect_timeout=config.connect_timeout,
        # The deadline of each call is shorter or the same.
        read_timeout=config.deadline,
        retries={"total_max_attempts": 1, "mode": "standard"},
        # Its errors print values; what is wrong, the service says.
        parameter_validation=False,
        # One host for all accounts, the one that is logged at open.
        account_id_endpoint_mode="disabled",
        user_agent_extra="dynarepo",
    )


class _NoRedirects:
    """An aiohttp session that hands a redirect back as a reply."""

    def __init__(self, session: Any) -> None:
        self._session = session

    async def request(self, *args: Any, **options: Any) -> Any:
        return await self._session.request(*args, **options, allow_redirects=False)


class GuardedSession(AIOHTTPSession):
    """The SDK's HTTP session, with replies checked as on the direct transport, and closed for good."""

    _closed = False

    async def send(self, request: Any) -> Any:
        """Send a prepared request and return its reply if that is DynamoDB's."""
        operation = _operation(request)
        request.body = body = SentBody(request.body)
        sent = bodies_sent.get()
        if sent is not None:
            sent.append(body)
        if self._closed:
            error = ConnectionFailedError("the transport is closed", operation=operation)
            raise AttemptError(error, may_have_acted=False)
        try:
            reply: Any = await super().send(request)
        except BotoCoreError as error:
            raise _broken(operation, error.kwargs.get("error", error), begun=body.begun) from None
        try:
            read_reply(operation, reply.status_code, reply.headers, await reply.content)
        except AttemptError as attempt:
            # An error with a code is the service's: it takes the SDK's way, past its hooks.
            if attempt.error.code is None or reply.status_code < 400:
                raise
        return reply

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._closed = True
        await super().__aexit__(exc_type, exc_val, tb)

    async def _get_session(self, proxy_url: str | None) -> _NoRedirects:
        # There is no public way to turn redirects off.
        return _NoRedirects(await super()._get_session(proxy_url))  # type: ignore[misc]


def _broken(operation: str, cause: Exception, *, begun: bool) -> AttemptError:
    if begun and isinstance(cause, ClientResponseError):
        return not_http(operation)
    return failed(operation, cause, begun=begun)


def _operation(request: Any) -> str:
    target = request.headers.get("X-Amz-Target", b"")
    text = target.decode() if isinstance(target, bytes) else str(target)
    return text.rpartition(".")[2]


def sdk_failure(operation: str, error: Exception, *, begun: bool) -> AttemptError:
    """Translate whatever the SDK raised, before or after a request began."""
    if isinstance(error, AttemptError):
        return error
    if isinstance(error, ClientError):
        return _service_failure(operation, error)
    if isinstance(error, _CREDENTIAL_ERRORS):
        refused = AuthenticationError(
            f"the AWS credentials could not be used ({type(error).__name__})", operation=operation
        )
        return AttemptError(refused, may_have_acted=False)
    # Its text may hold values.
    odd = UnexpectedResponseError(f"the AWS SDK failed ({type(error).__name__})", operation=operation)
    return AttemptError(odd, may_have_acted=begun)


def _service_failure(operation: str, error: ClientError) -> AttemptError:
    response: dict[str, Any] = to_text(dict(error.response))
    metadata = response.get("ResponseMetadata", {})
    stated = response.get("Error", {})
    body = {**response, "__type": stated.get("Code"), "message": stated.get("Message")}
    return read_error(operation, metadata.get("HTTPStatusCode", 400), metadata.get("HTTPHeaders", {}), body)
