"""Indexes follow their items, and only items that have their keys."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from dynarepo import (
    ConditionFailedError,
    DynamoDBBaseModel,
    GlobalIndex,
    InvalidItemError,
    InvalidKeyError,
    InvalidRequestError,
    ItemNotFoundError,
    KeyTemplate,
    LocalIndex,
    SortKeyCondition,
    TransactWriteItem,
    attr,
    set_,
)
from integration.behaviour.stores import Stores


class Task(DynamoDBBaseModel):
    owner: str | None = None
    priority: int = 0
    title: str = ""

    class Meta:
        gsis = (
            GlobalIndex("by_owner", partition_key="owner", sort_key="priority"),
            GlobalIndex("keys_only", partition_key="owner", projection="KEYS_ONLY"),
            GlobalIndex("with_title", partition_key="owner", projection=("title",)),
        )
        lsis = (
            LocalIndex("by_priority", sort_key="priority"),
            LocalIndex("narrow", sort_key="priority", projection="KEYS_ONLY"),
        )


class Match(BaseModel):
    id: str
    league: str
    season: int
    round: int
    day: str
    home: str = ""

    class Meta:
        partition_key = "id"
        gsis = (GlobalIndex("fixtures", partition_key=("league", "season"), sort_key=("round", "day")),)


class Ticket(BaseModel):
    id: str
    state: str
    team: str
    active: bool = True

    class Meta:
        partition_key = KeyTemplate("pk", "TICKET#{id}")
        gsis = (
            GlobalIndex("by_state", partition_key=KeyTemplate("gsi1pk", "{team}#{state}")),
            GlobalIndex("by_active", partition_key="active", sort_key="id"),
        )


async def test_an_item_without_the_key_is_stored_and_not_in_the_index_ri136(stores: Stores, pk: str) -> None:
    tasks = await stores.of(Task)
    owned = Task(pk=pk, sk="b", owner=pk)
    await tasks.batch_write([Task(pk=pk, sk="a"), owned])
    assert (await tasks.query_by_pk(pk, index="by_owner")).items == [owned]
    assert (await tasks.query_by_pk(pk)).count == 2


@pytest.mark.parametrize("owner", ["", "é" * 1025, 7], ids=["empty", "long", "number"])
async def test_a_key_the_index_cannot_hold_is_refused_unsent_ri137(
    stores: Stores, sent: list[str], pk: str, owner: Any
) -> None:
    tasks = await stores.of(Task)
    task = Task.model_construct(pk=pk, sk="a", owner=owner, priority=0, title="")
    sent.clear()
    for call in (
        lambda: tasks.save(task),
        lambda: tasks.batch_write([task]),
        lambda: tasks.update(pk, "a", {"owner": owner}),
        lambda: tasks.transact_write([TransactWriteItem.put(task)]),
        lambda: tasks.query_by_pk(owner, index="by_owner"),
    ):
        with pytest.raises(ValueError, match="owner"):
            await call()
    assert sent == []


async def test_an_updated_key_moves_the_item_in_the_index_ri138(stores: Stores, pk: str) -> None:
    tasks = await stores.of(Task)
    await tasks.save(Task(pk=pk, sk="a", owner=f"{pk}-old"))
    moved = await tasks.update(pk, "a", {"owner": f"{pk}-new"})
    assert (await tasks.query_by_pk(f"{pk}-old", index="by_owner")).items == []
    assert (await tasks.query_by_pk(f"{pk}-new", index="by_owner")).items == [moved]
    await tasks.update(pk, "a", {"owner": None})
    assert (await tasks.query_by_pk(f"{pk}-new", index="by_owner")).items == []


async def test_a_deleted_item_leaves_the_index_ri139(stores: Stores, pk: str) -> None:
    tasks = await stores.of(Task)
    await tasks.save(Task(pk=pk, sk="a", owner=pk))
    await tasks.delete(pk, "a")
    assert (await tasks.query_by_pk(pk, index="by_owner")).items == []


@pytest.mark.parametrize("index", ["keys_only", "with_title"])
async def test_a_narrow_index_gives_counts_and_no_half_made_models_ri140(
    stores: Stores, sent: list[str], pk: str, index: str
) -> None:
    tasks = await stores.of(Task)
    await tasks.batch_write(Task(pk=pk, sk=f"{number}", owner=pk) for number in range(3))
    sent.clear()
    with pytest.raises(InvalidRequestError, match=index):
        await tasks.query_by_pk(pk, index=index)
    with pytest.raises(InvalidRequestError, match=index):
        await tasks.scan(index=index)
    assert sent == []
    assert await tasks.count(pk, index=index) == 3


async def test_an_unknown_index_is_refused_unsent_ri141(stores: Stores, sent: list[str], pk: str) -> None:
    tasks = await stores.of(Task)
    sent.clear()
    with pytest.raises(InvalidRequestError, match="by_owner"):
        await tasks.query_by_pk(pk, index="by_title")
    assert sent == []


async def test_a_global_index_is_not_read_consistently_rq127(
    stores: Stores, sent: list[str], pk: str
) -> None:
    tasks = await stores.of(Task)
    await tasks.save(Task(pk=pk, sk="a", owner=pk))
    sent.clear()
    with pytest.raises(InvalidRequestError, match="consistent"):
        await tasks.query_by_pk(pk, index="by_owner", consistent=True)
    assert sent == []
    always = tasks.with_options(consistent_read=True)
    assert (await always.query_by_pk(pk, index="by_owner")).count == 1


async def test_a_local_index_is_read_consistently_and_in_its_own_order_ri142(stores: Stores, pk: str) -> None:
    tasks = await stores.of(Task)
    written = [Task(pk=pk, sk=f"{number}", priority=-number) for number in range(5)]
    await tasks.batch_write(written)
    page = await tasks.query_by_pk(pk, index="by_priority", consistent=True)
    assert page.items == written[::-1]
    condition = SortKeyCondition.between(-3, -2)
    assert (await tasks.query_by_pk_and_sk(pk, condition, index="by_priority")).items == [
        written[3],
        written[2],
    ]


@pytest.mark.differs("embedded", reason="a local index gives only what it holds itself")
async def test_a_narrow_local_index_gives_whole_models_ri140(stores: Stores, pk: str) -> None:
    tasks = await stores.of(Task)
    written = [Task(pk=pk, sk=f"{number}", priority=-number, title="t") for number in range(3)]
    await tasks.batch_write(written)
    assert (await tasks.query_by_pk(pk, index="narrow")).items == written[::-1]


@pytest.mark.parametrize("index", ["by_owner", "by_priority"])
@pytest.mark.parametrize("descending", [False, True])
async def test_items_with_one_index_key_are_paged_one_by_one_ri143(
    stores: Stores, pk: str, index: str, descending: bool
) -> None:
    tasks = await stores.of(Task)
    written = [Task(pk=pk, sk=f"{number:02}", owner=pk) for number in range(12)]
    await tasks.batch_write(written)
    found = [
        task.sk async for task in tasks.iter_query_items(pk, index=index, page_size=1, descending=descending)
    ]
    assert sorted(found) == [task.sk for task in written]


async def test_a_key_of_several_attributes_is_read_from_the_left_ri145(
    stores: Stores, sent: list[str], pk: str
) -> None:
    matches = await stores.of(Match)
    written = [
        Match(id=f"{pk}-{number}-{day}", league=pk, season=2026, round=number, day=day)
        for number in (1, 2, 10)
        for day in ("fri", "sat", "sun")
    ]
    other = Match(id=f"{pk}-other", league=pk, season=2025, round=1, day="fri")
    await matches.batch_write([*reversed(written), other])
    season = (pk, 2026)
    assert (await matches.query_by_pk(season, index="fixtures")).items == written
    for condition, expected in (
        (SortKeyCondition.eq(2), written[3:6]),
        (SortKeyCondition.gt(1), written[3:]),
        (SortKeyCondition.eq((2, "sat")), written[4:5]),
        (SortKeyCondition.ge((2, "sat")), written[4:6]),
        (SortKeyCondition.begins_with((10, "s")), written[7:]),
        (SortKeyCondition.between((1, "fri"), (1, "sat")), written[:2]),
    ):
        page = await matches.query_by_pk_and_sk(season, condition, index="fixtures")
        assert page.items == expected, condition
    found = [match async for match in matches.iter_query_items(season, index="fixtures", page_size=2)]
    assert found == written
    sent.clear()
    for pk_given in (pk, (pk,), (pk, 2026, 1)):
        with pytest.raises(InvalidKeyError, match="league, season"):
            await matches.query_by_pk(pk_given, index="fixtures")
    assert sent == []


async def test_a_templated_index_key_follows_its_fields(stores: Stores, pk: str, sent: list[str]) -> None:
    tickets = await stores.of(Ticket)
    await tickets.save(Ticket(id=pk, state="open", team=pk))
    sent.clear()
    done = await tickets.update({"id": pk}, None, {"state": "done"})
    assert sent == ["GetItem", "UpdateItem"]
    assert done == Ticket(id=pk, state="done", team=pk)
    assert (await tickets.query_by_pk({"team": pk, "state": "open"}, index="by_state")).items == []
    assert (await tickets.query_by_pk(f"{pk}#done", index="by_state")).items == [done]
    sent.clear()
    shut = await tickets.update({"id": pk}, None, {"state": "shut", "team": pk})
    assert sent == ["UpdateItem"]
    assert (await tickets.query_by_pk({"team": pk, "state": "done"}, index="by_state")).items == []
    assert (await tickets.query_by_pk({"team": pk, "state": "shut"}, index="by_state")).items == [shut]


async def test_a_templated_index_key_follows_typed_actions_and_a_condition(stores: Stores, pk: str) -> None:
    tickets = await stores.of(Ticket)
    ticket = Ticket(id=pk, state="open", team=pk)
    await tickets.save(ticket)
    with pytest.raises(ConditionFailedError) as raised:
        await tickets.update(
            {"id": pk}, None, lambda t: [set_(t.state).to("done")], where=lambda t: t.state == "done"
        )
    assert raised.value.item == ticket == await tickets.get_one({"id": pk}, consistent=True)
    done = await tickets.update(
        {"id": pk}, None, lambda t: [set_(t.state).to("done")], where=lambda t: t.state == "open"
    )
    assert (await tickets.query_by_pk(f"{pk}#open", index="by_state")).items == []
    assert (await tickets.query_by_pk(f"{pk}#done", index="by_state")).items == [done]


async def test_an_item_without_a_part_of_a_templated_key_leaves_the_index(
    stores: Stores, pk: str, raw: Any
) -> None:
    tickets = await stores.of(Ticket)
    key = {"pk": {"S": f"TICKET#{pk}"}}
    foreign = {"gsi1pk": {"S": f"{pk}#open"}, "id": {"S": pk}, "state": {"S": "open"}}
    await raw.put_item(TableName=tickets.table_name, Item=key | foreign)
    with pytest.raises(InvalidItemError, match="team"):
        await tickets.update({"id": pk}, None, {"state": "done"})
    stored = await raw.get_item(TableName=tickets.table_name, Key=key)
    assert stored["Item"] == key | {"id": {"S": pk}, "state": {"S": "done"}}


async def test_an_update_of_a_part_makes_no_item(stores: Stores, pk: str, sent: list[str]) -> None:
    tickets = await stores.of(Ticket)
    sent.clear()
    with pytest.raises(ItemNotFoundError):
        await tickets.update({"id": pk}, None, {"state": "done"})
    assert sent == ["GetItem"]
    assert await tickets.get_one({"id": pk}, consistent=True) is None


async def test_many_tasks_that_change_two_parts_of_a_key_leave_the_index_as_the_item_is(
    stores: Stores, pk: str, raw: Any
) -> None:
    tickets = await stores.of(Ticket)
    await tickets.save(Ticket(id=pk, state="0", team=f"{pk}-0"))

    async def change_the_state(number: int) -> None:
        await tickets.update({"id": pk}, None, {"state": f"{number}"})

    async def change_the_team(number: int) -> None:
        await tickets.update({"id": pk}, None, lambda t: [set_(t.team).to(f"{pk}-{number}")])

    await asyncio.gather(
        *(change(number) for number in range(1, 9) for change in (change_the_state, change_the_team))
    )
    last = await tickets.get_one({"id": pk}, consistent=True)
    assert last is not None
    stored = await raw.get_item(TableName=tickets.table_name, Key={"pk": {"S": f"TICKET#{pk}"}})
    assert stored["Item"]["gsi1pk"] == {"S": f"{last.team}#{last.state}"}
    found = {
        (team, state)
        for team in range(9)
        for state in range(9)
        if await tickets.count({"team": f"{pk}-{team}", "state": f"{state}"}, index="by_state")
    }
    assert found == {(int(last.team.removeprefix(f"{pk}-")), int(last.state))}


async def test_a_transaction_needs_all_parts_of_a_templated_index_key(
    stores: Stores, pk: str, sent: list[str]
) -> None:
    tickets = await stores.of(Ticket)
    await tickets.save(Ticket(id=pk, state="open", team=pk))
    sent.clear()
    with pytest.raises(InvalidRequestError, match="team"):
        await tickets.transact_write([TransactWriteItem.update({"id": pk}, None, {"state": "done"})])
    assert sent == []
    await tickets.transact_write([TransactWriteItem.update({"id": pk}, None, {"state": "done", "team": pk})])
    assert await tickets.count(f"{pk}#done", index="by_state") == 1


async def test_a_boolean_is_the_key_of_an_index(stores: Stores, pk: str, raw: Any) -> None:
    tickets = await stores.of(Ticket)
    await tickets.batch_write(
        [
            Ticket(id=f"{pk}-a", state="open", team=pk, active=True),
            Ticket(id=f"{pk}-b", state="open", team=pk, active=False),
        ]
    )
    for active, ending in ((True, "a"), (False, "b")):
        (ticket,) = (
            await tickets.query_by_pk_and_sk(active, SortKeyCondition.begins_with(pk), index="by_active")
        ).items
        assert (ticket.id, ticket.active) == (f"{pk}-{ending}", active)
    stored = await raw.get_item(TableName=tickets.table_name, Key={"pk": {"S": f"TICKET#{pk}-b"}})
    assert stored["Item"]["active"] == {"S": "false"}


async def test_an_index_filter_may_not_name_its_own_keys_rq126(
    stores: Stores, sent: list[str], pk: str
) -> None:
    tasks = await stores.of(Task)
    sent.clear()
    for field in ("owner", "priority"):
        with pytest.raises(InvalidRequestError, match=field):
            await tasks.query_by_pk(pk, index="by_owner", where=attr(field).exists())
    assert sent == []
    assert (await tasks.query_by_pk(pk, index="by_owner", where=attr("sk").eq("a"))).items == []
