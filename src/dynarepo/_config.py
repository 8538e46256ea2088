"""The one configuration object: checked completely when made, immutable after."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

__all__ = ["CapacityLimit", "DynamoDBConfig", "check_endpoint", "is_table_name"]

_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_TABLE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_TABLE_ARN: Final = re.compile(r"arn:[a-z-]+:dynamodb:[a-z0-9-]*:\d*:table/[A-Za-z0-9_.-]{3,255}")
_LINK_LOCAL: Final = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Capacity = Annotated[int, Field(ge=1, strict=True)]
Units = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class CapacityLimit(BaseModel):
    """
    The capacity that may be consumed, by what DynamoDB says was consumed.

    Args:
        read: Read units for each second; without it, reads are not limited.
        write: Write units for each second; likewise.
        burst: For how many seconds unused units are kept: so much may be consumed at once.

    Raises:
        pydantic.ValidationError: A value is refused, or nothing is limited.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    read: Units | None = None
    write: Units | None = None
    burst: Seconds = 1.0

    @model_validator(mode="before")
    @classmethod
    def _names_are_known(cls, given: object) -> object:
        # Where a dictionary stands for it, Pydantic's own refusal would show the names in it.
        if isinstance(given, dict) and not given.keys() <= cls.model_fields.keys():
            raise ValueError("a capacity limit has read, write and burst")
        return given

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.read is None and self.write is None:
            raise ValueError("a capacity limit needs read or write")
        return self


