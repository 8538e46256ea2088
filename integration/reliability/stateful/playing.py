"""
Sequences played step by step: each end is compared with what was foreseen, and what is stored with the dict.

A call that meets faults may fail without an effect, or end unknown. What is stored is then what it was, or
what it was to become, and the next consistent read tells which, once nothing is under way any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from dynarepo.exceptions import (
    ConditionFailedError,
    DynamoDBBatchOperationError,
    DynamoDBTransactionError,
    TransientError,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
)
from integration.reliability.stateful.desk import Desk, Foreseen, Step, shown
from integration.reliability.stateful.documents import Key, Shelved, State
from integration.reliability.stateful.groups import Batch
from integration.reliability.stateful.passages import Passage

__all__ = ["DifferenceError", "play"]

#: Judges what is stored.
Judge = Callable[[State], bool]

_UNKNOWN: Final = (WriteOutcomeUnknownError, UnexpectedResponseError)


class DifferenceError(Exception):
    """
    Something is not as foreseen.

    Args:
        column: The column of the table in which it counts.
        text: What is wrong.
    """

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


async def play(steps: Sequence[Step], passage: Passage) -> Counter[str]:
    """
    Play a sequence on empty shelves.

    Returns:
        How the calls ended, by the names of the errors.

    Raises:
        DifferenceError: A step did not end as foreseen; the text has all steps so far.
    """
    state: State = {}
    ends: Counter[str] = Counter()
    for number, step in enumerate(steps):
        foreseen = step.foresee(state)
        returned, error = await passage.called(step, state)
        ends["done" if error is None else type(error).__name__] += 1
        try:
            state = await _Played(step, state, foreseen, passage).after(returned, error)
        except DifferenceError as difference:
            text = f"step {number}: {difference}\n{shown(steps[: number + 1])}"
            raise DifferenceError(difference.column, text) from error
    return ends


class _Played:
    """A step that was played."""

    def __init__(self, step: Step, before: State, foreseen: Foreseen, passage: Passage) -> None:
        self._step = step
        self._before = before
        self._foreseen = foreseen
        self._passage = passage

    async def after(self, returned: object, error: Exception | None) -> State:
        """Judge the end, and what is stored then; give that."""
        permits = self._judge(returned, error)
        if error is None and self._foreseen.state is self._before:
            return self._before  # it was a read
        stored = await self._passage.straight.stored()
        if permits(stored):
            return stored
        column = "lost" if error is None else "doubled"
        raise DifferenceError(column, f"it ended with {error!r}, and there is stored {_shown(stored)}")

    def _judge(self, returned: object, error: Exception | None) -> Judge:
        foreseen, before = self._foreseen, self._before
        if error is None:
            self._check_returned(returned)
            return lambda stored: stored == foreseen.state
        if type(error) is foreseen.error:
            self._check_error(error)
            return lambda stored: stored == before
        if not self._passage.is_faulty:
            raise DifferenceError("leaked", f"it raised {error!r}, not {foreseen.error}")
        if isinstance(error, TransientError):
            return lambda stored: stored == before
        if isinstance(error, _UNKNOWN):
            done = before if foreseen.error else foreseen.state
            return lambda stored: stored in (before, done)
        if isinstance(error, DynamoDBBatchOperationError) and isinstance(self._step, Batch):
            return self._judge_of_batch(self._step, error)
        raise DifferenceError("leaked", f"it raised {error!r}, not {foreseen.error}")

    def _check_returned(self, returned: object) -> None:
        foreseen = self._foreseen
        if foreseen.error is not None:
            raise DifferenceError("doubled", f"it returned {returned!r} and should raise {foreseen.error}")
        may_give = foreseen.may_give if self._passage.is_faulty else ()
        if returned != foreseen.gives and returned not in may_give:
            raise DifferenceError("lost", f"it returned {returned!r}, not {foreseen.gives!r}")

    def _check_error(self, error: Exception) -> None:
        desk, foreseen = self._passage.straight, self._foreseen
        if isinstance(error, ConditionFailedError) and _bare(desk, error.item) != foreseen.item:
            raise DifferenceError("lost", f"{error!r} has the item {error.item!r}, not {foreseen.item!r}")
        if isinstance(error, DynamoDBTransactionError):
            failing = {at for at, reason in enumerate(error.reasons) if reason is not None}
            if failing != foreseen.failing:
                raise DifferenceError(
                    "leaked", f"the operations {failing} are given as the cause, not {foreseen.failing}"
                )

    def _judge_of_batch(self, batch: Batch, error: DynamoDBBatchOperationError) -> Judge:
        """Judge each key by the list in which the error has it."""
        desk, last = self._passage.straight, batch.last()
        failed, unknown = _keys(desk, error.failed_items), _keys(desk, error.unknown_items)
        if error.successful_count != len(last.keys() - failed - unknown):
            raise DifferenceError("lost", f"{error!r} does not count everything")

        def permits(stored: State) -> bool:
            for key in self._before.keys() | stored.keys() | last.keys():
                before, after = self._before.get(key), last.get(key, self._before.get(key))
                permitted = (before, after) if key in unknown else (before if key in failed else after,)
                if stored.get(key) not in permitted:
                    return False
            return True

        return permits


def _bare(desk: Desk, item: Any) -> Shelved | None:
    return None if item is None else desk.bare(item)


def _keys(desk: Desk, items: Sequence[Any]) -> set[Key]:
    """Give the keys of what a batch lists: items, or keys."""
    stored = [each.key if isinstance(each, Shelved) else each for each in items]
    return {(shelf.removeprefix(desk.prefix), number) for shelf, number in stored}


def _shown(state: State) -> str:
    return "\n    ".join(["", *(repr(item) for item in state.values())])
