"""JSON text and plain data: the one place that knows who writes it, and who reads the whole of it."""

from __future__ import annotations

from typing import Any, Final

from msgspec.json import Encoder
from pydantic_core import from_json

from dynarepo._wire import Payload
from dynarepo.exceptions import InvalidValueError

__all__ = ["dumps", "loads"]

_encode: Final = Encoder().encode


def dumps(payload: Payload | str) -> bytes:
    """Write a payload, or a part of one, as JSON text."""
    try:
        return _encode(payload)
    except (TypeError, ValueError, RecursionError):
        # The cause would print the value.
        raise InvalidValueError("the request holds a value that JSON text cannot carry") from None


def loads(text: bytes | bytearray) -> Any:
    """
    Read JSON text: no NaN or infinity, no bad UTF-8, at most 200 levels.

    Raises:
        ValueError: It is not such text.
    """
    return from_json(text, allow_inf_nan=False, cache_strings="keys")
