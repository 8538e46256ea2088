"""One item at a time, for every way of declaring a table."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo import (
    ConditionFailedError,
    DynamoDBConnection,
    InvalidItemError,
    InvalidKeyError,
    InvalidRequestError,
    ItemAlreadyExistsError,
    ItemNotFoundError,
    RequestRefusedError,
    TransactWriteItem,
    UnexpectedResponseError,
    WriteOutcomeUnknownError,
    attr,
    increment,
)
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply, lost_reply
from tests.faked import on_fake
from tests.models import Order, Reading, Setting, User
from tests.repository.kinds import EVERY_KIND, Kind


@EVERY_KIND
async def test_an_item_goes_through_its_whole_life(kind: Kind, connection: DynamoDBConnection) -> None:
    repository = await kind.repository(connection)
    item = kind.make(1, 1)
    key = kind.key(item)
    assert await repository.get_one(*key) is None
    assert await repository.save(item) is item
    found = await repository.get_one(*key, consistent=True)
    assert type(found) is kind.model
    assert found == item
    assert await repository.save(kind.make(1, 2)) == await repository.get_one(*key)
    assert await repository.delete(*key) is True
    assert await repository.delete(*key) is False
    assert await repository.get_one(*key) is None


@EVERY_KIND
async def test_create_leaves_an_existing_item_as_it_is_and_shows_it(
    kind: Kind, connection: DynamoDBConnection
) -> None:
    repository = await kind.repository(connection)
    first, second = kind.make(1, 1), kind.make(1, 2)
    assert await repository.create(first) is first
    with pytest.raises(ItemAlreadyExistsError) as raised:
        await repository.create(second)
    assert raised.value.item == first
    assert await repository.get_one(*kind.key(first)) == first


@EVERY_KIND
async def test_update_changes_the_named_fields_and_gives_the_whole_model(
    kind: Kind, connection: DynamoDBConnection
) -> None:
    repository = await kind.repository(connection)
    item = kind.make(1, 1)
    await repository.save(item)
    pk, *sk = kind.key(item)
    updated = await repository.update(pk, sk[0] if sk else None, {kind.field: 7})
    assert updated == item.model_copy(update={kind.field: 7}) == await repository.get_one(pk, *sk)


@EVERY_KIND
async def test_update_of_a_missing_item_makes_none(kind: Kind, connection: DynamoDBConnection) -> None:
    repository = await kind.repository(connection)
    pk, *sk = kind.key(kind.make(1, 1))
    with pytest.raises(ItemNotFoundError) as raised:
        await repository.update(pk, sk[0] if sk else None, changes={kind.field: 7})
    assert raised.value.item is None
    assert [item async for item in repository.iter_scan_items()] == []


@EVERY_KIND
async def test_a_condition_that_fails_changes_nothing_and_shows_the_stored_model(
    kind: Kind, connection: DynamoDBConnection
) -> None:
    repository = await kind.repository(connection)
    stored, other = kind.make(1, 1), kind.make(1, 5)
    await repository.save(stored)
    pk, *sk = kind.key(stored)
    where = attr(kind.field).gt(3)
    for call in (
        repository.save(other, where=where),
        repository.update(pk, sk[0] if sk else None, {kind.field: 9}, where=where),
        repository.delete(pk, *sk, where=where),
    ):
        with pytest.raises(ConditionFailedError) as raised:
            await call
        assert type(raised.value) is ConditionFailedError
        assert raised.value.item == stored
        assert raised.value.table_name == repository.table_name
    assert await repository.get_one(pk, *sk) == stored


@EVERY_KIND
async def test_a_condition_that_holds_lets_the_write_through(
    kind: Kind, connection: DynamoDBConnection
) -> None:
    repository = await kind.repository(connection)
    where = attr(kind.field).lt(3)
    stored = kind.make(1, 1)
    pk, *sk = kind.key(stored)
    await repository.create(stored, where=attr(kind.field).not_exists())
    await repository.save(kind.make(1, 2), where=where)
    assert kind.value(await repository.update(pk, sk[0] if sk else None, {kind.field: 0}, where=where)) == 0
    assert await repository.delete(pk, *sk, where=where) is True


async def test_a_condition_on_a_missing_item_fails_without_a_model(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    for call in (
        users.save(User(pk="p", sk="s"), where=attr("age").ge(0)),
        users.create(User(pk="p", sk="s"), where=attr("age").ge(0)),
        users.delete("p", "s", where=attr("age").ge(0)),
    ):
        with pytest.raises(ConditionFailedError) as raised:
            await call
        assert type(raised.value) is ConditionFailedError
        assert raised.value.item is None
    assert await users.get_one("p", "s") is None


async def test_none_removes_a_field_whose_default_it_is(connection: DynamoDBConnection) -> None:
    await connection.table_admin().create_table(User)
    users = connection.repository(User)
    await users.save(User(pk="p", sk="s", nick="ada"))
    assert (await users.update("p", "s", {"nick": None, "age": 3})).nick is None
    found = await users.query_by_pk("p", where=attr("nick").not_exists())
    assert found.items == [User(pk="p", sk="s", age=3)]


@pytest.mark.parametrize(
    ("consistent", "configured"), [(None, False), (None, True), (True, False), (False, True)]
)
async def test_a_call_decides_on_consistency_and_else_the_configuration(
    consistent: bool | None, configured: bool
) -> None:
    fake = FakeTransport({})
    async with on_fake(fake, User, consistent_read=configured) as users:
        assert await users.get_one("p", "s", consistent=consistent) is None
    ((_, payload),) = fake.requests
    assert payload.get("ConsistentRead", False) is (configured if consistent is None else consistent)


@pytest.mark.parametrize("reply", [{"Item": []}, {"Item": "x"}, {"Item": 1}])
async def test_an_item_that_is_none_is_never_not_found(reply: Payload) -> None:
    async with on_fake(FakeTransport(reply), User) as users:
        with pytest.raises((UnexpectedResponseError, InvalidItemError)):
            await users.get_one("p", "s")


async def test_an_item_that_does_not_fit_the_model_is_an_error_that_names_the_field() -> None:
    item = {"pk": {"S": "p"}, "sk": {"S": "s"}, "age": {"S": "secret"}}
    async with on_fake(FakeTransport({"Item": item}), User) as users:
        with pytest.raises(InvalidItemError) as raised:
            await users.get_one("p", "s")
    assert "age" in raised.value.fields
    assert "secret" not in str(raised.value) + repr(raised.value)


@pytest.mark.parametrize("text", ["abc", "NaN", "Infinity", "", "1E999"])
async def test_a_number_that_is_none_does_not_fit_the_model_rn34(text: str) -> None:
    item = {"sensor": {"S": "s"}, "at": {"N": text}, "level": {"N": "1"}}
    page = {"Items": [item], "Count": 1, "ScannedCount": 1}
    async with on_fake(FakeTransport({"Item": item}, page), Reading) as readings:
        for call in (readings.get_one("s", 1), readings.query_by_pk("s")):
            with pytest.raises(InvalidItemError) as raised:
                await call
            assert raised.value.fields == ("at",)


async def test_a_failed_condition_shows_no_model_where_the_stored_item_is_none() -> None:
    """The condition's failure is what the caller must know; an item of another kind must not hide it."""
    reply = error_reply(
        "ConditionalCheckFailedException", Item={"pk": {"S": "p"}, "sk": {"S": "s"}, "age": {"S": "x"}}
    )
    async with on_fake(FakeTransport(reply, reply), User) as users:
        with pytest.raises(ItemAlreadyExistsError) as raised:
            await users.create(User(pk="p", sk="s"))
        assert raised.value.item is None
        with pytest.raises(ConditionFailedError) as failed:
            await users.update("p", "s", {"age": 3}, where=attr("age").gt(1))
        assert type(failed.value) is ConditionFailedError


