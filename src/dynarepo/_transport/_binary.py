"""Binary values and times between what travels, and what the AWS SDK's clients make of them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

__all__ = ["to_bytes", "to_text"]


def to_bytes(data: Any) -> Any:
    """
    Copy a payload with the text of its binary values decoded.

    An attribute of the name `B` is told from the tag by what is below it: always another tagged value.
    """
    if isinstance(data, list):
        return [to_bytes(part) for part in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((tag, content),) = data.items()
        if tag == "B" and isinstance(content, str):
            return {"B": b64decode(content)}
        if tag == "BS" and isinstance(content, list):
            return {"BS": [b64decode(element) for element in content]}
    return {name: to_bytes(part) for name, part in data.items()}


def to_text(data: Any) -> Any:
    """Copy a reply with bytes as base64 text, and times as the numbers they travel as."""
    if isinstance(data, bytes):
        return b64encode(data).decode()
    if isinstance(data, datetime):
        return data.timestamp()
    if isinstance(data, list):
        return [to_text(part) for part in data]
    if isinstance(data, dict):
        return {name: to_text(part) for name, part in data.items()}
    return data
