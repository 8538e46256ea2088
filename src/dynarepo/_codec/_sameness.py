"""Whether a value that came back is the one that was stored: equal, and of the same type at every level."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

__all__ = ["same"]


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal in value and type."""
    if type(left) is not type(right):
        return False
    if isinstance(left, BaseModel) or is_dataclass(left):
        return _same_mapping(_parts(left), _parts(right))
    if isinstance(left, Mapping):
        return _same_mapping(left, right)
    if isinstance(left, list | tuple | deque):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, set | frozenset):
        members = {member: member for member in right}
        return left == right and all(same(member, members[member]) for member in left)
    return bool(left == right)


def _parts(value: Any) -> dict[str, Any]:
    if not isinstance(value, BaseModel):
        return {field.name: getattr(value, field.name, None) for field in fields(value)}
    # Cached properties live in `__dict__`, too, and are no part of the value.
    held = {name: value.__dict__.get(name) for name in type(value).model_fields}
    return held | (value.__pydantic_extra__ or {})


def _same_mapping(left: Mapping[Any, Any], right: Mapping[Any, Any]) -> bool:
    keys = {key: key for key in right}
    return len(left) == len(right) and all(
        key in keys and type(key) is type(keys[key]) and same(value, right[key])
        for key, value in left.items()
    )
