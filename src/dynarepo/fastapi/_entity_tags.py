"""The lists of entity tags that preconditions are made of (RFC 9110, 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["EntityTag", "EntityTags", "read_entity_tags"]

# Headers come as latin-1. A tag may hold commas, so that a list cannot be split at them.
_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7E\x80-\xFF]*)"')
_LIST: Final = re.compile(rf"[ \t,]*{_TAG.pattern}(?:[ \t]*,[ \t,]*{_TAG.pattern})*[ \t,]*")
#: As `str` writes a number, which DynamoDB could hold.
_VERSION: Final = re.compile(r"0|[1-9][0-9]{0,37}")


@dataclass(frozen=True, slots=True)
class EntityTag:
    """
    A name of one state of a resource.

    Attributes:
        opaque: What stands between the quotes.
        is_weak: Whether it names states that mean the same, rather than one.
    """

    opaque: str
    is_weak: bool = False

    @property
    def version(self) -> int | None:
        """The version it names, `None` where it is no tag of a version."""
        return int(self.opaque) if _VERSION.fullmatch(self.opaque) else None


@dataclass(frozen=True, slots=True)
class EntityTags:
    """
    What `If-Match` or `If-None-Match` says.

    Attributes:
        tags: The tags.
        is_any: Whether it is `*`, which every state matches.
    """

    tags: tuple[EntityTag, ...] = ()
    is_any: bool = False


def read_entity_tags(lines: Sequence[str]) -> EntityTags | None:
    """
    Read the header, which may stand on several lines.

    Returns:
        What it says, `None` where it is malformed.
    """
    text = ",".join(lines)
    if text.strip(" \t") == "*":
        return EntityTags(is_any=True)
    if not _LIST.fullmatch(text):
        return None
    return EntityTags(tuple(EntityTag(tag[2], tag[1] is not None) for tag in _TAG.finditer(text)))
