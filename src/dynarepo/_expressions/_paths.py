"""Paths to a field, a list element or a dict entry inside a model."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from dynarepo.exceptions import InvalidRequestError

__all__ = ["Path", "parse_path", "show_name", "show_path"]

#: Field names and dict keys as text, list indices as numbers.
Path: TypeAlias = tuple[str | int, ...]

_SEGMENT: Final = re.compile(r"(?P<name>[^.\[\]]+)(?P<indices>(\[\d{1,9}\])*)")
_INDEX: Final = re.compile(r"\d+")
_MAX_CHARACTERS: Final = 4096
#: As long as the name of a key can be.
_MAX_SHOWN: Final = 255


def parse_path(text: str) -> Path:
    """Read `address.lines[2]`; `InvalidRequestError` if it is no such path."""
    if not isinstance(text, str) or len(text) > _MAX_CHARACTERS:
        raise InvalidRequestError("a path is text such as 'address.lines[2]'")
    path: list[str | int] = []
    for piece in text.split("."):
        match = _SEGMENT.fullmatch(piece)
        if match is None:
            raise InvalidRequestError("a path is made of names and [indices], such as 'address.lines[2]'")
        path.append(match["name"])
        path.extend(int(index) for index in _INDEX.findall(match["indices"]))
    return tuple(path)


def show_path(path: Path) -> str:
    """Write a path as a user would."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{show_name(step)}" if text else show_name(step)
    return text


def show_name(name: str) -> str:
    """Write a name, which may come from outside, so that it makes no lines of its own in a log."""
    return name if name.isprintable() and len(name) <= _MAX_SHOWN else repr(name[:_MAX_SHOWN])
