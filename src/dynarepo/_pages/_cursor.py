"""
Cursors: a position in a query, signed and bound to it, safe to hand to a browser.

A token is URL-safe base64 of a version byte, a 16-byte tag and the position as JSON. The tag is an
HMAC-SHA256, cut to 128 bits, over the position, the digest of the query (table, index, key
condition, filter, direction) and the caller's scope. It is compared, in constant time, before
anything is parsed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Final

from dynarepo._config import DynamoDBConfig
from dynarepo._wire import WireItem
from dynarepo.exceptions import InvalidCursorError

__all__ = ["open_cursor", "seal_cursor"]

_VERSION: Final = b"\x01"
_TAG_BYTES: Final = 16
#: The keys of a table and an index with all of their attributes at full size, in base64 of base64.
_MAX_CHARACTERS: Final = 65_536

#: Signs cursors where the configuration has no key; it is as old as the process.
_PROCESS_KEY: Final = secrets.token_bytes(32)


def seal_cursor(config: DynamoDBConfig, fingerprint: bytes, position: WireItem) -> str:
    """Sign a position."""
    body = json.dumps(position, separators=(",", ":")).encode()
    tag = _tag(_keys(config)[0], fingerprint, config.cursor_scope, body)
    return base64.urlsafe_b64encode(_VERSION + tag + body).decode("ascii").rstrip("=")


def open_cursor(config: DynamoDBConfig, fingerprint: bytes, cursor: str) -> WireItem:
    """
    Check a cursor and give its position.

    Raises:
        InvalidCursorError: It is damaged, signed with a key that is not accepted, or was made for
            another table, index, condition, filter, direction or scope.
    """
    token = _decoded(cursor)
    tag, body = token[1 : 1 + _TAG_BYTES], token[1 + _TAG_BYTES :]
    if token[:1] != _VERSION or not body:
        raise InvalidCursorError("the cursor is damaged")
    expected = [_tag(key, fingerprint, config.cursor_scope, body) for key in _keys(config)]
    # All keys are tried, so that the time tells nothing about which one matched.
    if not any([hmac.compare_digest(tag, candidate) for candidate in expected]):  # noqa: C419
        raise InvalidCursorError(
            "the cursor was not made for this query, scope and cursor key; "
            "set cursor_keys where several processes serve one user"
        )
    position: WireItem = json.loads(body)
    return position


def _decoded(cursor: object) -> bytes:
    if not isinstance(cursor, str) or not 0 < len(cursor) <= _MAX_CHARACTERS:
        raise InvalidCursorError("a cursor is the text that a page gave")
    try:
        token = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursorError("the cursor is damaged") from None
    if base64.urlsafe_b64encode(token).decode("ascii").rstrip("=") != cursor:
        raise InvalidCursorError("the cursor is damaged")
    return token


def _keys(config: DynamoDBConfig) -> Sequence[bytes]:
    return [key.get_secret_value().encode() for key in config.cursor_keys] or [_PROCESS_KEY]


def _tag(key: bytes, fingerprint: bytes, scope: str, body: bytes) -> bytes:
    scope_bytes = scope.encode()
    message = b"".join((_VERSION, fingerprint, len(scope_bytes).to_bytes(4, "big"), scope_bytes, body))
    return hmac.new(key, message, hashlib.sha256).digest()[:_TAG_BYTES]