async def test_an_update_without_its_result_is_an_error() -> None:
    async with on_fake(FakeTransport({}), User) as users:
        with pytest.raises(UnexpectedResponseError):
            await users.update("p", "s", {"age": 3})


async def test_a_write_whose_replies_are_all_lost_is_unknown() -> None:
    fake = FakeTransport.answering(lambda *_: lost_reply())
    async with on_fake(fake, User) as users:
        for call in (
            users.save(User(pk="p", sk="s")),
            users.create(User(pk="p", sk="s")),
            users.update("p", "s", {"age": 3}),
            users.delete("p", "s"),
        ):
            with pytest.raises(WriteOutcomeUnknownError) as raised:
                await call
            assert (raised.value.pk, raised.value.sk) == ("p", "s")
            assert raised.value.table_name == "app"
    assert len(fake.requests) > 8


async def test_a_change_that_adds_up_is_not_sent_again_after_a_lost_reply() -> None:
    fake = FakeTransport.answering(lambda *_: lost_reply())
    async with on_fake(fake, User) as users:
        with pytest.raises(WriteOutcomeUnknownError):
            await users.update("p", "s", lambda u: [increment(u.age, 1)])
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "key",
    [
        ("p",),
        ("", "s"),
        ("p", ""),
        (1, "s"),
        ("p", 1),
        (None, "s"),
        ("p" * 2049, "s"),
        ("p", "s" * 1025),
        ("é" * 1025, "s"),
        (("p", "s"),),
    ],
    ids=lambda key: repr(key)[:20],
)
async def test_a_key_that_does_not_fit_is_refused_without_a_request(key: Any) -> None:
    fake = FakeTransport()
    pk, sk = (*key, None)[:2]
    async with on_fake(fake, User) as users:
        for call in (users.get_one(pk, sk), users.delete(pk, sk), users.update(pk, sk, {"age": 1})):
            with pytest.raises(InvalidKeyError):
                await call
    assert fake.requests == []


