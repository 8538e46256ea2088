"""Typed actions and lambda conditions, end to end: what is stored is what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from dynarepo import (
    Action,
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBBaseModel,
    InvalidItemError,
    InvalidRequestError,
    InvalidValueError,
    ItemNotFoundError,
    RejectedError,
    add_to_set,
    append,
    begins_with,
    between,
    contains,
    exists,
    in_,
    increment,
    is_type,
    not_,
    not_exists,
    prepend,
    remove,
    remove_from_set,
    set_,
    size,
)
from integration.behaviour.stores import Stores


class Address(BaseModel):
    city: str = "London"
    visits: int = 0
    notes: list[str] = Field(default_factory=list)


class Player(DynamoDBBaseModel):
    name: str = "Ada"
    nick: str | None = None
    active: bool = True
    age: Annotated[int, Field(ge=0)] = 36
    visits: int | None = None
    balance: Decimal = Decimal(0)
    tags: set[str] = Field(default_factory=set)
    badges: set[int] = Field(default_factory=set)
    notes: list[str] = Field(default_factory=list)
    scores: list[int] | None = None
    prefs: dict[str, int] = Field(default_factory=dict)
    address: Address = Address()
    home: Address | None = None
    loose: Any = None


Actions = Callable[[Any], Sequence[Action]]


async def stored(stores: Stores, pk: str, **fields: Any) -> AsyncDynamoDBRepository[Player]:
    players = await stores.of(Player)
    await players.save(Player(pk=pk, sk="a", **fields))
    return players


@pytest.mark.parametrize(
    ("before", "actions", "after"),
    [
        ({}, lambda u: [set_(u.age).to(37)], {"age": 37}),
        ({"nick": "x"}, lambda u: [set_(u.nick).to(None)], {}),
        ({"tags": {"x"}}, lambda u: [set_(u.tags).to(set())], {}),
        ({"notes": ["x"]}, lambda u: [set_(u.notes).to([])], {}),
        ({}, lambda u: [set_(u.address).to(Address(city="Paris"))], {"address": Address(city="Paris")}),
        ({}, lambda u: [set_(u.address.city).to("Paris")], {"address": Address(city="Paris")}),
        ({"prefs": {"b": 1}}, lambda u: [set_(u.prefs["a.b"]).to(5)], {"prefs": {"b": 1, "a.b": 5}}),
        ({"notes": ["x", "y"]}, lambda u: [set_(u.notes[1]).to("z")], {"notes": ["x", "z"]}),
        ({}, lambda u: [set_(u.nick).if_not_exists("x")], {"nick": "x"}),
        ({"nick": "y"}, lambda u: [set_(u.nick).if_not_exists("x")], {"nick": "y"}),
        ({}, lambda u: [set_(u.nick).to(u.name)], {"nick": "Ada"}),
        ({}, lambda u: [set_(u.nick).if_not_exists(u.address.city)], {"nick": "London"}),
        ({}, lambda u: [increment(u.age, 1)], {"age": 37}),
        ({}, lambda u: [increment(u.age, -36)], {"age": 0}),
        ({}, lambda u: [increment(u.visits, 5)], {"visits": 5}),
        ({}, lambda u: [increment(u.visits, 10**22 + 1)], {"visits": 10**22 + 1}),
        ({"visits": 10**22}, lambda u: [increment(u.visits, 1)], {"visits": 10**22 + 1}),
        ({"visits": -1}, lambda u: [increment(u.visits, 10**37)], {"visits": 10**37 - 1}),
        (
            {"balance": Decimal("0.1")},
            lambda u: [increment(u.balance, Decimal("0.2"))],
            {"balance": Decimal("0.3")},
        ),
        ({}, lambda u: [increment(u.address.visits, 2)], {"address": Address(visits=2)}),
        ({}, lambda u: [increment(u.prefs["new"], 2)], {"prefs": {"new": 2}}),
        ({}, lambda u: [append(u.notes, ["x", "y"])], {"notes": ["x", "y"]}),
        ({"notes": ["w"]}, lambda u: [append(u.notes, ["x", "y"])], {"notes": ["w", "x", "y"]}),
        ({"notes": ["w"]}, lambda u: [prepend(u.notes, ["x", "y"])], {"notes": ["x", "y", "w"]}),
        ({}, lambda u: [append(u.scores, [1])], {"scores": [1]}),
        ({}, lambda u: [prepend(u.scores, [1])], {"scores": [1]}),
        ({}, lambda u: [append(u.address.notes, ["x"])], {"address": Address(notes=["x"])}),
        ({"nick": "x"}, lambda u: [remove(u.nick)], {}),
        ({}, lambda u: [remove(u.nick)], {}),
        ({"age": 5}, lambda u: [remove(u.age)], {}),
        ({"notes": ["x", "y", "z"]}, lambda u: [remove(u.notes[1])], {"notes": ["x", "z"]}),
        ({"notes": ["x"]}, lambda u: [remove(u.notes[5])], {"notes": ["x"]}),
        ({"prefs": {"a": 1, "b": 2}}, lambda u: [remove(u.prefs["a"])], {"prefs": {"b": 2}}),
        ({}, lambda u: [add_to_set(u.tags, {"x"})], {"tags": {"x"}}),
        ({"tags": {"x", "y"}}, lambda u: [add_to_set(u.tags, {"y", "z"})], {"tags": {"x", "y", "z"}}),
        ({"tags": {"x", "y"}}, lambda u: [remove_from_set(u.tags, {"y", "z"})], {"tags": {"x"}}),
        ({}, lambda u: [remove_from_set(u.tags, {"x"})], {}),
    ],
)
async def test_each_action_does_what_it_says_rn31_ru81_ru84(
    stores: Stores, pk: str, before: dict[str, Any], actions: Actions, after: dict[str, Any]
) -> None:
    players = await stored(stores, pk, **before)
    expected = Player(pk=pk, sk="a", **after)
    assert await players.update(pk, "a", actions) == expected
    assert await players.get_one(pk, "a", consistent=True) == expected


async def test_actions_of_every_kind_are_one_update_ru74(stores: Stores, sent: list[str], pk: str) -> None:
    players = await stored(stores, pk, nick="x", tags={"x"}, badges={1, 2}, notes=["x"], loose={1, 2})
    sent.clear()
    updated = await players.update(
        pk,
        "a",
        lambda u: [
            set_(u.name).to("Grace"),
            increment(u.age, 1),
            append(u.notes, ["y"]),
            remove(u.nick),
            add_to_set(u.tags, {"y"}),
            remove_from_set(u.badges, {1}),
            increment(u.address.visits, 1),
        ],
    )
    assert updated == Player(
        pk=pk,
        sk="a",
        name="Grace",
        age=37,
        notes=["x", "y"],
        tags={"x", "y"},
        badges={2},
        address=Address(visits=1),
        loose={1, 2},
    )
    assert sent == ["UpdateItem"]


async def test_positions_are_those_before_the_update_ru82(stores: Stores, pk: str) -> None:
    players = await stored(stores, pk, notes=["0", "1", "2", "3", "4"])
    updated = await players.update(pk, "a", lambda u: [remove(u.notes[1]), set_(u.notes[3]).to("new")])
    assert updated.notes == ["0", "2", "new", "4"]


async def test_a_copy_takes_the_value_before_the_update(stores: Stores, pk: str) -> None:
    players = await stored(stores, pk)
    updated = await players.update(
        pk, "a", lambda u: [set_(u.name).to(u.address.city), set_(u.address.city).to(u.name)]
    )
    assert (updated.name, updated.address.city) == ("London", "Ada")


async def test_a_place_behind_the_end_of_a_list_is_its_end_ru83(stores: Stores, pk: str) -> None:
    players = await stored(stores, pk, notes=["0", "1", "2"])
    updated = await players.update(pk, "a", lambda u: [set_(u.notes[99]).to("new")])
    assert updated.notes == ["0", "1", "2", "new"]


async def test_a_set_without_its_last_element_is_not_stored_ru85(stores: Stores, pk: str, raw: Any) -> None:
    players = await stored(stores, pk, tags={"x"})
    assert (await players.update(pk, "a", lambda u: [remove_from_set(u.tags, {"x"})])).tags == set()
    reply = await raw.get_item(TableName=players.table_name, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    assert "tags" not in reply["Item"]
    assert (await players.update(pk, "a", lambda u: [add_to_set(u.tags, {"y"})])).tags == {"y"}


@pytest.mark.parametrize(
    "actions",
    [
        lambda u: [set_(u.age).to(1), set_(u.home.city).to("Paris")],
        lambda u: [set_(u.age).to(1), increment(u.home.visits, 1)],
        lambda u: [set_(u.age).to(1), append(u.home.notes, ["x"])],
        lambda u: [set_(u.age).to(1), set_(u.name).to(u.home.city)],
    ],
)
async def test_a_missing_parent_or_source_is_refused_and_changes_nothing_ru80(
    stores: Stores, pk: str, actions: Actions
) -> None:
    players = await stored(stores, pk, loose={})
    with pytest.raises(RejectedError) as caught:
        await players.update(pk, "a", actions)
    assert caught.value.code == "ValidationException"
    assert await players.get_one(pk, "a", consistent=True) == Player(pk=pk, sk="a", loose={})


async def test_actions_on_a_missing_item_make_none_ru70(stores: Stores, pk: str) -> None:
    players = await stores.of(Player)
    for actions in (lambda u: [increment(u.age, 1)], lambda u: [add_to_set(u.tags, {"x"})]):
        with pytest.raises(ItemNotFoundError):
            await players.update(pk, "a", actions)
    assert await players.get_one(pk, "a") is None


async def test_a_condition_and_actions_hold_together(stores: Stores, pk: str) -> None:
    players = await stored(stores, pk, age=36)

    async def grow() -> Player:
        return await players.update(
            pk, "a", lambda u: [increment(u.age, 1)], where=lambda u: (u.age < 38) & u.active
        )

    assert (await grow()).age == 37
    assert (await grow()).age == 38
    with pytest.raises(ConditionFailedError) as caught:
        await grow()
    assert caught.value.item == Player(pk=pk, sk="a", age=38)


@pytest.mark.parametrize(
    ("actions", "error"),
    [
        (lambda u: [], InvalidRequestError),
        (lambda u: [increment(u.name, 1)], InvalidRequestError),
        (lambda u: [set_(u.age).to(1), increment(u.age, 1)], InvalidRequestError),
        (lambda u: [set_(u.nick).to("x"), remove(u.nick)], InvalidRequestError),
        (lambda u: [set_(u.address).to(Address()), set_(u.address.city).to("Rome")], InvalidRequestError),
        (lambda u: [remove(u.notes[0]), append(u.notes, ["x"])], InvalidRequestError),
        (lambda u: [set_(u.pk).to("x")], InvalidRequestError),
        (lambda u: [remove(u.unknown)], InvalidRequestError),
        (lambda u: [set_(u.age).to(-1)], InvalidValueError),
        (lambda u: [append(u.notes, [5])], InvalidValueError),
    ],
)
async def test_actions_that_do_not_fit_are_refused_unsent_ru73_ru75_to_ru79(
    stores: Stores, sent: list[str], pk: str, actions: Actions, error: type[Exception]
) -> None:
    players = await stores.of(Player)
    sent.clear()
    with pytest.raises(error):
        await players.update(pk, "a", actions)
    assert sent == []


async def test_a_result_that_breaks_a_rule_of_the_model_is_reported_after_it_was_stored(
    stores: Stores, pk: str
) -> None:
    players = await stored(stores, pk, age=1)
    with pytest.raises(InvalidItemError, match="age"):
        await players.update(pk, "a", lambda u: [increment(u.age, -2)])
    with pytest.raises(InvalidItemError, match="age"):
        await players.get_one(pk, "a")
    assert (await players.update(pk, "a", lambda u: [increment(u.age, 2)])).age == 1


async def test_sixty_increments_by_ten_tasks_end_at_sixty(stores: Stores, pk: str) -> None:
    players = await stored(stores, pk)

    async def add_six() -> list[int | None]:
        return [(await players.update(pk, "a", lambda u: [increment(u.visits, 1)])).visits for _ in range(6)]

    seen = [visits for task in await asyncio.gather(*(add_six() for _ in range(10))) for visits in task]
    assert sorted(visits for visits in seen if visits is not None) == list(range(1, 61))
    player = await players.get_one(pk, "a", consistent=True)
    assert player is not None
    assert player.visits == 60


async def test_a_transaction_takes_actions_and_lambdas(stores: Stores, pk: str) -> None:
    players = await stored(stores, pk)
    await players.save(Player(pk=pk, sk="b"))
    async with stores.connection.transaction() as transaction:
        transaction.update(players, pk, "a", lambda u: [increment(u.age, -1)], where=lambda u: u.age > 0)
        transaction.update(players, pk, "b", lambda u: [increment(u.age, 1), append(u.notes, ["x"])])
    found = await players.query_by_pk(pk)
    assert found.items == [Player(pk=pk, sk="a", age=35), Player(pk=pk, sk="b", age=37, notes=["x"])]


@pytest.mark.parametrize(
    "where",
    [
        lambda u: u.active,
        lambda u: u.age >= 36,
        lambda u: 36 <= u.age,  # noqa: SIM300
        lambda u: (u.age >= 18) & u.name.startswith("A") & contains(u.tags, "x"),
        lambda u: (u.age > 99) | contains(u.name, "da"),
        lambda u: not_(u.age == 5) & ~exists(u.nick),
        lambda u: between(u.balance, Decimal(0), 1) & in_(u.age, [35, 36]),
        lambda u: begins_with(u.address.city, "Lon") & (u.notes[1] == "y"),
        lambda u: (u.prefs["a.b"] > 1) & (size(u.notes) == 2),
        lambda u: not_exists(u.visits) & is_type(u.name, "S"),
        lambda u: u.name != u.address.city,
    ],
)
async def test_a_lambda_filters_and_guards(stores: Stores, pk: str, where: Callable[[Any], Any]) -> None:
    players = await stored(stores, pk, tags={"x"}, notes=["x", "y"], prefs={"a.b": 2})
    (player,) = (await players.query_by_pk(pk)).items
    other = Player(pk=pk, sk="b", name="London", active=False, age=5, visits=1, nick="x", balance=Decimal(5))
    await players.save(other)
    assert (await players.query_by_pk(pk, where=where)).items == [player]
    assert await players.count(pk, where=lambda u: not_(where(u))) == 1
    await players.save(player, where=where)
    with pytest.raises(ConditionFailedError) as caught:
        await players.save(other, where=where)
    assert caught.value.item == other
    with pytest.raises(ConditionFailedError):
        await players.delete(pk, "b", where=where)
    assert await players.delete(pk, "a", where=where)
