"""Types as models declare them: what may stand inside a value of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

__all__ = ["types_inside"]

#: What stands around types, and how many of its arguments are some.
_AROUND: Final[Mapping[Any, int | None]] = {Union: None, UnionType: None, Annotated: 1}


def types_inside(declared: Any, step: str | int) -> Iterator[Any]:
    """Give the types that a field, an element or an entry may have; none where they are not declared."""
    origin, arguments = get_origin(declared), get_args(declared)
    kind = declared if origin is None else origin
    if origin in _AROUND:
        for each in arguments[: _AROUND[origin]]:
            yield from types_inside(each, step)
    elif not isinstance(kind, type):
        return
    elif step in (fields := _fields(kind)):
        yield fields[str(step)]
    elif issubclass(kind, Mapping):
        yield from arguments[1:]
    elif issubclass(kind, tuple) and isinstance(step, int) and arguments[-1:] != (...,):
        yield from arguments[step : step + 1]
    elif issubclass(kind, Collection):
        yield from arguments[:1]


def _fields(kind: type) -> Mapping[str, Any]:
    if issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    return get_type_hints(kind) if is_dataclass(kind) else {}
