"""
One model with every kind of index, random writes to it, and what they leave in the table, said in Python.

The oracle keeps the fields of each item that are stored, and makes the raw items from them by hand, the keys
of the indexes included. It uses nothing of the library but the names of its errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st
from pydantic import BaseModel

from dynarepo import (
    ConditionFailedError,
    DynamoDBTransactionError,
    GlobalIndex,
    InvalidRequestError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    KeyTemplate,
    LocalIndex,
    RequestRefusedError,
)

__all__ = [
    "INDEXES",
    "KEYS",
    "Action",
    "Changes",
    "Foreseen",
    "Index",
    "Key",
    "Operation",
    "Parcel",
    "Raw",
    "State",
    "actions",
    "entries",
    "fields",
    "foresee",
    "foresee_all",
    "foresee_batch",
    "keys",
    "operations",
    "parcels",
    "populations",
    "rank",
    "raw_item",
    "raw_key",
    "wheres",
]

_DEPOT: Final = KeyTemplate("depot_key", "DEPOT#{depot}#{status}")
_STATUS: Final = KeyTemplate("status_key", "STATUS#{status}")
_PLACE: Final = KeyTemplate("place_key", "{depot}#{due}#{number:04}")


class Parcel(BaseModel):
    """`status`, `depot` and `due` each stand in the keys of two indexes or more."""

    tenant: str
    number: int
    status: str
    due: datetime
    depot: str | None = None
    carrier: str | None = None
    weight: int | None = None
    express: bool = False
    note: str | None = None

    @property
    def key(self) -> Key:
        """What names it."""
        return self.tenant, self.number

    class Meta:
        partition_key = KeyTemplate("pk", "TENANT#{tenant}")
        sort_key = KeyTemplate("sk", "PARCEL#{number:04}")
        gsis = (
            GlobalIndex("by_depot", partition_key=_DEPOT, sort_key="due"),
            GlobalIndex("by_carrier", partition_key="carrier", sort_key="weight"),
            GlobalIndex("by_express", partition_key="express", sort_key="due"),
            GlobalIndex("by_status", partition_key=_STATUS, sort_key=_PLACE, projection="KEYS_ONLY"),
            GlobalIndex("routes", "carrier", ("express", "number"), projection=("note",)),
        )
        lsis = (LocalIndex("by_weight", sort_key="weight"),)


@dataclass(frozen=True)
class Index:
    """The key attributes of an index, and what else it holds; `None` for everything."""

    name: str
    partition: str
    sort: tuple[str, ...]
    projected: frozenset[str] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole items."""
        return self.projected is None


INDEXES: Final = (
    Index("by_depot", "depot_key", ("due",)),
    Index("by_carrier", "carrier", ("weight",)),
    Index("by_express", "express", ("due",)),
    Index("by_status", "status_key", ("place_key",), frozenset()),
    Index("routes", "carrier", ("express", "number"), frozenset({"note"})),
    Index("by_weight", "pk", ("weight",)),
)

Key: TypeAlias = tuple[str, int]
#: The fields of an item that are stored: a field that is `None`, or removed, is not there.
Stored: TypeAlias = Mapping[str, Any]
State: TypeAlias = Mapping[Key, Stored]
Raw: TypeAlias = dict[str, dict[str, str]]
#: What is done, the field, and a value: an action of an update as plain data.
Action: TypeAlias = tuple[str, str, Any]
Changes: TypeAlias = dict[str, Any] | list[Action]

#: A template of an index is made again from all of its fields, so an update that tells some may be refused.
_TEMPLATES: Final = (frozenset({"depot", "status"}), frozenset({"depot", "due"}))
_IN_TEMPLATES: Final = frozenset({"depot", "status", "due"})
_IN_KEYS: Final = _IN_TEMPLATES | {"carrier", "weight", "express"}

KEYS: Final[Sequence[Key]] = [(tenant, number) for tenant in ("ada", "é🦊") for number in (7, 10, 200)]
_NOON: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)

keys: Final = st.sampled_from(KEYS)
_statuses: Final = st.sampled_from(["open", "paid"])
_good: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "status": _statuses,
    "due": st.sampled_from(
        [
            _NOON,
            _NOON + timedelta(microseconds=1),
            datetime(2026, 1, 31, 13, 30, tzinfo=timezone(timedelta(hours=2))),
            datetime(999, 12, 31, tzinfo=UTC),
        ]
    ),
    "depot": st.sampled_from([None, "", "north", "nörd"]),
    "carrier": st.sampled_from([None, "post", "rail"]),
    "weight": st.none() | st.integers(-2, 11),
    "express": st.booleans(),
    "note": st.sampled_from([None, "", "mind the cat"]),
}
#: Now and then what cannot stand in a key: the text behind a place of a template, and nothing.
_values: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    **_good,
    "depot": st.sampled_from([*[None, "", "north", "nörd"] * 5, "a#b"]),
    "carrier": st.sampled_from([*[None, "post", "rail"] * 7, ""]),
}