@pytest.mark.parametrize(
    ("item", "name"),
    [(User(pk="", sk="s"), "pk"), (User(pk="p", sk=""), "sk"), (User(pk="p", sk="s" * 1025), "sk")],
    ids=["no pk", "no sk", "long sk"],
)
async def test_an_item_without_a_proper_key_is_refused_without_a_request_rk05(item: User, name: str) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        for call in (users.save(item), users.create(item)):
            with pytest.raises(InvalidKeyError, match=name):
                await call
    assert fake.requests == []


async def test_a_table_without_a_sort_key_takes_none() -> None:
    fake = FakeTransport()
    async with on_fake(fake, Setting) as settings:
        for pk, sk in (("a", "b"), (("a", "b"), None)):
            with pytest.raises(InvalidKeyError):
                await settings.get_one(pk, sk)
            with pytest.raises(InvalidKeyError):
                await settings.delete(pk, sk)
            with pytest.raises(InvalidKeyError):
                await settings.update(pk, sk, {"level": 1})
    assert fake.requests == []


@pytest.mark.parametrize("changes", [None, {}, {"unknown": 1}, {"pk": "q"}, {"sk": "q"}])
async def test_changes_of_nothing_of_the_key_or_of_unknown_fields_are_refused(changes: Any) -> None:
    fake = FakeTransport()
    async with on_fake(fake, User) as users:
        with pytest.raises(InvalidRequestError):
            await users.update("p", "s", changes)
    assert fake.requests == []


async def test_a_model_of_another_type_is_refused_without_a_request() -> None:
    fake = FakeTransport()
    other: Any = Setting(name="a")
    async with on_fake(fake, User) as users:
        for call in (users.save(other), users.create(other), users.batch_write([other])):
            with pytest.raises(RequestRefusedError):
                await call
    assert fake.requests == []


MISPLACED: Any = ({"level": 2}, lambda item: [increment(item.level, 1)], {"order_id": 2})


@pytest.mark.parametrize("changes", MISPLACED)
@pytest.mark.parametrize("model", [Setting, Reading, Order])
async def test_changes_in_the_place_of_the_sort_key_are_refused_with_what_to_do(
    model: type[Any], changes: Any
) -> None:
    fake = FakeTransport()
    async with on_fake(fake, model) as repository:
        with pytest.raises(InvalidRequestError, match="changes= is missing, or stands in the place"):
            await repository.update("1", changes)
    with pytest.raises(InvalidRequestError, match="changes= is missing, or stands in the place"):
        TransactWriteItem.update("1", changes)
    assert fake.requests == []
