"""
Cursors: a position in a query, signed and bound to it, safe to hand to a browser.

A token is URL-safe base64 of a version byte and what is sealed: a 16-byte tag and the position as JSON or,
with `encrypt_cursors`, a nonce and the ciphertext. The tag is an HMAC-SHA256, cut to 128 bits. Either kind
also vouches for the version, the digest of the query (table, index, key condition, filter, direction) and the
caller's scope. That is checked, in constant time, before anything is parsed.

What stands in for the position may also be where the segments of a parallel scan stand: a list instead of an
object, so that none is ever taken for the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from dynarepo._config import DynamoDBConfig
from dynarepo._wire import WireItem
from dynarepo.exceptions import ConfigurationError, InvalidCursorError

__all__ = ["check_cursors", "open_any_cursor", "open_cursor", "seal_cursor"]

_SIGNED: Final = b"\x01"
_ENCRYPTED: Final = b"\x02"
_TAG_BYTES: Final = 16
#: The keys of a table and an index with all of their attributes at full size, in base64 of base64.
_MAX_CHARACTERS: Final = 65_536
#: So many segments may be under way, or as many as `batch_concurrency` lets read at once.
_SEGMENTS: Final = 64

#: Seals cursors where the configuration has no key; it is as old as the process.
_PROCESS_KEY: Final = secrets.token_bytes(32)


class _Mode(NamedTuple):
    """
    How cursors are sealed.

    Both functions take a key, what the body is bound to, and bytes; `open` gives `None` for what was not
    sealed with this key, for this, and unchanged.
    """

    version: bytes
    seal: Callable[[bytes, bytes, bytes], bytes]
    open: Callable[[bytes, bytes, bytes], bytes | None]


def check_cursors(config: DynamoDBConfig) -> None:
    """Refuse to encrypt cursors without the package for it; `ConfigurationError` says how to install it."""
    _mode(config)


def seal_cursor(config: DynamoDBConfig, fingerprint: bytes, position: WireItem | list[Any]) -> str:
    """Sign or encrypt a position, or where segments stand."""
    mode = _mode(config)
    body = json.dumps(position, separators=(",", ":")).encode()
    sealed = mode.seal(_keys(config)[0], _bound(mode, fingerprint, config.cursor_scope), body)
    return base64.urlsafe_b64encode(mode.version + sealed).decode("ascii").rstrip("=")


def open_cursor(config: DynamoDBConfig, fingerprint: bytes, cursor: str) -> WireItem:
    """
    Check a cursor and give its position.

    Raises:
        InvalidCursorError: It is damaged, sealed with a key that is not accepted or in the other mode, or was
            made for another table, index, condition, filter, direction, segment or scope.
    """
    position = _opened(config, fingerprint, _decoded(cursor, _MAX_CHARACTERS))
    if isinstance(position, list):
        raise InvalidCursorError("the cursor is of a scan in several segments: go on by iter_scan")
    return position


def open_any_cursor(config: DynamoDBConfig, fingerprint: bytes, cursor: str) -> WireItem | list[Any]:
    """Check a cursor and give its position, or where segments stand; errors as of `open_cursor`."""
    most = max(_SEGMENTS, config.batch_concurrency) * _MAX_CHARACTERS
    return _opened(config, fingerprint, _decoded(cursor, most))


def _opened(config: DynamoDBConfig, fingerprint: bytes, token: bytes) -> WireItem | list[Any]:
    mode = _mode(config)
    version, sealed = token[:1], token[1:]
    if version not in {_SIGNED, _ENCRYPTED} or not sealed:
        raise InvalidCursorError("the cursor is damaged")
    if version != mode.version:
        raise InvalidCursorError("the cursor was made with another encrypt_cursors; begin without it")
    bound = _bound(mode, fingerprint, config.cursor_scope)
    # All keys are tried, so that the time tells nothing about which one matched.
    bodies = [body for key in _keys(config) if (body := mode.open(key, bound, sealed)) is not None]
    if not bodies:
        raise InvalidCursorError(
            "the cursor was not made for this query, scope and cursor key; "
            "set cursor_keys where several processes serve one user"
        )
    position: WireItem | list[Any] = json.loads(bodies[0])
    return position


def _decoded(cursor: object, most: int) -> bytes:
    if not isinstance(cursor, str) or not 0 < len(cursor) <= most:
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


def _mode(config: DynamoDBConfig) -> _Mode:
    if not config.encrypt_cursors:
        return _Mode(_SIGNED, _sign, _verified)
    try:
        from dynarepo._pages._encryption import decrypt, encrypt  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "cryptography":
            raise
        raise ConfigurationError(
            'encrypt_cursors needs the extra `crypto`: pip install "dynarepo[crypto]"'
        ) from None
    return _Mode(_ENCRYPTED, encrypt, decrypt)


def _bound(mode: _Mode, fingerprint: bytes, scope: str) -> bytes:
    scope_bytes = scope.encode()
    return b"".join((mode.version, fingerprint, len(scope_bytes).to_bytes(4, "big"), scope_bytes))


def _sign(key: bytes, bound: bytes, body: bytes) -> bytes:
    return hmac.new(key, bound + body, hashlib.sha256).digest()[:_TAG_BYTES] + body


def _verified(key: bytes, bound: bytes, sealed: bytes) -> bytes | None:
    body = sealed[_TAG_BYTES:]
    return body if hmac.compare_digest(sealed, _sign(key, bound, body)) else None