def _parcels(key: Key, values: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Parcel]:
    return st.builds(Parcel, tenant=st.just(key[0]), number=st.just(key[1]), **values)


parcels: Final[st.SearchStrategy[Parcel]] = keys.flatmap(lambda key: _parcels(key, _values))
#: One item for each key, to begin with.
populations: Final[st.SearchStrategy[list[Parcel]]] = st.tuples(*(_parcels(key, _good) for key in KEYS)).map(
    list
)
#: What is to hold of the status that is stored: often nothing.
wheres: Final = st.sampled_from([None, None, None, "open", "paid"])
fields: Final[st.SearchStrategy[dict[str, Any]]] = st.fixed_dictionaries({}, optional=_values).filter(bool)
_actions: Final[st.SearchStrategy[Action]] = st.one_of(
    [st.tuples(st.just("set"), st.just(field), values) for field, values in _values.items()]
    + [
        st.tuples(st.just("remove"), st.sampled_from(["carrier", "weight", "express", "note"]), st.none()),
        st.tuples(st.just("increment"), st.just("weight"), st.integers(-3, 3)),
        st.tuples(st.just("set if missing"), st.just("note"), st.just("fragile")),
        st.tuples(st.just("copy"), st.just("note"), st.just("status")),
        # Refused: a key is made again from whole values only.
        st.tuples(st.sampled_from(["remove", "set if missing"]), st.just("depot"), st.just("north")),
        st.tuples(st.just("set if missing"), st.just("weight"), st.just(1)),
    ]
)
actions: Final[st.SearchStrategy[list[Action]]] = st.lists(
    _actions, min_size=1, max_size=4, unique_by=lambda action: action[1]
)
_changes: Final[st.SearchStrategy[Changes]] = st.one_of(fields, actions)


@dataclass(frozen=True)
class Operation:
    """A write of one item; a whole one takes a parcel, an update its changes."""

    kind: str
    key: Key
    parcel: Parcel | None = None
    changes: Changes | None = None
    where: str | None = None


def _whole(kind: str, where: st.SearchStrategy[str | None]) -> st.SearchStrategy[Operation]:
    return st.builds(
        lambda parcel, status: Operation(kind, parcel.key, parcel, where=status),
        parcels,
        where,
    )


#: Operations of a transaction.
operations: Final[st.SearchStrategy[Operation]] = st.one_of(
    _whole("put", wheres),
    _whole("create", st.none()),
    st.builds(Operation, st.just("update"), keys, st.none(), _changes, wheres),
    st.builds(Operation, st.just("delete"), keys, st.none(), st.none(), wheres),
    st.builds(Operation, st.just("check"), keys, st.none(), st.none(), _statuses),
)


@dataclass(frozen=True)
class Foreseen:
    """
    What a call may end in: a new state, one of some errors with nothing changed, or either.

    Attributes:
        state: The table afterwards; `None` where the call cannot be done.
        errors: What it may raise instead.
        failing: The places of the operations of a transaction whose conditions do not hold.
    """

    state: State | None
    errors: tuple[type[Exception], ...] = ()
    failing: frozenset[int] = frozenset()


def foresee(state: State, operation: Operation) -> Foreseen:
    """Tell what becomes of a call that writes one item."""
    return _either(state, [operation], _condition(state.get(operation.key), operation))


def foresee_all(state: State, operations: Sequence[Operation]) -> Foreseen:
    """Tell what becomes of a transaction."""
    failing = {
        at
        for at, operation in enumerate(operations)
        if _condition(state.get(operation.key), operation) is not None
    }
    error = DynamoDBTransactionError if failing else None
    foreseen = _either(state, operations, error)
    return Foreseen(foreseen.state, foreseen.errors, frozenset(failing))


def foresee_batch(state: State, written: Iterable[Parcel], deleted: Iterable[Key] = ()) -> Foreseen:
    """Tell what becomes of a batch: the last item of a key is what counts."""
    puts = [Operation("put", parcel.key, parcel) for parcel in written]
    return _either(state, [*puts, *(Operation("delete", key) for key in deleted)], None)


