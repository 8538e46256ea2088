"""What requests will probably consume, learned from what requests of the same kind did."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from dynarepo._observability import entry_count
from dynarepo._wire import Payload

__all__ = ["Estimates", "kind_of"]

_MOST_KINDS: Final = 512
_FORGETTING: Final = 0.125


def kind_of(operation: str, payload: Payload) -> tuple[Hashable, int]:
    """Give what requests of which each item consumes alike have in common, and the number of items."""
    table = payload.get("TableName") or "".join(payload.get("RequestItems", ()))
    kind = (operation, table, payload.get("IndexName"), payload.get("Limit"), payload.get("ConsistentRead"))
    return kind, entry_count(payload)


class Estimates:
    """
    Units for each item of a request, by kind.

    It follows the most that was seen at once, and what is less slowly: too much is given back, and too little
    is a debt. Kinds that were not seen for long are forgotten.
    """

    def __init__(self) -> None:
        self._units: dict[Hashable, float] = {}

    def of(self, kind: Hashable) -> float | None:
        """Give what an item of this kind takes; `None` where none was seen."""
        return self._units.get(kind)

    def learn(self, kind: Hashable, units: float) -> None:
        """Take note of what an item of this kind took."""
        known = self._units.pop(kind, units)
        self._units[kind] = max(units, known + (units - known) * _FORGETTING)
        if len(self._units) > _MOST_KINDS:
            del self._units[next(iter(self._units))]
