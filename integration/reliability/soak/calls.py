"""Calls and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final

from dynarepo import DynamoDBConfig
from dynarepo.exceptions import TransientError, UnexpectedResponseError, WriteOutcomeUnknownError
from integration.reliability.scenarios import Lateness
from integration.reliability.soak.holdings import Findings

__all__ = ["Calls", "Outcome"]

_GRACE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of a call.

    Attributes:
        what: What it is called in messages.
        returned: What it gave, if `error` is none.
        error: What it raised.
        is_settled: Whether nothing of it can still be on its way, as no attempt was given up.
    """

    what: str
    returned: Any
    error: Exception | None
    is_settled: bool

    @property
    def is_unknown(self) -> bool:
        """Whether nobody can know if a write was done."""
        return isinstance(self.error, WriteOutcomeUnknownError | UnexpectedResponseError)

    @property
    def is_without_effect(self) -> bool:
        """Whether it surely was not done."""
        return isinstance(self.error, TransientError)


class Calls:
    """
    Makes the calls of all tasks, and sees that each ends with its deadline.

    Attributes:
        made: How many were made.
        overdue: How many took longer than their deadline, be it by the machine's doing.
        lateness: How late the loop is.
    """

    def __init__(self, config: DynamoDBConfig, findings: Findings) -> None:
        self._config = config
        self._findings = findings
        self.lateness = Lateness()
        self.made = 0
        self.overdue = 0

    async def make(self, what: str, call: Awaitable[object]) -> Outcome:
        """Wait for a call, and say how it ended."""
        clock, returned, error = asyncio.get_running_loop().time, None, None
        began = clock()
        try:
            returned = await call
        except Exception as raised:  # noqa: BLE001 - judged by the task, the foreign ones too
            error = raised
        self.made += 1
        self._check_end(what, began + self._config.deadline)
        return Outcome(what, returned, error, clock() - began < self._config.attempt_timeout)

    def foreign(self, outcome: Outcome) -> None:
        """Note an error that does not belong there."""
        self._findings.add("leaked", f"{outcome.what} raised {outcome.error!r}")

    def _check_end(self, what: str, due: float) -> None:
        now = asyncio.get_running_loop().time()
        if now <= due:
            return
        self.overdue += 1
        late = now - due - self.lateness.since(due - 0.1)
        if late > _GRACE_SECONDS:
            self._findings.add("leaked", f"{what} took {late:.2f} s more than its deadline")