def _either(state: State, operations: Sequence[Operation], failed: type[Exception] | None) -> Foreseen:
    """Put together what is refused unsent and what the table answers."""
    may_be_refused = any(_is_incomplete(operation.changes) for operation in operations)
    if any(_is_refused(operation) for operation in operations):
        # Where parts of a key are read first, that there is no item is known before they are refused.
        answer = () if failed is None or not may_be_refused else (failed,)
        return Foreseen(None, (RequestRefusedError, *answer))
    refusal = (InvalidRequestError,) if may_be_refused else ()
    if failed is not None:
        return Foreseen(None, (failed, *refusal))
    after = dict(state)
    for operation in operations:
        _apply(after, operation)
    return Foreseen(after, refusal)


def _apply(state: dict[Key, Stored], operation: Operation) -> None:
    if operation.parcel is not None:
        state[operation.key] = _present(dict(operation.parcel))
    elif operation.changes is not None:
        state[operation.key] = _changed(state[operation.key], operation.changes)
    elif operation.kind == "delete":
        state.pop(operation.key, None)


def _changed(stored: Stored, changes: Changes) -> Stored:
    after = dict(stored)
    for kind, field, value in _actions_of(changes):
        match kind:
            case "set":
                after[field] = value
            case "remove":
                after.pop(field, None)
            case "increment":
                after[field] = stored.get(field, 0) + value
            case "set if missing":
                after.setdefault(field, value)
            case "copy":
                after[field] = stored[value]
    return _present(after)


def _present(fields: Stored) -> Stored:
    return {field: value for field, value in fields.items() if value is not None}


def _actions_of(changes: Changes) -> list[Action]:
    if isinstance(changes, list):
        return changes
    return [("set", field, value) for field, value in changes.items()]


def _condition(stored: Stored | None, operation: Operation) -> type[Exception] | None:
    """Give the error of a condition that does not hold."""
    if operation.kind == "create":
        return None if stored is None else ItemAlreadyExistsError
    if operation.kind == "update" and stored is None:
        return ItemNotFoundError
    status = None if stored is None else stored["status"]
    return None if operation.where in (None, status) else ConditionFailedError


def _is_refused(operation: Operation) -> bool:
    """Tell whether a value cannot stand in a key, or an action cannot change one."""
    if operation.parcel is not None:
        return _has_bad_key(dict(operation.parcel))
    actions = _actions_of(operation.changes or {})
    if _has_bad_key({field: value for kind, field, value in actions if kind == "set"}):
        return True
    return any(
        (kind == "set if missing" and field in _IN_KEYS) or (kind == "remove" and field in _IN_TEMPLATES)
        for kind, field, _ in actions
    )


def _has_bad_key(fields: Stored) -> bool:
    return "#" in (fields.get("depot") or "") or fields.get("carrier") == ""


def _is_incomplete(changes: Changes | None) -> bool:
    fields = {field for kind, field, _ in _actions_of(changes or {}) if kind == "set"}
    return any(template & fields and template - fields for template in _TEMPLATES)


def raw_key(key: Key) -> Raw:
    """Give the key of the table."""
    return {"pk": {"S": f"TENANT#{key[0]}"}, "sk": {"S": f"PARCEL#{key[1]:04}"}}


def raw_item(stored: Stored) -> Raw:
    """Give an item as it is in the table, with all keys that its fields make, and no other."""
    due, number = _stamp(stored["due"]), stored["number"]
    raw = raw_key((stored["tenant"], number))
    raw |= {
        "number": {"N": str(number)},
        "due": {"S": due},
        "status_key": {"S": f"STATUS#{stored['status']}"},
    }
    raw |= {
        field: {"S": stored[field]}
        for field in ("tenant", "status", "depot", "carrier", "note")
        if field in stored
    }
    if "weight" in stored:
        raw["weight"] = {"N": str(stored["weight"])}
    if "express" in stored:
        raw["express"] = {"S": "true" if stored["express"] else "false"}
    if "depot" in stored:
        raw["depot_key"] = {"S": f"DEPOT#{stored['depot']}#{stored['status']}"}
        raw["place_key"] = {"S": f"{stored['depot']}#{due}#{number:04}"}
    return raw


def _stamp(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}{utc:-%m-%dT%H:%M:%S.%f}Z"


def entries(index: Index, table: Iterable[Raw]) -> list[Raw]:
    """Give what an index holds: each item that has all parts of its key, once."""
    parts = {index.partition, *index.sort}
    found = [raw for raw in table if parts <= raw.keys()]
    if index.projected is None:
        return found
    held = parts | index.projected | {"pk", "sk"}
    return [{name: value for name, value in raw.items() if name in held} for raw in found]


def rank(index: Index, raw: Raw) -> tuple[bytes | Decimal, ...]:
    """Give what an index sorts an item by."""
    return tuple(
        Decimal(raw[name]["N"]) if "N" in raw[name] else raw[name]["S"].encode() for name in index.sort
    )
