"""
Which writes may be sent again after a lost reply, and how a stored item tells whether one was done.

A write may be repeated when twice is the same as once, or when its condition fails the second time. What the
failed condition returns is then compared with what was to be stored: the same is our own write, done; another
version in its place is somebody else's, ours was not done; anything else leaves the outcome unknown.

Two writers may store the same. An item of a model that counts versions therefore also keeps an id of its last
write, which then tells alone; only an item that a program without such ids wrote is compared.
"""

from __future__ import annotations

import secrets
from typing import TypeVar

from msgspec import field
from pydantic import BaseModel

from dynarepo._codec import Entity
from dynarepo._expressions import Path
from dynarepo._record import MutableRecord
from dynarepo._request import Repeat, Verdict
from dynarepo._requests._guard import Guard
from dynarepo._wire import AttributeValue, WireItem, same_item, same_value

__all__ = ["Effect", "new_write_id", "repeat_of_delete", "repeat_of_put", "repeat_of_update"]

T = TypeVar("T", bound=BaseModel)


class Effect(MutableRecord):
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


def new_write_id(entity: Entity[T]) -> WireItem:
    """Make the attribute that tells a write from all others; none where the model keeps none."""
    return {} if entity.write_id is None else {entity.write_id: {"S": secrets.token_urlsafe(12)}}


def repeat_of_put(entity: Entity[T], wire: WireItem, guard: Guard) -> Repeat:
    """Judge a put of a whole item, its write id included."""
    name = entity.write_id
    compared = {attribute: value for attribute, value in wire.items() if attribute != name}

    def recognise(stored: WireItem | None) -> Verdict:
        if stored and (stored[name] == wire[name] if name in stored else same_item(stored, compared)):
            return Verdict.DONE
        return _by_version(entity, stored, guard.version)

    return Repeat(is_safe=True, recognise=recognise)


def repeat_of_update(entity: Entity[T], effect: Effect, guard: Guard, write_id: WireItem) -> Repeat:
    """Judge an update: safe if it adds nothing up, or if the version that it demands is gone afterwards."""

    def recognise(stored: WireItem | None) -> Verdict:
        if stored and write_id.keys() & stored.keys():
            is_own = write_id.items() <= stored.items()
            return Verdict.DONE if is_own else _by_version(entity, stored, guard.version)
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
    """Judge by the chain of versions: one write makes the next; an earlier one begins another chain."""
    if expected is None or not stored:
        return Verdict.UNKNOWN
    found = _version(entity, stored)
    return Verdict.NOT_DONE if found in {expected, expected + 1} else Verdict.UNKNOWN


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
