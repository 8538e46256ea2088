"""Which writes are sent again after a lost reply, and what a stored item tells about them."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from pydantic import BaseModel, Field

from dynarepo import TransactWriteItem, add_to_set, append, increment, prepend, remove, remove_from_set, set_
from dynarepo._request import Request, Verdict
from dynarepo._requests import (
    Guard,
    Target,
    batch_write,
    create_item,
    delete_item,
    once,
    put_entry,
    put_item,
    transact_write,
    update_item,
    upsert_item,
)
from dynarepo._wire import Payload
from tests.key_models import User, target

USERS = target(User)
USER = User(pk="a", sk="b", email="e", age=5, tags={"x", "y"})
WIRE = USERS.entity.encode(USER)


class Doc(BaseModel):
    key: str
    text: str = ""
    count: int = 0
    notes: list[str] = Field(default_factory=list)
    tags: set[str] = Field(default_factory=set)
    prefs: dict[str, int] = Field(default_factory=dict)
    other: int | None = None
    version: int = 0

    class Meta:
        partition_key = "key"


class Counted(Doc):
    class Meta:
        partition_key = "key"
        version = "version"


DOCS: Target[Any] = target(Doc)
COUNTED: Target[Any] = target(Counted)


def updating(
    changes: Any, where: Any = None, *, of: Target[Any] = DOCS, version: int | None = None
) -> Request:
    return update_item(of, "a", None, changes, where, Guard(exists=True, version=version))


def stored(of: Target[Any] = DOCS, **fields: Any) -> Payload:
    return dict(of.entity.encode(of.entity.model(key="a", **fields)))


def test_a_token_is_sent_for_less_than_the_ten_minutes_that_it_is_known() -> None:
    transaction, _ = transact_write([(USERS, TransactWriteItem.put(USER))])
    for request in (transaction, once(put_item(USERS, USER, None))):
        assert 0 < request.repeat.seconds < 600
    assert put_item(USERS, USER, None).repeat.seconds == inf


@pytest.mark.parametrize(
    "request_",
    [
        put_item(USERS, USER, None),
        put_item(USERS, USER, lambda u: u.age > 3),
        create_item(USERS, USER, None),
        delete_item(USERS, "a", "b", None),
        delete_item(USERS, "a", "b", lambda u: u.age > 3),
        upsert_item(USERS, USER, None),
        batch_write(USERS, [put_entry(USERS, USER)]),
        transact_write([(USERS, TransactWriteItem.put(USER))])[0],
        transact_write([(DOCS, TransactWriteItem.update("a", None, lambda d: [increment(d.count, 1)]))])[0],
        updating({"text": "x", "other": None}),
        updating({"text": "x"}, lambda d: d.count > 3),
        updating(lambda d: [set_(d.prefs["x"]).to(1), remove(d.other)]),
        updating(lambda d: [set_(d.count).if_not_exists(3)]),
        updating(lambda d: [add_to_set(d.tags, {"x"})]),
        updating(lambda d: [remove_from_set(d.tags, {"y"})]),
        updating({"text": "x"}, of=COUNTED, version=3),
        updating(lambda d: [increment(d.count, 1)], of=COUNTED, version=3),
        put_item(COUNTED, Counted(key="a", version=4), None),
    ],
)
def test_a_write_that_cannot_add_up_is_sent_again(request_: Request) -> None:
    assert request_.repeat.is_safe


@pytest.mark.parametrize(
    "request_",
    [
        updating(lambda d: [increment(d.count, 1)]),
        updating(lambda d: [increment(d.count, 1)], lambda d: d.count < 9),
        updating(lambda d: [append(d.notes, ["x"])]),
        updating(lambda d: [prepend(d.notes, ["x"])]),
        updating(lambda d: [set_(d.other).to(d.count)]),
        updating(lambda d: [set_(d.notes[9]).to("x")]),
        updating(lambda d: [remove(d.notes[0])]),
        updating(lambda d: [set_(d.text).to("x"), increment(d.prefs["x"], 1)]),
        updating({"text": "x"}, of=COUNTED),
        upsert_item(COUNTED, Counted(key="a"), None),
    ],
)
def test_a_write_that_adds_up_is_not(request_: Request) -> None:
    assert not request_.repeat.is_safe


def canonical(wire: Payload) -> Payload:
    """Write numbers and sets in another way, as the service may."""
    return wire | {"age": {"N": "5.0"}, "tags": {"SS": ["y", "x"]}}


def test_the_item_itself_is_the_own_write() -> None:
    for request in (create_item(USERS, USER, None), put_item(USERS, USER, lambda u: u.age > 9)):
        assert request.repeat.recognise(canonical(WIRE)) is Verdict.DONE


@pytest.mark.parametrize("found", [None, {}, WIRE | {"age": {"N": "6"}}, {**WIRE, "more": {"S": "x"}}])
def test_another_item_or_none_leaves_a_put_unknown(found: Payload | None) -> None:
    for request in (create_item(USERS, USER, None), put_item(USERS, USER, lambda u: u.age > 9)):
        assert request.repeat.recognise(found) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (stored(COUNTED, version=4, text="x"), Verdict.DONE),
        (stored(COUNTED, version=4, text="y"), Verdict.NOT_DONE),
        (stored(COUNTED, version=3, text="x"), Verdict.NOT_DONE),
        (stored(COUNTED, version=5, text="x"), Verdict.UNKNOWN),
        (stored(COUNTED, version=4, text="x") | {"version": {"S": "4"}}, Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_the_chain_of_versions_tells_whose_write_it_is(found: Payload | None, verdict: Verdict) -> None:
    save = put_item(COUNTED, Counted(key="a", version=4, text="x"), None)
    update = updating({"text": "x"}, of=COUNTED, version=3)
    assert save.repeat.recognise(found) is verdict
    assert update.repeat.recognise(found) is verdict


def test_an_item_without_a_version_is_the_zeroth_of_its_chain() -> None:
    found = {name: value for name, value in stored(COUNTED, text="y").items() if name != "version"}
    for version, verdict in ((1, Verdict.NOT_DONE), (2, Verdict.UNKNOWN)):
        save = put_item(COUNTED, Counted(key="a", version=version, text="x"), None)
        assert save.repeat.recognise(found) is verdict


def id_of(request: Request) -> Payload:
    """Give the attribute with the id of a write."""
    if "Item" in request.payload:
        return {"_write_id": request.payload["Item"]["_write_id"]}
    names, values = (request.payload[f"ExpressionAttribute{kind}"] for kind in ("Names", "Values"))
    assigned = dict(
        part.removeprefix("SET ").split(" = ") for part in request.payload["UpdateExpression"].split(", #")
    )
    (placeholder,) = [name for name, stored_name in names.items() if stored_name == "_write_id"]
    return {"_write_id": values[assigned[placeholder.removeprefix("#")]]}


@pytest.mark.parametrize(
    "build",
    [
        lambda: put_item(COUNTED, Counted(key="a", version=4, text="x"), None),
        lambda: updating({"text": "x"}, of=COUNTED, version=3),
        lambda: updating(lambda d: [increment(d.count, 1)], of=COUNTED, version=3),
    ],
)
def test_the_id_of_a_write_tells_whose_it_was(build: Any) -> None:
    """Also where two store the same, and where the stored item tells nothing else."""
    mine, other = build(), build()
    item = stored(COUNTED, version=4, text="x")
    assert mine.repeat.recognise(item | id_of(mine)) is Verdict.DONE
    assert mine.repeat.recognise(item | id_of(other)) is Verdict.NOT_DONE
    later = stored(COUNTED, version=6, text="y")
    assert mine.repeat.recognise(later | id_of(mine)) is Verdict.DONE
    assert mine.repeat.recognise(later | id_of(other)) is Verdict.UNKNOWN
    renewed = stored(COUNTED, version=1, text="x")
    assert mine.repeat.recognise(renewed | id_of(other)) is Verdict.UNKNOWN


def test_every_write_has_an_id_of_its_own() -> None:
    ids = {
        put_item(COUNTED, Counted(key="a", version=1), None).payload["Item"]["_write_id"]["S"]
        for _ in range(100)
    }
    assert len(ids) == 100


def test_a_model_may_keep_no_id_and_one_without_a_version_keeps_none() -> None:
    class Plain(Doc):
        class Meta:
            partition_key = "key"
            version = "version"
            write_id = None

    for model in (Plain, Doc):
        bound: Target[Any] = target(model)
        item = model(key="a", version=1)
        assert put_item(bound, item, None).payload["Item"] == bound.entity.encode(item)


def test_an_increment_of_the_next_version_may_be_anybodys() -> None:
    update = updating(lambda d: [increment(d.count, 1)], of=COUNTED, version=3)
    assert update.repeat.recognise(stored(COUNTED, version=4, count=1)) is Verdict.UNKNOWN
    assert update.repeat.recognise(stored(COUNTED, version=3)) is Verdict.NOT_DONE


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (stored(text="x", prefs={"k": 1}), Verdict.DONE),
        (stored(text="x", prefs={"k": 1}, count=9), Verdict.DONE),
        (stored(text="x", prefs={"k": 2}), Verdict.UNKNOWN),
        (stored(text="x", prefs={}), Verdict.UNKNOWN),
        (stored(text="x", prefs={"k": 1}, other=1), Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_an_update_is_recognised_by_all_that_it_sets_and_removes(
    found: Payload | None, verdict: Verdict
) -> None:
    request = updating(
        lambda d: [set_(d.text).to("x"), set_(d.prefs["k"]).to(1), remove(d.other)], lambda d: d.count > 3
    )
    assert request.repeat.recognise(found) is verdict


def test_an_update_that_shows_only_in_part_stays_unknown() -> None:
    request = updating(lambda d: [set_(d.text).to("x"), add_to_set(d.tags, {"t"})], lambda d: d.count > 3)
    assert request.repeat.recognise(stored(text="x", tags={"t"})) is Verdict.UNKNOWN


def test_a_delete_whose_condition_fails_later_stays_unknown() -> None:
    request = delete_item(USERS, "a", "b", lambda u: u.age > 3)
    assert request.repeat.recognise(WIRE) is Verdict.UNKNOWN
    assert request.repeat.recognise(None) is Verdict.UNKNOWN
