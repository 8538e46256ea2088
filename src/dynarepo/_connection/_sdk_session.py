"""
The aioboto3 session and DynamoDB resource, opened once: they know credentials, region and endpoint.

What can be done without the event loop is done by `prepare`, which may run in any thread.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from threading import Lock
from typing import Any, Final

import aioboto3  # type: ignore[import-untyped]
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import BotoCoreError, NoRegionError, ProfileNotFound
from pydantic import SecretStr

from dynarepo._config import DynamoDBConfig, check_endpoint
from dynarepo._connection._sdk_descriptions import description_loader, forget_endpoints, read_descriptions
from dynarepo._record import Record
from dynarepo._transport import DirectTransport, SdkCredentials, Transport
from dynarepo._transport._aioboto3 import Aioboto3Transport
from dynarepo._transport._sdk import sdk_config
from dynarepo._transport._sigv4 import STREAMS, TABLES
from dynarepo.exceptions import ConfigurationError

__all__ = ["PreparedSession", "SdkSession", "prepare"]

_SERVICE: Final = "dynamodb"
_STREAMS_SERVICE: Final = "dynamodbstreams"
_TARGETS: Final = {_SERVICE: TABLES, _STREAMS_SERVICE: STREAMS}

#: Sessions share a loader, which is no work for two threads at a time.
_preparing: Final = Lock()


class SdkSession(Record, frozen=True):
    """What came of opening: where requests go, and the transports for items, for tables and for streams."""

    endpoint_url: str
    region: str
    data: Transport
    control: Transport
    #: Opened when a stream is first read; the stack closes it.
    open_streams: Callable[[AsyncExitStack], Awaitable[Transport]] | None = None


class PreparedSession(Record, frozen=True):
    """A session that has read what it needs, and nothing of it is bound to an event loop."""

    config: DynamoDBConfig
    sdk: AioSession
    #: aioboto3's session on it: untyped, and to pyright it is boto3's, which does not await.
    session: Any

    async def open(self, stack: AsyncExitStack) -> SdkSession:
        """
        Load credentials, and open resource and transports; the stack closes them.

        Raises:
            ConfigurationError: The configuration, or AWS's environment and files, do not suffice.
            AuthenticationError: There are no credentials.
        """
        with _told_as_ours():
            return await self._open(stack)

    async def _open(self, stack: AsyncExitStack) -> SdkSession:
        config = self.config
        credentials = await SdkCredentials.load(self.session)
        stack.push_async_callback(credentials.close)
        options: dict[str, Any] = {"endpoint_url": config.endpoint_url, "config": sdk_config(config)}
        if _is_plain(config.endpoint_url):
            options["verify"] = False  # nothing to load certificates for
        resource = await stack.enter_async_context(self.session.resource(_SERVICE, **options))
        meta = resource.meta.client.meta
        _check(meta.endpoint_url, config)
        data: Transport
        if config.transport == "aioboto3":
            client = await stack.enter_async_context(self.session.client(_SERVICE, **options))
            data = Aioboto3Transport(client)
        else:
            data = await self._direct(_SERVICE, meta, credentials)
        stack.push_async_callback(data.close)
        control = Aioboto3Transport(resource.meta.client)
        stack.push_async_callback(control.close)
        forget_endpoints(self.sdk)
        streams = partial(self._open_streams, credentials, options)
        return SdkSession(meta.endpoint_url, meta.region_name, data, control, streams)

    async def _open_streams(
        self, credentials: SdkCredentials, options: dict[str, Any], stack: AsyncExitStack
    ) -> Transport:
        with _told_as_ours():
            await asyncio.to_thread(self._read_streams)
            client = await stack.enter_async_context(self.session.client(_STREAMS_SERVICE, **options))
            forget_endpoints(self.sdk)
            _check(client.meta.endpoint_url, self.config)
            streams: Transport
            if self.config.transport == "aioboto3":
                streams = Aioboto3Transport(client)
            else:
                # The client is what knows the endpoint.
                streams = await self._direct(_STREAMS_SERVICE, client.meta, credentials)
        stack.push_async_callback(streams.close)
        return streams

    def _read_streams(self) -> None:
        with _preparing:
            read_descriptions(self.sdk.get_component("data_loader"), _STREAMS_SERVICE)

    async def _direct(self, service: str, meta: Any, credentials: SdkCredentials) -> DirectTransport:
        return DirectTransport(
            meta.endpoint_url,
            meta.region_name,
            credentials,
            max_connections=self.config.max_connections,
            connect_timeout=self.config.connect_timeout,
            ssl_context=None if _is_plain(meta.endpoint_url) else await _trust(self.sdk),
            target=_TARGETS[service],
        )


def prepare(config: DynamoDBConfig) -> PreparedSession:
    """
    Make a session, and have it read AWS's files and its own; in any thread.

    Raises:
        ConfigurationError: The configuration, or AWS's environment and files, do not suffice.
    """
    with _told_as_ours(), _preparing:
        sdk = get_session()
        sdk.set_config_variable("profile", config.profile)  # first: the session settles on one when asked
        loader = description_loader(sdk.get_config_variable("data_path"))
        sdk.register_component("data_loader", loader)
        session = aioboto3.Session(
            botocore_session=sdk,
            region_name=config.region or _region(sdk),
            aws_access_key_id=_reveal(config.aws_access_key_id),
            aws_secret_access_key=_reveal(config.aws_secret_access_key),
            aws_session_token=_reveal(config.aws_session_token),
        )
        read_descriptions(loader, _SERVICE)
        return PreparedSession(config, sdk, session)


@contextmanager
def _told_as_ours() -> Iterator[None]:
    try:
        yield
    except NoRegionError:
        raise ConfigurationError(
            "no AWS region: set region in DynamoDBConfig, or the environment variable AWS_DEFAULT_REGION"
        ) from None
    except ProfileNotFound:
        raise ConfigurationError("the AWS configuration files have no such profile") from None
    except ConfigurationError:
        raise
    except (BotoCoreError, ValueError) as error:
        raise ConfigurationError(
            f"the AWS SDK cannot be set up from this configuration ({type(error).__name__})"
        ) from None


def _is_plain(endpoint_url: str | None) -> bool:
    return endpoint_url is not None and endpoint_url.startswith("http:")


def _region(sdk: AioSession) -> str | None:
    # AWS sets AWS_REGION for functions and containers, and the SDK does not read it.
    found: Any = sdk.get_config_variable("region")
    return found or os.environ.get("AWS_REGION") or None


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _check(endpoint_url: str, config: DynamoDBConfig) -> None:
    # It may come from AWS_ENDPOINT_URL or a profile, which nobody checked yet.
    try:
        check_endpoint(endpoint_url, allow_insecure=config.allow_insecure_endpoint)
    except ValueError as error:
        raise ConfigurationError(f"{error} (the endpoint of the AWS environment or profile)") from None


async def _trust(sdk: AioSession) -> ssl.SSLContext:
    bundle: Any = sdk.get_config_variable("ca_bundle")
    try:
        return await asyncio.to_thread(ssl.create_default_context, cafile=bundle or None)
    except OSError:
        raise ConfigurationError("the file that AWS_CA_BUNDLE names cannot be read") from None
