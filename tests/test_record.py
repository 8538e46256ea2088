"""What is shown of a record, by itself and by Rich, has no values."""

from __future__ import annotations

import pytest
from msgspec import Struct
from rich.pretty import pretty_repr

from dynarepo import TransactWriteItem, attr
from dynarepo._observability import Call
from dynarepo._record import MutableRecord, Record
from dynarepo._request import Deadline, Request

REQUEST = Request("PutItem", {"Item": {"pk": {"S": "SECRET"}}}, "app", pk="SECRET")


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (REQUEST, "Request(operation='PutItem', table_name='app')"),
        (Call(REQUEST, Deadline(1.0)), "Call()"),
        (TransactWriteItem("delete", pk="SECRET"), "TransactWriteItem(kind='delete', version=None)"),
        (attr("name").eq("SECRET"), "Comparison(path=('name',), comparator='=')"),
        (~attr("name").eq("SECRET"), "Not(condition=Comparison(path=('name',), comparator='='))"),
    ],
)
def test_a_record_and_rich_show_what_is_listed_and_no_value(record: Struct, shown: str) -> None:
    assert repr(record) == shown
    assert pretty_repr(record, max_width=200) == shown


def _kinds(kind: type[Struct]) -> list[type[Struct]]:
    return [kind, *(each for below in kind.__subclasses__() for each in _kinds(below))]


@pytest.mark.parametrize("kind", [*_kinds(Record), *_kinds(MutableRecord)], ids=lambda kind: kind.__name__)
def test_no_kind_of_record_shows_itself_in_another_way(kind: type[Struct]) -> None:
    for name in ("__repr__", "__rich_repr__"):
        assert getattr(kind, name) in {getattr(Record, name), getattr(MutableRecord, name)}
