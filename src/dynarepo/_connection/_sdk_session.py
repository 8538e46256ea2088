"""The aioboto3 session and DynamoDB resource, opened once: they know credentials, region and endpoint."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

import aioboto3  # type: ignore[import-untyped]
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import BotoCoreError, NoRegionError, ProfileNotFound
from botocore.loaders import Loader, create_loader
from pydantic import SecretStr

from dynarepo._config import DynamoDBConfig, check_endpoint
from dynarepo._transport import Aioboto3Transport, DirectTransport, SdkCredentials, Transport, sdk_config
from dynarepo.exceptions import ConfigurationError

__all__ = ["SdkSession", "open_sdk"]


@dataclass(frozen=True, slots=True)
class SdkSession:
    """What came of opening: where requests go, and the transports for items and for tables."""

    endpoint_url: str
    region: str
    data: Transport
    control: Transport


async def open_sdk(config: DynamoDBConfig, stack: AsyncExitStack) -> SdkSession:
    """
    Open session, credentials, resource and transports; the stack closes them.

    Raises:
        ConfigurationError: The configuration, or AWS's environment and files, do not suffice.
        AuthenticationError: There are no credentials.
    """
    try:
        return await _open(config, stack)
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


async def _open(config: DynamoDBConfig, stack: AsyncExitStack) -> SdkSession:
    sdk = get_session()
    sdk.set_config_variable("profile", config.profile)  # first: the session settles on one when it is asked
    sdk.register_component("data_loader", _loader(sdk.get_config_variable("data_path")))
    # Untyped, and to pyright it is boto3's, which does not await.
    session: Any = aioboto3.Session(
        botocore_session=sdk,
        region_name=config.region,
        aws_access_key_id=_reveal(config.aws_access_key_id),
        aws_secret_access_key=_reveal(config.aws_secret_access_key),
        aws_session_token=_reveal(config.aws_session_token),
    )
    credentials = await SdkCredentials.load(session)
    options: dict[str, Any] = {"endpoint_url": config.endpoint_url, "config": sdk_config(config)}
    if _is_plain(config.endpoint_url):
        options["verify"] = False  # nothing to load certificates for
    resource = await stack.enter_async_context(session.resource("dynamodb", **options))
    meta = resource.meta.client.meta
    _check(meta.endpoint_url, config)
    data: Transport
    if config.transport == "aioboto3":
        data = Aioboto3Transport(await stack.enter_async_context(session.client("dynamodb", **options)))
    else:
        data = DirectTransport(
            meta.endpoint_url,
            meta.region_name,
            credentials,
            max_connections=config.max_connections,
            connect_timeout=config.connect_timeout,
            ssl_context=None if _is_plain(meta.endpoint_url) else _trust(sdk),
        )
    stack.push_async_callback(data.close)
    control = Aioboto3Transport(resource.meta.client)
    stack.push_async_callback(control.close)
    return SdkSession(meta.endpoint_url, meta.region_name, data, control)


@cache
def _kept_loader(data_path: str | None) -> Loader:
    return create_loader(data_path)


def _loader(data_path: str | None) -> Loader:
    """Give the SDK's descriptions of services, which are found and parsed once in a process."""
    loader = _kept_loader(data_path)
    # Each session adds its own path once more.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader


def _is_plain(endpoint_url: str | None) -> bool:
    return endpoint_url is not None and endpoint_url.startswith("http:")


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _check(endpoint_url: str, config: DynamoDBConfig) -> None:
    # It may come from AWS_ENDPOINT_URL or a profile, which nobody checked yet.
    try:
        check_endpoint(endpoint_url, allow_insecure=config.allow_insecure_endpoint)
    except ValueError as error:
        raise ConfigurationError(f"{error} (the endpoint of the AWS environment or profile)") from None


def _trust(sdk: AioSession) -> ssl.SSLContext | None:
    bundle: Any = sdk.get_config_variable("ca_bundle")
    if not bundle:
        return None
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError:
        raise ConfigurationError("the file that AWS_CA_BUNDLE names cannot be read") from None
