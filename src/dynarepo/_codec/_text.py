"""Text and binary, and the names of attributes."""

from __future__ import annotations

from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64

from dynarepo._limits import MAX_ATTRIBUTE_NAME_BYTES
from dynarepo.exceptions import InvalidValueError

__all__ = ["decode_binary", "encode_binary", "encode_name", "encode_text"]


def encode_text(value: str) -> str:
    """Give text as it travels; `InvalidValueError` for lone surrogates, which UTF-8 has no bytes for."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidValueError("holds a lone surrogate, which cannot be stored as UTF-8") from None
    return value


def encode_name(name: str) -> str:
    """Check an attribute's name, or a key of a map."""
    if not name:
        raise InvalidValueError("an empty name cannot be stored")
    encode_text(name)
    # A character has at most four bytes, so that short names need no count.
    if len(name) * 4 > MAX_ATTRIBUTE_NAME_BYTES and len(name.encode()) > MAX_ATTRIBUTE_NAME_BYTES:
        raise InvalidValueError(f"a name has more than {MAX_ATTRIBUTE_NAME_BYTES:,} bytes")
    return name


def encode_binary(value: bytes) -> str:
    """Give bytes as base64."""
    return b2a_base64(value, newline=False).decode("ascii")


def decode_binary(text: str) -> bytes:
    """Give the bytes of base64; `ValueError` if it is anything else."""
    try:
        return a2b_base64(text, strict_mode=True)
    except BinasciiError:
        raise ValueError("not base64") from None
