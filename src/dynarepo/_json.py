"""JSON text and plain data: the one place that knows the parser."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from dynarepo._wire import EncodedPayload, Payload
from dynarepo.exceptions import InvalidValueError

__all__ = ["dumps", "loads"]


def dumps(payload: Payload) -> bytes:
    """Write a payload as JSON text."""
    if isinstance(payload, EncodedPayload):
        return payload.text
    try:
        return to_json(payload)
    except PydanticSerializationError:
        # The cause would print the value.
        raise InvalidValueError("the request holds a value that JSON text cannot carry") from None


def loads(text: bytes) -> Any:
    """
    Read JSON text: no NaN or infinity, no bad UTF-8, at most 200 levels.

    Raises:
        ValueError: It is not such text.
    """
    return from_json(text, allow_inf_nan=False, cache_strings="keys")