class DynamoDBConfig(BaseModel):
    """
    Where the table is, how to get there, and the options that every call shares.

    Args:
        table_name: The table of every model whose `Meta` names none; 3 to 255 of `A-Za-z0-9_.-`, or an ARN.
        region: An AWS region such as `eu-west-1`; without it, that of the standard AWS chain,
            else the environment variable `AWS_REGION`.
        endpoint_url: Another endpoint, such as DynamoDB Local's. Plain `http` is accepted for
            loopback addresses only.
        allow_insecure_endpoint: Accept plain `http` for any host; items can then be read on the way.
        aws_access_key_id: With `aws_secret_access_key`, static credentials; otherwise the standard AWS chain.
        aws_secret_access_key: The other half of the pair.
        aws_session_token: The third part of temporary credentials.
        profile: A profile of the shared AWS configuration files; excludes static credentials.
        transport: `direct` is the library's own data path; `aioboto3` sends through an aioboto3 client.
        deadline: Seconds for one call: one item, transaction, page, chunk of a batch, or one query, scan or
            count with all its pages. Covers waiting for a connection, retries, back-off and credentials.
        attempt_timeout: Seconds for one attempt to be answered; then it is given up and, where that cannot
            double an effect, made again within the deadline.
        connect_timeout: Seconds to establish a connection.
        max_connections: Connections, and so requests under way at once.
        batch_concurrency: Chunks of one batch, or segments of one scan, under way at once.
        consistent_read: Read consistently where DynamoDB can: tables and local indexes.
        read_capacity: Provisioned read capacity of tables made by `TableAdmin`; on demand without it.
        write_capacity: Provisioned write capacity, given together with `read_capacity`.
        capacity: A limit on what is consumed through the connection; calls wait for it within their deadline.
        cursor_keys: Secrets of 16 bytes or more that sign or encrypt cursors: the first makes them, all are
            accepted. Without them, a key is made for this process and its cursors are of no use in another.
        cursor_scope: A name, such as the tenant's, that every cursor is bound to.
        encrypt_cursors: Encrypt cursors, so that whoever has one cannot read the key in it; needs the extra
            `crypto`.
        user_timezone: The IANA name of the time zone, such as `Europe/Berlin`, in which datetimes are read;
            the environment variable `DYNAMODB_USER_TIMEZONE` without it, else UTC. They are stored in UTC.
        log_keys: Write key values into log events as they are, rather than as a hash.

    Raises:
        pydantic.ValidationError: A value is refused; the error names the field and never the value.

    Costs no request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    table_name: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    allow_insecure_endpoint: bool = False
    aws_access_key_id: SecretStr | None = None
    aws_secret_access_key: SecretStr | None = None
    aws_session_token: SecretStr | None = None
    profile: Annotated[str, Field(min_length=1)] | None = None
    transport: Literal["direct", "aioboto3"] = "direct"
    deadline: Seconds = 10.0
    attempt_timeout: Seconds = 4.0
    connect_timeout: Seconds = 2.0
    max_connections: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 50
    batch_concurrency: Annotated[int, Field(ge=1, le=1_000, strict=True)] = 8
    consistent_read: bool = False
    read_capacity: Capacity | None = None
    write_capacity: Capacity | None = None
    capacity: CapacityLimit | None = None
    cursor_keys: tuple[SecretStr, ...] = ()
    cursor_scope: str = ""
    encrypt_cursors: bool = False
    user_timezone: str | None = Field(
        default_factory=lambda: os.environ.get("DYNAMODB_USER_TIMEZONE") or None, validate_default=True
    )
    log_keys: bool = False

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone in which datetimes are read; `None` for UTC."""
        return None if self.user_timezone in {None, "UTC"} else ZoneInfo(str(self.user_timezone))

    @field_validator("user_timezone")
    @classmethod
    def _zone_is_known(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("a time zone has an IANA name, such as 'Europe/Berlin'") from None
        return name

    @field_validator("table_name")
    @classmethod
    def _table_name_is_dynamodbs(cls, name: str | None) -> str | None:
        if name is not None and not is_table_name(name):
            raise ValueError("a table name has 3 to 255 of the characters A-Z, a-z, 0-9, '_', '.', '-'")
        return name

    @field_validator("region")
    @classmethod
    def _region_has_the_form(cls, region: str | None) -> str | None:
        if region is not None and not _REGION.fullmatch(region):
            raise ValueError("a region looks like 'eu-west-1'")
        return region

    @field_validator("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    @classmethod
    def _credential_is_not_blank(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value().strip():
            raise ValueError("a credential must not be empty; leave it out to use the standard AWS chain")
        return secret

    @field_validator("cursor_keys")
    @classmethod
    def _cursor_keys_are_long_enough(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value().encode()) < 16 for key in keys):
            raise ValueError("a cursor key needs at least 16 bytes")
        return keys

    @model_validator(mode="after")
    def _credentials_are_complete(self) -> Self:
        if (self.aws_access_key_id is None) != (self.aws_secret_access_key is None):
            raise ValueError("aws_access_key_id and aws_secret_access_key are given together or not at all")
        if self.aws_session_token is not None and self.aws_access_key_id is None:
            raise ValueError("aws_session_token needs aws_access_key_id and aws_secret_access_key")
        if self.profile is not None and self.aws_access_key_id is not None:
            raise ValueError("profile and aws_access_key_id exclude each other")
        return self

    @model_validator(mode="after")
    def _capacities_are_a_pair(self) -> Self:
        if (self.read_capacity is None) != (self.write_capacity is None):
            raise ValueError("read_capacity and write_capacity are given together or not at all")
        return self

    @model_validator(mode="after")
    def _endpoint_is_safe(self) -> Self:
        if self.endpoint_url is not None:
            check_endpoint(self.endpoint_url, allow_insecure=self.allow_insecure_endpoint)
        return self


def is_table_name(name: str) -> bool:
    """Tell whether a text can name a table: by its name, or by its ARN."""
    return bool(_TABLE_NAME.fullmatch(name) or _TABLE_ARN.fullmatch(name))


def check_endpoint(url: str, *, allow_insecure: bool) -> None:
    """Refuse an endpoint that would leak requests, wherever it was configured."""
    # Parsers disagree on these characters, and so on the host they would find.
    if "\\" in url or not url.isprintable() or " " in url:
        raise ValueError("endpoint_url holds a character that a URL must not have")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("endpoint_url is not a URL") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("endpoint_url must be an http or https URL with a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("endpoint_url must not hold a user name or password")
    if parts.query or parts.fragment or parts.path not in ("", "/"):
        raise ValueError("endpoint_url must have no path, query or fragment")
    if _is_link_local(host):
        raise ValueError("endpoint_url must not be a link-local address")
    if parts.scheme == "http" and not _is_loopback(host) and not allow_insecure:
        raise ValueError(
            "endpoint_url is plain http and not on loopback; use https or set allow_insecure_endpoint"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        # Resolvers also read addresses such as 2852039166 and 0xa9.254.43518.
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None


def _is_link_local(host: str) -> bool:
    address = _address(host)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped.version == network.version and mapped in network for network in _LINK_LOCAL)
