"""The models of the sequences; conditions and updates of them as plain data, in Python and in our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, Field

from dynarepo import (
    Action,
    Condition,
    GlobalIndex,
    add_to_set,
    append,
    attr,
    increment,
    not_,
    prepend,
    remove,
    remove_from_set,
    set_,
)

__all__ = [
    "INDEX",
    "Changes",
    "Document",
    "Edition",
    "Key",
    "Shelved",
    "State",
    "Title",
    "Where",
    "changed",
    "is_expired",
    "said",
]

INDEX: Final = "by_kind"

Key: TypeAlias = tuple[str, int]
#: The actions of an update as plain data: what is done, to which field, and with what.
Changes: TypeAlias = Sequence[tuple[str, str, Any]]


class Shelved(BaseModel):
    """What both models have. It has no time to expire at, so that no server removes items by itself."""

    shelf: str
    number: int
    kind: str = "x"
    mark: str = ""
    amount: int = 0
    note: str | None = None
    tags: set[str] = Field(default_factory=set)
    lines: list[str] = Field(default_factory=list)
    facts: dict[str, int] = Field(default_factory=dict)
    expires: datetime | None = None

    @property
    def key(self) -> Key:
        """What names it."""
        return self.shelf, self.number

    class Meta:
        partition_key = "shelf"
        sort_key = "number"
        gsis = (GlobalIndex(INDEX, partition_key="kind", sort_key="number"),)


class Document(Shelved):
    """Counts no versions."""

    class Meta(Shelved.Meta):
        ttl = "expires"


class Edition(Shelved):
    """Counts its versions."""

    version: int = 0

    class Meta(Shelved.Meta):
        ttl = "expires"
        version = "version"


class Title(BaseModel):
    """A view of a document."""

    number: int
    mark: str
    tags: set[str] = Field(default_factory=set)


#: What is stored.
State: TypeAlias = Mapping[Key, Shelved]


@dataclass(frozen=True)
class Where:
    """A condition as plain data."""

    test: str
    value: Any = None
    is_negated: bool = False

    def holds(self, item: Shelved | None) -> bool:
        """Tell whether it holds of what is stored; of nothing, only what is negated does."""
        return (item is not None and self._holds_of(item)) is not self.is_negated

    def condition(self) -> Condition:
        """Say it in the words of the library."""
        found = _CONDITIONS[self.test](self.value)
        return not_(found) if self.is_negated else found

    def _holds_of(self, item: Shelved) -> bool:
        return _TESTS[self.test](item, self.value)


_TESTS: Final[Mapping[str, Callable[[Shelved, Any], bool]]] = {
    "amount >=": lambda item, value: item.amount >= value,
    "tagged": lambda item, value: value in item.tags,
    "noted": lambda item, _: item.note is not None,
    "lined": lambda item, value: value in item.lines,
}
_CONDITIONS: Final[Mapping[str, Callable[[Any], Condition]]] = {
    "amount >=": lambda value: attr("amount").ge(value),
    "tagged": lambda value: attr("tags").contains(value),
    "noted": lambda _: attr("note").exists(),
    "lined": lambda value: attr("lines").contains(value),
}


_CHANGES: Final[Mapping[str, Callable[[Shelved, Any, Any], Any]]] = {
    "set": lambda item, was, value: value,
    "remove": lambda item, was, value: None,
    "default": lambda item, was, value: value if was is None else was,
    "copy": lambda item, was, value: getattr(item, value),
    "increment": lambda item, was, value: was + value,
    "add": lambda item, was, value: was | value,
    "discard": lambda item, was, value: was - value,
    "append": lambda item, was, value: was + value,
    "prepend": lambda item, was, value: value + was,
    "put": lambda item, was, value: was | dict([value]),
    "drop": lambda item, was, value: {name: fact for name, fact in was.items() if name != value},
}
_ACTIONS: Final[Mapping[str, Callable[[Any, Any, Any], Action]]] = {
    "set": lambda document, field, value: set_(field).to(value),
    "remove": lambda document, field, value: remove(field),
    "default": lambda document, field, value: set_(field).if_not_exists(value),
    "copy": lambda document, field, value: set_(field).to(getattr(document, value)),
    "increment": lambda document, field, value: increment(field, value),
    "add": lambda document, field, value: add_to_set(field, value),
    "discard": lambda document, field, value: remove_from_set(field, value),
    "append": lambda document, field, value: append(field, value),
    "prepend": lambda document, field, value: prepend(field, value),
    "put": lambda document, field, value: set_(field[value[0]]).to(value[1]),
    "drop": lambda document, field, value: remove(field[value]),
}


def changed(item: Shelved, changes: Changes) -> Shelved:
    """Give what an update makes of an item; every action sees it as it was."""
    after = {field: _CHANGES[kind](item, getattr(item, field), value) for kind, field, value in changes}
    return item.model_copy(update=after)


def said(document: Any, changes: Changes) -> list[Action]:
    """Say an update in the words of the library, to the stand-in of a document."""
    return [_ACTIONS[kind](document, getattr(document, field), value) for kind, field, value in changes]


def is_expired(item: Shelved) -> bool:
    """Tell whether the time of an item is past."""
    return item.expires is not None and item.expires <= datetime.now(UTC)
