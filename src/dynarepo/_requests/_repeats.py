"""
Which writes may be sent again after a lost reply, and how a stored item tells whether one was done.

A write may be repeated when twice is the same as once, or when its condition fails the second time. What the
failed condition returns is then compared with what was to be stored: the same is our own write, done; another
version in its place is somebody else's, ours was not done; anything else leaves the outcome unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from dynarepo._codec import Entity
from dynarepo._expressions import Path
from dynarepo._request import Repeat, Verdict
from dynarepo._requests._guard import Guard
from dynarepo._wire import AttributeValue, WireItem, same_item, same_value

__all__ = ["Effect", "repeat_of_delete", "repeat_of_put", "repeat_of_update"]

T = TypeVar("T", bound=BaseModel)


@dataclass(slots=True)
class Effect:
    """
    What an update does, as far as it matters for repeating it.

    Attributes:
        sets: The values that it sets, by stored path.
        removes: The stored paths that it removes.
        is_idempotent: Whether twice is the same as once.
        is_whole: Whether `sets` and `removes` are all of it.
    """

    sets: dict[Path, AttributeValue] = field(default_factory=dict)
    removes: list[Path] = field(default_factory=list)
    is_idempotent: bool = True
    is_whole: bool = True

    def once(self) -> None:
        """Note a change that would add up."""
        self.is_idempotent = self.is_whole = False

    def shows_in(self, item: WireItem) -> bool:
        """Tell whether an item is as this update leaves it."""
        return (
            self.is_whole
            and all(_is_at(item, path, value) for path, value in self.sets.items())
            and all(_at(item, path) is None for path in self.removes)
        )


def repeat_of_put(entity: Entity[T], wire: WireItem, guard: Guard) -> Repeat:
    """Judge a put of a whole item."""

    def recognise(stored: WireItem | None) -> Verdict:
        if stored and same_item(stored, wire):
            return Verdict.DONE
        return _by_version(entity, stored, guard.version)

    return Repeat(is_safe=True, recognise=recognise)


def repeat_of_update(entity: Entity[T], effect: Effect, guard: Guard) -> Repeat:
    """Judge an update: safe if it adds nothing up, or if the version that it demands is gone afterwards."""

    def recognise(stored: WireItem | None) -> Verdict:
        is_next = bool(stored) and guard.version in {None, (_version(entity, stored or {}) or 0) - 1}
        if is_next and effect.shows_in(stored or {}):
            return Verdict.DONE
        if is_next and not effect.is_whole:
            return Verdict.UNKNOWN
        return _by_version(entity, stored, guard.version)

    is_safe = effect.is_idempotent if entity.schema.version is None else guard.version is not None
    return Repeat(is_safe=is_safe, recognise=recognise)


def repeat_of_delete() -> Repeat:
    """Judge a delete: gone is gone, though nobody knows who did it when its condition fails later."""
    return Repeat(is_safe=True)


def _by_version(entity: Entity[T], stored: WireItem | None, expected: int | None) -> Verdict:
    """Judge by the chain of versions: only one write can make the next one."""
    if expected is None or not stored:
        return Verdict.UNKNOWN
    found = _version(entity, stored)
    return Verdict.NOT_DONE if found is not None and found <= expected + 1 else Verdict.UNKNOWN


def _version(entity: Entity[T], stored: WireItem) -> int | None:
    name = entity.schema.version
    value = None if name is None else stored.get(entity.plan.fields[name].attribute)
    try:
        return 0 if value is None else int(value["N"])
    except (KeyError, TypeError, ValueError):
        return None


def _is_at(item: WireItem, path: Path, value: AttributeValue) -> bool:
    found = _at(item, path)
    return found is not None and same_value(found, value)


def _at(item: WireItem, path: Path) -> AttributeValue | None:
    within: AttributeValue = {"M": item}
    for step in path:
        content = within.get("M")
        if not isinstance(content, dict) or step not in content:
            return None
        within = content[step]
    return within
