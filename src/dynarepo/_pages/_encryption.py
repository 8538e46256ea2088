"""
Encrypted cursors: AES-256-GCM of the package `cryptography`, which the extra `crypto` installs.

The key is derived from the cursor key by HKDF-SHA256 under a label of its own, so that no key both signs
and encrypts. Nonces are random, which is good for 2**32 cursors of one key.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["decrypt", "encrypt"]

_LABEL: Final = b"dynarepo: encryption of cursors, AES-256-GCM"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


def encrypt(key: bytes, bound: bytes, body: bytes) -> bytes:
    """Encrypt a body so that it can be read with the same key and the same `bound` alone."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, body, bound)


def decrypt(key: bytes, bound: bytes, sealed: bytes) -> bytes | None:
    """Give the body, `None` where it was changed, or encrypted with another key or another `bound`."""
    if len(sealed) <= _NONCE_BYTES + _TAG_BYTES:
        return None
    try:
        return _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except InvalidTag:
        return None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=_LABEL).derive(key))
