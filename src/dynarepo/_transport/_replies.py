"""What counts as a reply of DynamoDB; everything else is refused, never read as success or as "not found"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from zlib import crc32

from dynarepo._transport._errors import read_error
from dynarepo._transport._json import loads
from dynarepo._transport._long_json import loads_in_pieces
from dynarepo._transport._protocol import AttemptError
from dynarepo._turns import begin_in_turns
from dynarepo._wire import Payload
from dynarepo.exceptions import UnexpectedResponseError

__all__ = ["CONTENT_TYPE", "read_long_reply", "read_reply", "unexpected"]

CONTENT_TYPE: Final = "application/x-amz-json-1.0"


def read_reply(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> Payload:
    """
    Read a reply off the wire.

    Args:
        operation: The operation it answers.
        status: The HTTP status.
        headers: Names in lower case, or a mapping that ignores case.
        body: The bytes as they came, not decompressed.

    Raises:
        AttemptError: The reply is an error, or not DynamoDB's.
    """
    _check(operation, status, headers, body)
    try:
        reply = loads(body)
    except ValueError:
        raise _no_json(operation, status, headers) from None
    return _object(operation, status, headers, reply)


async def read_long_reply(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> Payload:
    """Read a reply off the wire as `read_reply` does, in turns with whatever else is to be done."""
    _check(operation, status, headers, body)
    try:
        reply = await begin_in_turns(loads_in_pieces(body))
    except ValueError:
        raise _no_json(operation, status, headers) from None
    return _object(operation, status, headers, reply)


def unexpected(operation: str, status: int, headers: Mapping[str, str], what: str) -> AttemptError:
    """Refuse a reply that makes no sense; behind a success or a fault, the request may have been done."""
    error = UnexpectedResponseError(
        f"{what}: it cannot have come from DynamoDB; check the endpoint and proxies",
        operation=operation,
        request_id=headers.get("x-amzn-requestid"),
    )
    return AttemptError(error, may_have_acted=status < 300 or status >= 500)


def _check(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    if not _checksum_fits(headers.get("x-amz-crc32"), body):
        raise unexpected(operation, status, headers, "the reply does not fit its checksum")
    if status != 200:
        raise read_error(operation, status, headers, _error_body(body))
    if headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise unexpected(operation, status, headers, f"the reply is not {CONTENT_TYPE}")
    if not headers.get("x-amzn-requestid"):
        raise unexpected(operation, status, headers, "the reply has no request id")


def _no_json(operation: str, status: int, headers: Mapping[str, str]) -> AttemptError:
    return unexpected(operation, status, headers, "the reply is not JSON")


def _object(operation: str, status: int, headers: Mapping[str, str], reply: object) -> Payload:
    if not isinstance(reply, dict):
        raise unexpected(operation, status, headers, "the reply is not a JSON object")
    return reply


def _checksum_fits(checksum: str | None, body: bytes) -> bool:
    return checksum is None or checksum.strip() == str(crc32(body))


def _error_body(body: bytes) -> Mapping[str, Any]:
    try:
        error = loads(body)
    except ValueError:
        return {}
    return error if isinstance(error, dict) else {}
