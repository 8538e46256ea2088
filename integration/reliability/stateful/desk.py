"""Where a sequence works: shelves of its own in a table that others use too, and what a step is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from dynarepo import AsyncDynamoDBRepository, DynamoDBConnection
from dynarepo.exceptions import DynamoDBServiceError
from integration.reliability.stateful.documents import Changes, Key, Shelved, State, said

__all__ = ["SHELVES", "Desk", "Foreseen", "Step", "shown"]

SHELVES = ("a", "b")

S = TypeVar("S", bound=Shelved)


@dataclass(frozen=True)
class Foreseen:
    """
    How a step must end: done, or refused with nothing changed.

    Attributes:
        state: What is stored when it was done.
        gives: What it returns then.
        may_give: What else, after a lost reply.
        error: What it raises instead.
        item: What the error says is stored.
        failing: The places of the operations that cancel a transaction.
    """

    state: State
    gives: Any = None
    may_give: tuple[Any, ...] = ()
    error: type[DynamoDBServiceError] | None = None
    item: Shelved | None = None
    failing: frozenset[int] = frozenset()


class Step(Protocol):
    """One call, with all of its arguments; shown in messages, so that it can be repeated."""

    def foresee(self, state: State) -> Foreseen:
        """Say how it must end."""
        ...

    async def call(self, desk: Desk, state: State) -> object:
        """Make the call; give what it returned, with the names that the steps use."""
        ...


@dataclass(frozen=True)
class Desk:
    """
    The way of one sequence to its items.

    Args:
        connection: What it goes by.
        repository: Its model's.
        prefix: What tells its shelves and kinds from those of other sequences.
    """

    connection: DynamoDBConnection
    repository: AsyncDynamoDBRepository[Any]
    prefix: str

    def key(self, key: Key) -> Key:
        """Give a key as it is stored."""
        shelf, number = key
        return self.prefix + shelf, number

    def item(self, item: Shelved) -> Shelved:
        """Give an item as it is stored."""
        return item.model_copy(update={"shelf": self.prefix + item.shelf, "kind": self.prefix + item.kind})

    def bare(self, item: S) -> S:
        """Give an item as the steps name it."""
        bare = {name: getattr(item, name, "").removeprefix(self.prefix) for name in ("shelf", "kind")}
        return item.model_copy(update={name: text for name, text in bare.items() if hasattr(item, name)})

    def bare_all(self, items: Iterable[Any]) -> list[Any]:
        """Give items, where there are any, as the steps name them."""
        return [None if item is None else self.bare(item) for item in items]

    def update(self, changes: Changes) -> Any:
        """Give an update as a repository takes it."""
        stored = [
            (kind, field, self.prefix + value if (kind, field) == ("set", "kind") else value)
            for kind, field, value in changes
        ]
        return lambda document: said(document, stored)

    async def stored(self) -> State:
        """Read everything."""
        found: dict[Key, Shelved] = {}
        for shelf in SHELVES:
            async for item in self.repository.iter_query_items(self.prefix + shelf, consistent=True):
                bare = self.bare(item)
                found[bare.key] = bare
        return found

    async def clear(self) -> None:
        """Delete everything."""
        await self.repository.batch_delete([self.key(key) for key in await self.stored()])


def shown(steps: Sequence[Step]) -> str:
    """Show steps, one a line."""
    return "\n".join(f"{number:3}  {step}" for number, step in enumerate(steps))
