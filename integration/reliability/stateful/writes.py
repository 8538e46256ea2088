"""Writes of one item: what each does to a dict, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from dynarepo.exceptions import (
    ConditionFailedError,
    DynamoDBServiceError,
    InvalidRequestError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    VersionConflictError,
)
from integration.reliability.stateful.desk import Desk, Foreseen
from integration.reliability.stateful.documents import Changes, Edition, Key, Shelved, State, Where, changed

__all__ = [
    "Base",
    "Create",
    "Delete",
    "Mutate",
    "Save",
    "Update",
    "Upsert",
    "based",
    "condition",
    "counted",
    "refused",
    "version_of",
]

#: Which version a write is based on: what is stored, none, or one that is not stored.
Base = Literal["stored", "none", "stale"]

_STALE: Final = 7


def version_of(item: Shelved | None) -> int:
    """Give the version of what is stored."""
    return item.version if isinstance(item, Edition) else 0


def based(item: Shelved, base: Base, stored: Shelved | None) -> Shelved:
    """Give an item the version that it is based on."""
    if not isinstance(item, Edition):
        return item
    return item.model_copy(update={"version": _version(base, stored)})


def _version(base: Base, stored: Shelved | None) -> int:
    return {"stored": version_of(stored), "none": 0, "stale": version_of(stored) + _STALE}[base]


def counted(item: Shelved, version: int) -> Shelved:
    """Give an item as it is stored after a write."""
    return item.model_copy(update={"version": version}) if isinstance(item, Edition) else item


def condition(where: Where | None) -> Any:
    """Give a condition as a repository takes it."""
    return None if where is None else where.condition()


def refused(
    state: State, key: Key, where: Where | None, version: int | None = None
) -> type[DynamoDBServiceError] | None:
    """Tell which error a condition and a demanded version make of what is stored."""
    stored = state.get(key)
    if version is not None and version != version_of(stored):
        return VersionConflictError
    return None if where is None or where.holds(stored) else ConditionFailedError


@dataclass(frozen=True)
class Save:
    """Saves an item over whatever is there."""

    item: Shelved
    base: Base
    where: Where | None
    exactly_once: bool

    def foresee(self, state: State) -> Foreseen:
        """Replace the item."""
        key, stored = self.item.key, state.get(self.item.key)
        version = version_of(based(self.item, self.base, stored)) if isinstance(self.item, Edition) else None
        error = refused(state, key, self.where, version)
        after = counted(self.item, version_of(stored) + 1)
        return Foreseen({**state, key: after}, after, error=error, item=stored)

    async def call(self, desk: Desk, state: State) -> object:
        """Save it."""
        item = desk.item(based(self.item, self.base, state.get(self.item.key)))
        where = condition(self.where)
        return desk.bare(await desk.repository.save(item, where=where, exactly_once=self.exactly_once))


@dataclass(frozen=True)
class Create:
    """Creates an item where there is none."""

    item: Shelved
    exactly_once: bool

    def foresee(self, state: State) -> Foreseen:
        """Add the item."""
        key, stored = self.item.key, state.get(self.item.key)
        after = counted(self.item, 1)
        error = None if stored is None else ItemAlreadyExistsError
        return Foreseen({**state, key: after}, after, error=error, item=stored)

    async def call(self, desk: Desk, state: State) -> object:
        """Create it."""
        item = desk.item(self.item)
        return desk.bare(await desk.repository.create(item, exactly_once=self.exactly_once))


@dataclass(frozen=True)
class Upsert:
    """Makes an item what it is to be, whatever its version."""

    item: Shelved
    where: Where | None
    exactly_once: bool

    def foresee(self, state: State) -> Foreseen:
        """Replace the item; the version goes on."""
        key, stored = self.item.key, state.get(self.item.key)
        after = counted(self.item, version_of(stored) + 1)
        error = refused(state, key, self.where)
        return Foreseen({**state, key: after}, after, error=error, item=stored)

    async def call(self, desk: Desk, state: State) -> object:
        """Upsert it."""
        item, where = desk.item(self.item), condition(self.where)
        return desk.bare(await desk.repository.upsert(item, where=where, exactly_once=self.exactly_once))


@dataclass(frozen=True)
class Update:
    """Changes fields of an item that is there."""

    key: Key
    changes: Changes
    as_dict: bool
    where: Where | None
    base: Base | None
    exactly_once: bool

    def foresee(self, state: State) -> Foreseen:
        """Change the fields."""
        stored = state.get(self.key)
        if stored is None:
            return Foreseen(state, error=ItemNotFoundError)
        version = None if self.base is None else _version(self.base, stored)
        after = counted(changed(stored, self.changes), version_of(stored) + 1)
        error = refused(state, self.key, self.where, version)
        return Foreseen({**state, self.key: after}, after, error=error, item=stored)

    async def call(self, desk: Desk, state: State) -> object:
        """Update it."""
        changes: Any = desk.update(self.changes)
        if self.as_dict:
            changes = {field: value for _, field, value in self.changes}
        version = None if self.base is None else _version(self.base, state.get(self.key))
        updated = await desk.repository.update(
            *desk.key(self.key),
            changes,
            where=condition(self.where),
            version=version,
            exactly_once=self.exactly_once,
        )
        return desk.bare(updated)


@dataclass(frozen=True)
class Mutate:
    """Reads an item, changes it and saves it."""

    key: Key
    mark: str
    is_counted: bool
    exactly_once: bool

    def foresee(self, state: State) -> Foreseen:
        """Change the item."""
        stored = state.get(self.key)
        if not self.is_counted:
            return Foreseen(state, error=InvalidRequestError)
        if stored is None:
            return Foreseen(state, error=ItemNotFoundError)
        after = counted(self._change(stored), version_of(stored) + 1)
        return Foreseen({**state, self.key: after}, after)

    async def call(self, desk: Desk, state: State) -> object:
        """Mutate it."""
        key = desk.key(self.key)
        call = desk.repository.mutate(*key, change=self._change, exactly_once=self.exactly_once)
        return desk.bare(await call)

    def _change(self, item: Shelved) -> Shelved:
        return item.model_copy(update={"mark": self.mark, "lines": [*item.lines, self.mark]})


@dataclass(frozen=True)
class Delete:
    """Deletes an item, if there is one."""

    key: Key
    where: Where | None
    base: Base | None
    exactly_once: bool

    def foresee(self, state: State) -> Foreseen:
        """Take the item away."""
        stored = state.get(self.key)
        version = None if self.base is None else _version(self.base, stored)
        error = refused(state, self.key, self.where, version)
        if self.exactly_once and self.where is not None and stored is None:
            error = error or ConditionFailedError  # to do it once, there must be an item
        after = {key: item for key, item in state.items() if key != self.key}
        # Sent again, it finds what the first attempt left: nothing.
        may_give = () if self.exactly_once else (False,)
        return Foreseen(after, stored is not None, may_give, error=error, item=stored)

    async def call(self, desk: Desk, state: State) -> object:
        """Delete it."""
        version = None if self.base is None else _version(self.base, state.get(self.key))
        return await desk.repository.delete(
            *desk.key(self.key),
            where=condition(self.where),
            version=version,
            exactly_once=self.exactly_once,
        )
