"""Updates of a part of an index's key: the other parts are read first, and must still be so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel, Field

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DeadlineExceededError,
    DynamoDBBaseModel,
    DynamoDBConnection,
    Explanation,
    GlobalIndex,
    InvalidKeyError,
    InvalidRequestError,
    ItemNotFoundError,
    KeyTemplate,
    RequestRefusedError,
    TransactWriteItem,
    VersionConflictError,
    WriteOutcomeUnknownError,
    attr,
    increment,
    set_,
)
from dynarepo._request import Request
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import on_fake


class Ticket(BaseModel):
    """Two templates share a field, and their parts have every type that a part can have."""

    id: str
    team: str | None = Field(default=None, serialization_alias="t")
    state: str = "open"
    rank: int = 0
    urgent: bool = False
    text: str = ""

    class Meta:
        partition_key = KeyTemplate("pk", "TICKET#{id}")
        gsis = (
            GlobalIndex("by_team", KeyTemplate("gsi1pk", "TEAM#{team}#{state}")),
            GlobalIndex("by_rank", KeyTemplate("gsi2pk", "{state}#{rank:3}#{urgent}")),
        )


class Counted(DynamoDBBaseModel):
    team: str = ""
    state: str = ""
    visits: int = 0
    version: int = 0
    changed: datetime | None = None

    class Meta:
        version = "version"
        updated_at = "changed"
        gsis = (
            GlobalIndex("by_team", KeyTemplate("gsi1pk", "{team}#{state}")),
            GlobalIndex("by_change", "pk", KeyTemplate("gsi2sk", "{state}#{changed}")),
        )


class Cat(DynamoDBBaseModel):
    name: str
    home: str

    class Meta:
        discriminator = ("kind", "CAT")
        gsis = (GlobalIndex("by_home", KeyTemplate("gsi1pk", "{home}#{name}")),)


KEY: Payload = {"pk": {"S": "TICKET#1"}}
PARTS: Payload = {"t": {"S": "red"}, "rank": {"N": "7"}, "urgent": {"BOOL": True}}
ITEM: Payload = {**KEY, "id": {"S": "1"}, "text": {"S": "canary"}, "state": {"S": "open"}, **PARTS}
DONE = {**ITEM, "state": {"S": "done"}}
READ = (
    "GetItem on app\n"
    "  Key: {pk='TICKET#1'}\n"
    "  ProjectionExpression: pk, rank, t, urgent\n"
    "  ConsistentRead: True"
)


def failed(item: Payload | None = None) -> Any:
    code = "ConditionalCheckFailedException"
    return error_reply(code) if item is None else error_reply(code, Item=item)


def sent(fake: FakeTransport) -> list[str]:
    """Give what was sent in words."""
    return [
        Explanation.of(Request(operation, payload, "app")).show(values=True)
        for operation, payload in fake.requests
    ]


def operations(fake: FakeTransport) -> list[str]:
    return [operation for operation, _ in fake.requests]


async def test_the_other_parts_are_read_once_and_must_be_so_when_the_keys_are_written() -> None:
    fake = FakeTransport({"Item": {**KEY, **PARTS}}, {"Attributes": DONE})
    async with on_fake(fake, Ticket) as tickets:
        ticket = await tickets.update({"id": "1"}, changes={"state": "done"})
    assert ticket == Ticket(id="1", team="red", state="done", rank=7, urgent=True, text="canary")
    read, updated = sent(fake)
    assert read == READ
    assert updated == (
        "UpdateItem on app\n"
        "  Key: {pk='TICKET#1'}\n"
        "  UpdateExpression: SET state = 'done', gsi1pk = 'TEAM#red#done', gsi2pk = 'done#007#true'\n"
        "  ConditionExpression: attribute_exists(pk) AND rank = 7 AND t = 'red' AND urgent = True"
    )
    assert fake.requests[1][1]["ReturnValues"] == "ALL_NEW"
    assert fake.requests[1][1]["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


async def test_typed_actions_are_guarded_alike() -> None:
    fake = FakeTransport({"Item": {**KEY, **PARTS}}, {"Attributes": DONE})
    async with on_fake(fake, Ticket) as tickets:
        await tickets.update({"id": "1"}, changes=lambda t: [set_(t.state).to("done"), set_(t.text).to("x")])
    assert sent(fake)[0] == READ
    assert "gsi1pk = 'TEAM#red#done', gsi2pk = 'done#007#true'" in sent(fake)[1]
    assert "rank = 7 AND t = 'red' AND urgent = True" in sent(fake)[1]


async def test_the_callers_condition_stands_beside_the_parts() -> None:
    fake = FakeTransport({"Item": {**KEY, **PARTS}}, {"Attributes": DONE})
    async with on_fake(fake, Ticket) as tickets:
        await tickets.update(
            {"id": "1"}, changes={"state": "done"}, where=lambda t: (t.text == "a") | (t.text == "b")
        )
    assert sent(fake)[1].endswith("AND urgent = True AND (text = 'a' OR text = 'b')")


@pytest.mark.parametrize("absent", [{}, {"t": {"NULL": True}}], ids=["absent", "null"])
async def test_a_part_that_has_no_value_takes_the_key_away(absent: Payload) -> None:
    stored = {name: value for name, value in PARTS.items() if name != "t"} | absent
    fake = FakeTransport({"Item": {**KEY, **stored}}, {"Attributes": DONE})
    async with on_fake(fake, Ticket) as tickets:
        await tickets.update({"id": "1"}, changes={"state": "done"})
    assert "SET state = 'done', gsi2pk = 'done#007#true' REMOVE gsi1pk\n" in sent(fake)[1]
    condition = "t = None" if absent else "attribute_not_exists(t)"
    assert f"rank = 7 AND {condition} AND urgent = True" in sent(fake)[1]


async def test_only_what_is_not_told_otherwise_is_read() -> None:
    fake = FakeTransport({"Item": {**KEY, "t": {"S": "red"}}}, {"Attributes": DONE})
    async with on_fake(fake, Ticket) as tickets:
        await tickets.update({"id": "1"}, changes={"state": "done", "rank": 1, "urgent": False})
    assert "ProjectionExpression: pk, t\n" in sent(fake)[0]
    assert sent(fake)[1].endswith("attribute_exists(pk) AND t = 'red'")


@pytest.mark.parametrize(
    "changes",
    [{"text": "x"}, {"state": "done", "team": "red", "rank": 1, "urgent": True}],
    ids=["no part", "all parts"],
)
async def test_an_update_that_needs_no_part_reads_nothing(changes: dict[str, object]) -> None:
    fake = FakeTransport({"Attributes": DONE})
    async with on_fake(fake, Ticket) as tickets:
        await tickets.update({"id": "1"}, changes=changes)
    assert operations(fake) == ["UpdateItem"]


async def test_a_part_that_changed_meanwhile_is_taken_from_the_failure_and_not_read_again() -> None:
    moved = {**ITEM, "t": {"S": "blue"}}
    gone = {name: value for name, value in ITEM.items() if name != "t"}
    fake = FakeTransport(
        {"Item": {**KEY, **PARTS}}, failed(moved), failed(gone), {"Attributes": {**gone, "state": {"S": "x"}}}
    )
    async with on_fake(fake, Ticket) as tickets:
        assert (await tickets.update({"id": "1"}, changes={"state": "x"})).team is None
    assert operations(fake) == ["GetItem", "UpdateItem", "UpdateItem", "UpdateItem"]
    assert "gsi1pk = 'TEAM#blue#x'" in sent(fake)[2]
    assert "t = 'blue'" in sent(fake)[2]
    assert "REMOVE gsi1pk" in sent(fake)[3]
    assert "attribute_not_exists(t)" in sent(fake)[3]


async def test_an_item_that_is_not_there_is_not_made() -> None:
    fake = FakeTransport({})
    async with on_fake(fake, Ticket) as tickets:
        with pytest.raises(ItemNotFoundError, match="none was made") as raised:
            await tickets.update({"id": "1"}, changes={"state": "done"})
    assert operations(fake) == ["GetItem"]
    assert (raised.value.table_name, raised.value.pk, raised.value.item) == ("app", "TICKET#1", None)


async def test_an_item_that_goes_after_the_read_is_not_made() -> None:
    fake = FakeTransport({"Item": {**KEY, **PARTS}}, failed())
    async with on_fake(fake, Ticket) as tickets:
        with pytest.raises(ItemNotFoundError, match="none was made") as raised:
            await tickets.update({"id": "1"}, changes={"state": "done"})
    assert operations(fake) == ["GetItem", "UpdateItem"]
    assert (raised.value.operation, raised.value.code) == ("UpdateItem", "ConditionalCheckFailedException")


async def test_a_condition_of_the_caller_that_fails_ends_the_call() -> None:
    fake = FakeTransport({"Item": {**KEY, **PARTS}}, failed(ITEM))
    async with on_fake(fake, Ticket) as tickets:
        with pytest.raises(ConditionFailedError, match="does not hold") as raised:
            await tickets.update({"id": "1"}, changes={"state": "done"}, where=attr("text").eq("x"))
    assert type(raised.value) is ConditionFailedError
    assert raised.value.item == Ticket(id="1", team="red", rank=7, urgent=True, text="canary")
    assert "canary" not in str(raised.value) + repr(raised.value)
    assert operations(fake) == ["GetItem", "UpdateItem"]


async def test_a_condition_that_fails_on_another_item_than_was_read_is_tried_on_that_one() -> None:
    moved = {**ITEM, "t": {"S": "blue"}}
    fake = FakeTransport({"Item": {**KEY, **PARTS}}, failed(moved), failed(moved))
    async with on_fake(fake, Ticket) as tickets:
        with pytest.raises(ConditionFailedError):
            await tickets.update({"id": "1"}, changes={"state": "done"}, where=attr("text").eq("x"))
    assert operations(fake) == ["GetItem", "UpdateItem", "UpdateItem"]


COUNTED: Payload = {
    "pk": {"S": "a"},
    "sk": {"S": "b"},
    "team": {"S": "red"},
    "state": {"S": "open"},
    "visits": {"N": "1"},
    "version": {"N": "3"},
}


async def test_a_version_is_demanded_beside_the_parts() -> None:
    fake = FakeTransport({"Item": COUNTED}, failed(COUNTED))
    async with on_fake(fake, Counted) as counted:
        with pytest.raises(VersionConflictError) as raised:
            await counted.update("a", "b", {"state": "done"}, version=2)
    assert (raised.value.expected, raised.value.found) == (2, 3)
    assert sent(fake)[1].endswith("attribute_exists(pk) AND version = 2 AND team = 'red'")
    assert operations(fake) == ["GetItem", "UpdateItem"]


async def test_the_time_of_the_update_is_a_part_like_any_other() -> None:
    """An increment changes no part itself, and the time that comes with it does."""
    fake = FakeTransport({"Item": COUNTED}, {"Attributes": COUNTED})
    async with on_fake(fake, Counted) as counted:
        await counted.update("a", "b", lambda c: [increment(c.visits, 1)])
    assert "ProjectionExpression: pk, sk, state\n" in sent(fake)[0]
    assert "gsi2sk = 'open#2" in sent(fake)[1]
    assert sent(fake)[1].endswith("attribute_exists(pk) AND state = 'open'")


CAT: Payload = {"pk": {"S": "a"}, "sk": {"S": "b"}, "name": {"S": "tom"}, "home": {"S": "h"}}


async def test_the_discriminator_is_demanded_beside_the_parts() -> None:
    cat = {**CAT, "kind": {"S": "CAT"}}
    fake = FakeTransport({"Item": CAT}, {"Attributes": cat})
    async with on_fake(fake, Cat) as cats:
        await cats.update("a", "b", {"home": "x"})
    assert sent(fake)[1].endswith("attribute_exists(pk) AND kind = 'CAT' AND name = 'tom'")


async def test_an_item_of_another_model_is_left_as_it_is() -> None:
    dog = {**CAT, "kind": {"S": "DOG"}, "name": {"L": []}}
    fake = FakeTransport({"Item": CAT}, failed(dog), failed(dog))
    async with on_fake(fake, Cat) as cats:
        with pytest.raises(ConditionFailedError, match="no Cat by its discriminator"):
            await cats.update("a", "b", {"home": "x"})
    assert operations(fake) == ["GetItem", "UpdateItem", "UpdateItem"]


async def test_the_deadline_of_the_call_ends_it_when_others_always_write_first() -> None:
    number = 0

    def somebody_writes_first(operation: str, _: Payload) -> Any:
        nonlocal number
        number += 1
        loop = asyncio.get_running_loop()
        before = loop.time
        loop.time = lambda: before() + 1  # type: ignore[method-assign]
        item = {**ITEM, "t": {"S": f"team {number}"}}
        return {"Item": item} if operation == "GetItem" else failed(item)

    fake = FakeTransport.answering(somebody_writes_first)
    async with on_fake(fake, Ticket, deadline=5) as tickets:
        with pytest.raises(DeadlineExceededError):
            await tickets.update({"id": "1"}, changes={"state": "done"})
    assert operations(fake) == ["GetItem", *["UpdateItem"] * 4]


async def test_an_update_whose_replies_are_lost_is_not_made_of_another_read() -> None:
    fake = FakeTransport.answering(
        lambda operation, _: {"Item": {**KEY, **PARTS}} if operation == "GetItem" else lost_reply()
    )
    async with on_fake(fake, Ticket) as tickets:
        with pytest.raises(WriteOutcomeUnknownError):
            await tickets.update({"id": "1"}, changes={"state": "done"})
    read, first, *again = sent(fake)
    assert read == READ
    assert set(again) <= {first}


REFUSED: dict[str, tuple[Any, dict[str, Any]]] = {
    "field": ({"state": "done", "nope": 1}, {}),
    "value": ({"state": 5}, {}),
    "condition on no field": ({"state": "done"}, {"where": attr("nope").exists()}),
    "no condition": ({"state": "done"}, {"where": True}),
    "no version": ({"state": "done"}, {"version": 1}),
    "twice": (lambda t: [set_(t.state).to("a"), set_(t.state).to("b")], {}),
    "not whole": (lambda t: [set_(t.state).if_not_exists("a"), set_(t.rank).to(1)], {}),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_wrong_whatever_is_stored_is_refused_before_the_read(name: str) -> None:
    changes, options = REFUSED[name]
    fake = FakeTransport()
    async with on_fake(fake, Ticket) as tickets:
        with pytest.raises(RequestRefusedError):
            await tickets.update({"id": "1"}, changes=changes, **options)
    assert fake.requests == []


@pytest.mark.parametrize("version", [-1, True, 1.0, "1"])
async def test_a_version_that_is_none_is_refused_before_the_read(version: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, Counted) as counted:
        with pytest.raises(InvalidRequestError, match="whole number"):
            await counted.update("a", "b", {"state": "done"}, version=version)
    assert fake.requests == []


async def test_a_stored_part_that_no_key_can_be_made_of_is_named_and_nothing_is_changed() -> None:
    fake = FakeTransport({"Item": {**KEY, **PARTS, "t": {"S": "canary#"}}})
    async with on_fake(fake, Ticket) as tickets:
        with pytest.raises(InvalidKeyError, match="team") as raised:
            await tickets.update({"id": "1"}, changes={"state": "done"})
    assert "canary" not in str(raised.value)
    assert operations(fake) == ["GetItem"]


async def test_a_transaction_reads_nothing_and_says_which_parts_it_needs() -> None:
    fake = FakeTransport()
    async with on_fake(fake, Ticket) as tickets:
        with pytest.raises(InvalidRequestError, match="must also give team, rank, urgent"):
            await tickets.transact_write([TransactWriteItem.update({"id": "1"}, None, {"state": "done"})])
    assert fake.requests == []


@pytest.fixture
async def tickets(connection: DynamoDBConnection) -> AsyncDynamoDBRepository[Ticket]:
    await connection.table_admin().create_table(Ticket)
    return connection.repository(Ticket)


@pytest.mark.parametrize(
    "changes",
    [{"state": "done"}, lambda t: [set_(t.state).to("done")]],
    ids=["dict", "actions"],
)
async def test_an_item_moves_in_every_index_that_its_field_is_part_of(
    tickets: AsyncDynamoDBRepository[Ticket], changes: dict[str, object] | Callable[[Ticket], Any]
) -> None:
    await tickets.save(Ticket(id="1", team="red", rank=7))
    done = await tickets.update({"id": "1"}, changes=changes)
    assert done == await tickets.get_one({"id": "1"}) == Ticket(id="1", team="red", rank=7, state="done")
    for index, was, now in (
        ("by_team", "TEAM#red#open", "TEAM#red#done"),
        ("by_rank", "open#007#false", "done#007#false"),
    ):
        assert await tickets.count(was, index=index) == 0
        assert (await tickets.query_by_pk(now, index=index)).items == [done]


async def test_an_item_without_a_part_enters_the_index_with_it_and_leaves_with_it(
    tickets: AsyncDynamoDBRepository[Ticket],
) -> None:
    await tickets.save(Ticket(id="1"))
    await tickets.update({"id": "1"}, changes={"state": "done"})
    assert (await tickets.scan(index="by_team")).items == []
    await tickets.update({"id": "1"}, changes={"team": "red"})
    assert await tickets.count("TEAM#red#done", index="by_team") == 1
    await tickets.update({"id": "1"}, changes={"team": None})
    assert (await tickets.scan(index="by_team")).items == []
