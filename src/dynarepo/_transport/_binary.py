"""Binary values between base64 text, as they travel, and bytes, as the AWS SDK's clients want them."""

from __future__ import annotations

from base64 import b64decode, b64encode
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
    """Copy a reply with bytes as base64 text."""
    if isinstance(data, bytes):
        return b64encode(data).decode()
    if isinstance(data, list):
        return [to_text(part) for part in data]
    if isinstance(data, dict):
        return {name: to_text(part) for name, part in data.items()}
    return data
