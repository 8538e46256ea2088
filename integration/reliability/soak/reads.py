"""Random reads of a task's own items, each compared with what the task knows."""

from __future__ import annotations

from contextlib import aclosing
from random import Random
from typing import Any

from dynarepo import AsyncDynamoDBRepository, PaginationResult
from dynarepo.exceptions import UnexpectedResponseError
from integration.reliability.soak.calls import Calls, Outcome
from integration.reliability.soak.holdings import Findings, Holding
from integration.reliability.world import Account

__all__ = ["Reads"]


class Reads:
    """
    Reads the accounts of one owner.

    Args:
        accounts: The way to them.
        held: What is known of them.
        owner: Whose they are.
        calls: Makes the calls.
        findings: Where goes what is wrong.
        random: Draws what is read.
    """

    def __init__(
        self,
        accounts: AsyncDynamoDBRepository[Account],
        held: Holding[Account],
        owner: str,
        calls: Calls,
        findings: Findings,
        random: Random,
    ) -> None:
        self._accounts = accounts
        self._held = held
        self._owner = owner
        self._calls = calls
        self._findings = findings
        self._random = random

    async def get(self) -> None:
        """Read one."""
        name = self._random.choice(self._held.keys())
        call = self._accounts.get_one(self._owner, name, consistent=True)
        outcome = await self._calls.make("get_one", call)
        if self._has_read(outcome):
            self._find({name: outcome.returned}, outcome.what)

    async def batch_get(self) -> None:
        """Read several."""
        keys = self._held.keys()
        names = self._random.sample(keys, self._random.randint(1, len(keys)))
        call = self._accounts.batch_get([(self._owner, name) for name in names], consistent=True)
        outcome = await self._calls.make("batch_get", call)
        if self._has_read(outcome):
            self._find(dict(zip(names, outcome.returned, strict=True)), outcome.what)

    async def query(self) -> None:
        """Read all."""
        is_descending = self._random.random() < 0.5
        call = self._accounts.query_by_pk(self._owner, limit=1000, descending=is_descending, consistent=True)
        outcome = await self._calls.make("query_by_pk", call)
        if self._has_read(outcome):
            items: list[Account] = outcome.returned.items
            self._find_listed(items[::-1] if is_descending else items, outcome.what)

    async def leave_pages(self) -> None:
        """Leave a listing early, and read on by its cursor."""
        seen: list[Account] = []
        pages = self._accounts.iter_query(self._owner, page_size=self._random.randint(1, 4), consistent=True)
        async with aclosing(pages):
            for _ in range(self._random.randint(1, 3)):
                outcome = await self._calls.make("iter_query", anext(pages, None))
                if outcome.returned is None:
                    self._has_read(outcome)
                    return
                page: PaginationResult[Account] = outcome.returned
                seen += page.items
        self._find_listed(seen, outcome.what, until=seen[-1].name if seen else "")
        if page.cursor is None:
            return
        options: dict[str, Any] = {"cursor": page.cursor, "limit": 1000, "consistent": True}
        outcome = await self._calls.make("a cursor", self._accounts.query_by_pk(self._owner, **options))
        if self._has_read(outcome):
            self._find_listed(seen + outcome.returned.items, outcome.what)

    def _has_read(self, outcome: Outcome) -> bool:
        if outcome.error is None:
            return True
        if not outcome.is_without_effect and not isinstance(outcome.error, UnexpectedResponseError):
            self._calls.foreign(outcome)
        return False

    def _find(self, found: dict[str, Account | None], how: str) -> None:
        for name, item in found.items():
            if item is not None and (item.owner, item.name) != (self._owner, name):
                self._findings.add("leaked", f"{how} gave another item than was asked for")
            else:
                self._held.find(name, item, how)

    def _find_listed(self, found: list[Account], how: str, *, until: str | None = None) -> None:
        names = [item.name for item in found]
        if any(item.owner != self._owner for item in found):
            self._findings.add("leaked", f"{how} gave items of somebody else")
        elif names != sorted(set(names)):
            self._findings.add("doubled", f"{how} gave items twice, or out of order")
        else:
            self._held.find_all({item.name: item for item in found}, how, until=until)
