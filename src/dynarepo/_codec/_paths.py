"""Where a value stands in a model, and how a message shows it."""

from __future__ import annotations

from typing import TypeAlias

from dynarepo._expressions import show_name

__all__ = ["Entry", "Path", "show"]


class Entry(int):
    """The ordinal of a dict's entry: the keys of a user's dict are data and stay out of messages."""

    __slots__ = ()


#: Field names, list indices and dict entries, from the model inwards.
Path: TypeAlias = tuple[str | int, ...]


def show(path: Path) -> str:
    """Render a path such as `address.lines[2]` or `prefs[key 3]`."""
    text = ""
    for step in path:
        if isinstance(step, str):
            text += f".{show_name(step)}" if text else show_name(step)
        else:
            text += f"[key {step}]" if isinstance(step, Entry) else f"[{step}]"
    return text
