"""Queries and scans planned: which index, what is filtered, and how much of the items travels."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from dynarepo._codec import IndexKeys, KeyAttribute, ModelResolver
from dynarepo._expressions import (
    Clause,
    ExpressionWriter,
    SortKeyCondition,
    Where,
    check_length,
    condition_of,
    is_never,
)
from dynarepo._limits import MAX_SEGMENTS
from dynarepo._record import Record
from dynarepo._requests._guard import is_live, is_ours
from dynarepo._requests._key_conditions import partition_values, sort_conditions
from dynarepo._requests._listings import Listing
from dynarepo._requests._reading import Reading
from dynarepo._requests._target import Target, check_flag
from dynarepo._wire import Payload
from dynarepo.exceptions import InvalidRequestError

__all__ = ["Asked", "check_segment", "check_segments", "query", "scan"]

T = TypeVar("T", bound=BaseModel)


class Asked(Record, Generic[T], frozen=True):
    """
    What a caller asks of a query, scan or count.

    Attributes:
        reading: What is made of the items.
        where: The caller's condition.
        index: The name of an index.
        consistent: Whether to read consistently; `None` leaves it to the configuration.
        hydrate: Whether items may be read from the table where the index does not hold enough.
        counts: Whether only the number of items is asked for.
    """

    reading: Reading[Any]
    where: Where[T] | None = None
    index: str | None = None
    consistent: bool | None = None
    hydrate: bool = False
    counts: bool = False


def query(
    target: Target[T],
    pk: object,
    sk_condition: SortKeyCondition | None,
    asked: Asked[T],
    *,
    descending: bool = False,
) -> Listing:
    """Plan a Query of one partition of the table or of an index."""
    plan = _Plan.of(target, asked)
    hashes, ranges = plan.keys()
    plan = plan.without({key.attribute for key in (*hashes, *ranges)})
    if sk_condition is None:
        plan.check_countable(ranges)
    writer = plan.writer()
    partition = partition_values(hashes, pk)
    equals = [f"{writer.attribute(name)} = {writer.value(value)}" for name, value in partition.items()]
    conditions, split = sort_conditions(writer, ranges, sk_condition)
    base = " AND ".join(equals)
    order: Payload = {}
    if check_flag("descending", descending):
        order, conditions = {"ScanIndexForward": False}, conditions[::-1]
    texts = tuple(check_length(" AND ".join([base, *condition])) for condition in conditions)
    return plan.listing("Query", writer, order, ranges=texts, partition=partition, split=split)


def scan(target: Target[T], asked: Asked[T], segment: tuple[int, int] | None = None) -> Listing:
    """Plan a Scan of the table or of an index, or of one segment of it."""
    plan = _Plan.of(target, asked)
    listing = plan.listing("Scan", plan.writer(), {})
    return listing if segment is None else listing.segment(*check_segment(segment))


def check_segments(segments: int) -> int:
    """Refuse a number of segments that the service does not know."""
    if isinstance(segments, bool) or not isinstance(segments, int) or not 1 <= segments <= MAX_SEGMENTS:
        raise InvalidRequestError(f"segments is a whole number from 1 to {MAX_SEGMENTS}")
    return segments


def check_segment(segment: tuple[int, int]) -> tuple[int, int]:
    """Refuse what is not one of so many segments."""
    if isinstance(segment, tuple) and len(segment) == 2 and all(type(part) is int for part in segment):
        number, total = segment
        if 0 <= number < total <= MAX_SEGMENTS:
            return segment
    raise InvalidRequestError(
        f"segment is a tuple (number, total): a number from 0, of at most {MAX_SEGMENTS} segments"
    )


class _Plan(Record, Generic[T], frozen=True):
    """One listing in the making; `queried` are the keys that a filter may not name."""

    target: Target[T]
    asked: Asked[T]
    index: IndexKeys | None
    queried: frozenset[str] = frozenset()

    @classmethod
    def of(cls, target: Target[T], asked: Asked[T]) -> _Plan[T]:
        if check_flag("hydrate", asked.hydrate) and asked.index is None:
            raise InvalidRequestError("hydrate=True reads the items behind an index; give index=")
        return _Plan(target, asked, None if asked.index is None else find_index(target, asked.index))

    def without(self, keys: set[str]) -> _Plan[T]:
        return _Plan(self.target, self.asked, self.index, frozenset(keys))

    def keys(self) -> tuple[tuple[KeyAttribute, ...], tuple[KeyAttribute, ...]]:
        if self.index is not None:
            return self.index.partition, self.index.sort
        table = self.target.source.table.attributes
        return table[:1], table[1:]

    def writer(self) -> ExpressionWriter:
        return ExpressionWriter(ModelResolver(self.target.source, self._refused))

    def listing(self, operation: str, writer: ExpressionWriter, payload: Payload, **ranges: Any) -> Listing:
        payload = self.target.payload(**payload)
        if self.index is not None:
            payload["IndexName"] = self.index.name
        if self._is_consistent():
            payload["ConsistentRead"] = True
        condition, live = condition_of(self.asked.where), self._live(writer)
        clauses = [*self._ours(writer), *([live[0]] if live else [])]
        text = writer.conjunction(clauses, condition)
        if text:
            payload["FilterExpression"] = text
        identity = writer.into(dict(payload))
        if live is not None:
            # Time goes on from page to page; a cursor stays good.
            del identity["ExpressionAttributeValues"][live[1]]
        hydrates = self._hydrates()
        return Listing(
            operation,
            writer.into(payload | self._extent(writer, hydrates=hydrates)),
            self._positions(),
            identity=identity,
            is_empty=condition is not None and is_never(condition),
            hydrates=hydrates,
            sifts=not hydrates and self._sifts(),
            **ranges,
        )

    def _positions(self) -> tuple[KeyAttribute, ...]:
        keys = (*self.target.source.table.attributes, *(self.index.attributes if self.index else ()))
        return tuple({key.attribute: key for key in keys}.values())

    def _extent(self, writer: ExpressionWriter, *, hydrates: bool) -> Payload:
        """Say how much of each item is sent."""
        if self.asked.counts:
            return {"Select": "COUNT"}
        names = [key.attribute for key in self._positions()]
        if hydrates:
            return {"ProjectionExpression": ", ".join(writer.attribute(name) for name in names)}
        projection = self.asked.reading.project(writer, names)
        if projection is not None:
            return {"ProjectionExpression": projection}
        index = self.index
        if index is not None and not index.is_global and index.projected is not None:
            # A local index fetches from the table what it does not hold itself.
            return {"Select": "ALL_ATTRIBUTES"}
        return {}

    def check_countable(self, ranges: tuple[KeyAttribute, ...]) -> None:
        """Refuse to count where the discriminator is the sort key, which can only be demanded as such."""
        kind = self.target.source.discriminator
        if self.asked.counts and kind is not None and kind.attribute in {key.attribute for key in ranges}:
            raise InvalidRequestError(
                f"the discriminator {kind.attribute} is the sort key: state it in the sort key condition"
            )

    def _held(self) -> frozenset[str] | None:
        """Give the attributes that the table or index holds; `None` where it holds all."""
        if self.index is None or self.index.projected is None:
            return None
        return self.index.projected | {key.attribute for key in self._positions()}

    def _holds(self, name: str) -> bool:
        held = self._held()
        return held is None or name in held

    def _can_filter(self, name: str) -> bool:
        return name not in self.queried and self._holds(name)

    def _refused(self, name: str) -> str | None:
        if name in self.queried:
            return (
                "a key of the queried table or index cannot be filtered; state it in the sort key condition"
            )
        if not self._holds(name):
            return "the index does not hold it; filter what it holds, or include it in the index"
        return None

    def _hydrates(self) -> bool:
        """Tell whether the index holds too little; refuse if that is not to be helped."""
        reading, held = self.asked.reading, self._held()
        needed = reading.marks if self.asked.counts else reading.needed
        # A local index fetches from the table what it does not hold; it only cannot filter or count by it.
        fetches = self.index is not None and not self.index.is_global and not self.asked.counts
        lacking = set() if held is None or fetches else needed - held
        if lacking and not self.asked.hydrate:
            help_ = "" if self.asked.counts else ": read a view of what it holds, or with hydrate=True"
            name = "" if self.index is None else self.index.name
            raise InvalidRequestError(
                f"index {name} does not hold what {reading.reader.name} needs "
                f"({', '.join(sorted(lacking))}){help_}"
            )
        return bool(lacking)

    def _sifts(self) -> bool:
        """Tell whether items are to be looked at one by one, because no filter can tell which ones count."""
        return any(not self._can_filter(name) for name in self.asked.reading.marks)

    def _ours(self, writer: ExpressionWriter) -> list[Clause]:
        kind = self.target.source.discriminator
        if kind is None or not self._can_filter(kind.attribute):
            return []
        return [is_ours(writer, kind)]

    def _live(self, writer: ExpressionWriter) -> tuple[Clause, str] | None:
        reading = self.asked.reading
        if reading.expiry is None or not self._holds(reading.expiry):
            return None
        if reading.expiry in self.queried:
            raise InvalidRequestError(
                "the expiry time is a key of the queried index: state it in the sort key condition"
            )
        now = writer.value({"N": str(reading.now)})
        return is_live(writer, reading.expiry, now), now

    def _is_consistent(self) -> bool:
        is_global, consistent = self.index is not None and self.index.is_global, self.asked.consistent
        if consistent is not None and check_flag("consistent", consistent) and is_global:
            raise InvalidRequestError("a global index cannot be read consistently; leave out consistent=True")
        return bool(self.target.consistent_read and not is_global if consistent is None else consistent)


def find_index(target: Target[T], name: str) -> IndexKeys:
    """Look up an index; `InvalidRequestError` if the model declares none of this name."""
    indexes = target.source.indexes
    try:
        return indexes[name]
    except (KeyError, TypeError):
        known = ", ".join(sorted(indexes)) or "none"
        raise InvalidRequestError(
            f"{target.source.name} declares no index of this name; it has {known}"
        ) from None
