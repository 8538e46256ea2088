"""The types that msgspec parses stored items into: for each structure, and for each way to store a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from msgspec import UNSET, defstruct, field

from dynarepo._record import MutableRecord, Record

__all__ = ["Kind", "Stored", "StoredAttribute", "can_be_named", "structure_of"]

#: Gives a type, when all that it contains are known.
Kind: TypeAlias = Callable[[], Any]

#: What msgspec takes in no name.
_UNNAMEABLE: Final = re.compile(r'["\\\x00-\x1f]')


class Stored(MutableRecord):
    """
    How a value is stored.

    Attributes:
        tags: The type of the content for each tag that it may have.
        is_choice: It may have one of several tags.
        is_called: A node takes it, as a dict.
    """

    tags: dict[str, Kind] = field(default_factory=dict)
    is_choice: bool = False
    is_called: bool = False

    def kind(self) -> Any:
        """Give the type that it is parsed into."""
        if self.is_called:
            return Any
        return _tagged(tuple((tag, kind()) for tag, kind in self.tags.items()), is_choice=self.is_choice)


class StoredAttribute(Record, frozen=True):
    """One attribute of a structure, by its stored name."""

    name: str
    kind: Kind
    is_required: bool


def can_be_named(names: Iterable[str]) -> bool:
    """Tell whether a structure can have attributes of these names."""
    return not any(map(_UNNAMEABLE.search, names))


def structure_of(attributes: Sequence[StoredAttribute], *, is_closed: bool) -> Any:
    """Make the type of a structure, its attributes being `f0`, `f1` and so on; a closed one has no others."""
    named = {f"f{number}": each for number, each in enumerate(attributes)}
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
        (name, each.kind()) if each.is_required else (name, each.kind(), UNSET)
        for name, each in named.items()
    ]
    stored_names = {name: each.name for name, each in named.items()}
    return defstruct(
        "Item", fields, rename=stored_names, forbid_unknown_fields=is_closed, kw_only=True, gc=False
    )


@lru_cache(maxsize=256)
def _tagged(contents: tuple[tuple[str, Any], ...], *, is_choice: bool) -> Any:
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
        (tag, kind, UNSET) if is_choice else (tag, kind) for tag, kind in contents
    ]
    return defstruct("Value", fields, forbid_unknown_fields=True, gc=False)
