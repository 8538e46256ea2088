"""
Items as JSON, in the way that their model has it; but for binary.

Pydantic writes `bytes` as the text that they may not be. Where a model leaves that so, they are written as
without a model, `{"$B": "base64"}`.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

__all__ = ["model_text"]

#: What Pydantic makes of binary without being told otherwise.
_PLAIN: Final = "utf8"


def model_text(item: BaseModel) -> str:
    """Write an item as one line of JSON."""
    if not _has_bytes(type(item)):
        # What has no declared type may be binary yet.
        with suppress(PydanticSerializationError):
            return item.model_dump_json()
    return to_json(_marked(item.model_dump()), fallback=str).decode()


@lru_cache(maxsize=1024)
def _has_bytes(model: type[BaseModel]) -> bool:
    return _writes_bytes(model.__pydantic_core_schema__, _PLAIN)


def _writes_bytes(schema: object, form: str) -> bool:
    """Tell whether a part of a schema of Pydantic's core is binary that nothing writes in another form."""
    if isinstance(schema, list | tuple):
        return any(_writes_bytes(each, form) for each in schema)
    if not isinstance(schema, dict) or "serialization" in schema:
        return False
    if "config" in schema:
        form = schema["config"].get("ser_json_bytes", _PLAIN)
    if schema.get("type") == "bytes":
        return form == _PLAIN
    return any(_writes_bytes(each, form) for each in schema.values())


def _marked(value: Any) -> Any:
    """Give what Python has of an item with its binary in a form of JSON."""
    match value:
        case bytes():
            return {"$B": b64encode(value).decode()}
        case dict():
            return {name: _marked(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_marked(each) for each in value]
    return value
