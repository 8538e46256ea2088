"""What counts as a reply of DynamoDB; everything else is refused, never read as success or as "not found"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from zlib import crc32

from dynarepo._item_text import loads_around_items
from dynarepo._json import loads
from dynarepo._transport._errors import read_error
from dynarepo._transport._protocol import AttemptError
from dynarepo._wire import Payload
from dynarepo.exceptions import UnexpectedResponseError

__all__ = ["CONTENT_TYPE", "read_reply", "unexpected"]

CONTENT_TYPE: Final = "application/x-amz-json-1.0"


def read_reply(
    operation: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes | bytearray,
    *,
    leaves_items: bool = False,
) -> Payload:
    """
    Read a reply off the wire.

    Args:
        operation: The operation it answers.
        status: The HTTP status.
        headers: Names in lower case, or a mapping that ignores case.
        body: The bytes as they came, not decompressed.
        leaves_items: Leave the items text.

    Raises:
        AttemptError: The reply is an error, or not DynamoDB's.
    """
    _check(operation, status, headers, body)
    try:
        reply = loads_around_items(operation, body) if leaves_items else loads(body)
    except ValueError:
        raise unexpected(operation, status, headers, "the reply is not JSON") from None
    if not isinstance(reply, dict):
        raise unexpected(operation, status, headers, "the reply is not a JSON object")
    return reply


def unexpected(operation: str, status: int, headers: Mapping[str, str], what: str) -> AttemptError:
    """Refuse a reply that makes no sense; behind a success or a fault, the request may have been done."""
    error = UnexpectedResponseError(
        f"{what}: it cannot have come from DynamoDB; check the endpoint and proxies",
        operation=operation,
        request_id=headers.get("x-amzn-requestid"),
    )
    return AttemptError(error, may_have_acted=status < 300 or status >= 500)


def _check(operation: str, status: int, headers: Mapping[str, str], body: bytes | bytearray) -> None:
    if not _checksum_fits(headers.get("x-amz-crc32"), body):
        raise unexpected(operation, status, headers, "the reply does not fit its checksum")
    if status != 200:
        raise read_error(operation, status, headers, _error_body(body))
    if headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise unexpected(operation, status, headers, f"the reply is not {CONTENT_TYPE}")
    if not headers.get("x-amzn-requestid"):
        raise unexpected(operation, status, headers, "the reply has no request id")


def _checksum_fits(checksum: str | None, body: bytes | bytearray) -> bool:
    return checksum is None or checksum.strip() == str(crc32(body))


def _error_body(body: bytes | bytearray) -> Mapping[str, Any]:
    try:
        error = loads(body)
    except ValueError:
        return {}
    return error if isinstance(error, dict) else {}
