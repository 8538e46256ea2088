"""Sequences of steps, drawn by a seed: the same seed draws the same steps, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, TypeVar

from integration.reliability.stateful.desk import SHELVES, Step
from integration.reliability.stateful.documents import Changes, Document, Edition, Key, Shelved, Where
from integration.reliability.stateful.groups import Batch, Operation, Transact
from integration.reliability.stateful.reads import Count, Get, OfIndex, Pages, Ping, Query, Range, Scan
from integration.reliability.stateful.writes import Base, Create, Delete, Mutate, Save, Update, Upsert

__all__ = ["STEPS", "draw", "model_of"]

T = TypeVar("T")

#: How many steps a sequence has.
STEPS: Final = 50

_NUMBERS: Final = (-3, 0, 1, 2, 10, 200)
_TAGS: Final = ("red", "green", "blue")
_TIMES: Final = (None, None, datetime(2001, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC))


def model_of(seed: int) -> type[Document | Edition]:
    """Give the model of a sequence: every other one counts versions."""
    return Edition if seed % 2 else Document


def draw(seed: int) -> list[Step]:
    """Draw the steps of a sequence."""
    return _Drawing(seed).steps()


class _Drawing:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311
        self._model = model_of(seed)
        self._number = 0

    def steps(self) -> list[Step]:
        """Draw all of them; what is written comes more often than what is read."""
        weights: dict[Callable[[], Step], int] = {
            self._save: 10,
            self._create: 6,
            self._upsert: 5,
            self._update: 12,
            self._mutate: 4,
            self._delete: 6,
            self._batch: 6,
            self._transact: 8,
            self._get: 8,
            self._query: 5,
            self._pages: 4,
            self._count: 2,
            self._scan: 2,
            self._of_index: 3,
            Ping: 1,
        }
        drawn = self._random.choices(list(weights), list(weights.values()), k=STEPS)
        return [step() for step in drawn]

    # Writes

    def _save(self) -> Step:
        return Save(self._item(), self._base(), self._where(), self._sometimes())

    def _create(self) -> Step:
        return Create(self._item(), self._sometimes())

    def _upsert(self) -> Step:
        return Upsert(self._item(), self._where(), self._sometimes())

    def _update(self) -> Step:
        as_dict = self._sometimes()
        changes = self._changes(as_dict=as_dict)
        return Update(self._key(), changes, as_dict, self._where(), self._demanded(), self._sometimes())

    def _mutate(self) -> Step:
        return Mutate(self._key(), self._mark(), self._model is Edition, self._sometimes())

    def _delete(self) -> Step:
        return Delete(self._key(), self._where(), self._demanded(), self._sometimes())

    def _batch(self) -> Step:
        how = self._one("batch_write", "batch_write, as they come", "batch_delete", "batch")
        drawn = range(self._random.choice((1, 3, 8, 30)))
        if how == "batch_delete":
            return Batch([self._key() for _ in drawn], how)
        if how == "batch":
            return Batch([self._item() if self._sometimes(0.6) else self._key() for _ in drawn], how)
        return Batch([self._item() for _ in drawn], how)

    def _transact(self) -> Step:
        keys = self._random.sample(self._keys(), self._random.randint(1, 6))
        return Transact([self._operation(key) for key in keys], self._sometimes())

    def _operation(self, key: Key) -> Operation:
        kind = self._one("put", "put", "create", "update", "delete", "check")
        where = self._where(0.2)
        match kind:
            case "put":
                return Operation(kind, key, self._item(key), where=where, base=self._base(0.1))
            case "create":
                return Operation(kind, key, self._item(key))
            case "update":
                return Operation(kind, key, changes=self._changes(), where=where)
            case "check":
                return Operation(kind, key, where=self._where(1))
        return Operation("delete", key, where=where)

    # Reads

    def _get(self) -> Step:
        how = self._one("get_one", "batch_get", "transact_get")
        keys = self._random.sample(self._keys(), self._random.randint(1, 8))
        if how == "batch_get":
            keys += keys[:2]
        return Get(keys[:1] if how == "get_one" else keys, how, self._sometimes(), self._sometimes())

    def _query(self) -> Step:
        limit = self._one(1, 2, 3, 100)
        return Query(self._range(), limit, self._one(None, 1, 2, 5), self._sometimes(0.5), self._sometimes())

    def _pages(self) -> Step:
        leaves_after = self._one(1, 2, 5, 100)
        return Pages(self._range(), self._one(1, 2, 3), leaves_after, self._sometimes(0.5))

    def _count(self) -> Step:
        return Count(self._range())

    def _scan(self) -> Step:
        how = self._one("scan", "iter_scan", "iter_scan_items")
        return Scan(how, self._where(), self._one(1, 3), self._one(None, 2))

    def _of_index(self) -> Step:
        return OfIndex(self._one("x", "y"), self._sometimes(), self._one(1, 3, 100))

    # Their parts

    def _item(self, key: Key | None = None) -> Shelved:
        shelf, number = key or self._key()
        return self._model(
            shelf=shelf,
            number=number,
            kind=self._one("x", "y"),
            mark=self._mark(),
            amount=self._random.randint(-5, 20),
            note=self._one(None, "", "mind the cat"),
            tags=set(self._random.sample(_TAGS, self._random.randint(0, 3))),
            lines=self._random.choices("lmn", k=self._random.randint(0, 3)),
            facts={name: self._random.randint(0, 9) for name in self._random.sample("pqr", 2)},
            expires=self._one(*_TIMES),
        )

    def _changes(self, *, as_dict: bool = False) -> Changes:
        """Draw actions, each of a field of its own; the mark tells the update from every other."""
        ways: dict[str, Callable[[], tuple[str, Any]]] = {
            "amount": lambda: self._one(("increment", self._random.randint(-3, 9)), ("set", 5)),
            "note": lambda: self._one(("set", "new"), ("remove", None), ("default", "dry"), ("copy", "mark")),
            "tags": lambda: (self._one("add", "discard", "set"), {self._one(*_TAGS)}),
            "lines": lambda: (self._one("append", "prepend", "set"), [self._one("l", "m")]),
            "facts": lambda: self._one(("put", ("p", 7)), ("drop", "q"), ("set", {"r": 1})),
            "expires": lambda: ("set", _TIMES[-1]),
            "kind": lambda: ("set", self._one("x", "y")),
        }
        if as_dict:
            plain: dict[str, Any] = {
                "amount": 5,
                "note": None,
                "tags": {"red"},
                "lines": [],
                "facts": {"p": 1},
            }
            ways = {name: lambda value=value: ("set", value) for name, value in plain.items()}  # type: ignore[misc]
        fields = self._random.sample(list(ways), self._random.randint(0, 3))
        drawn = {field: ways[field]() for field in fields}
        others = ((kind, field, value) for field, (kind, value) in drawn.items())
        return [("set", "mark", self._mark()), *others]

    def _where(self, share: float = 0.3) -> Where | None:
        if not self._sometimes(share):
            return None
        test = self._one("amount >=", "tagged", "noted", "lined")
        values = {"amount >=": self._random.randint(-5, 20), "tagged": "red", "lined": "l"}
        return Where(test, values.get(test), self._sometimes(0.4))

    def _range(self) -> Range:
        low, high = sorted(self._random.choices(_NUMBERS, k=2))
        operator = self._one(None, None, "eq", "ne", "lt", "le", "gt", "ge", "between")
        shelf, where = self._one(*SHELVES), self._where()
        return Range(shelf, operator, low, high, where, self._sometimes(0.4), self._sometimes(0.2))

    def _base(self, wrong: float = 0.25) -> Base:
        return self._one("none", "stale") if self._sometimes(wrong) else "stored"

    def _demanded(self) -> Base | None:
        return self._base() if self._model is Edition and self._sometimes(0.4) else None

    def _keys(self) -> list[Key]:
        return [(shelf, number) for shelf in SHELVES for number in _NUMBERS]

    def _key(self) -> Key:
        return self._one(*self._keys())

    def _mark(self) -> str:
        self._number += 1
        return f"m{self._number}"

    def _one(self, *choices: T) -> T:
        return self._random.choice(choices)

    def _sometimes(self, share: float = 0.25) -> bool:
        return self._random.random() < share
