"""Loading single keys: one batch for each turn of the loop, a model and an error for each caller."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from dynarepo import (
    AsyncDynamoDBRepository,
    DeadlineExceededError,
    DynamoDBConfig,
    DynamoDBConnection,
    InvalidItemError,
    InvalidKeyError,
    RejectedError,
    ThrottledError,
    WrongModelError,
)
from dynarepo._codec import bind
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, error_reply
from tests.faked import SkippedTime, longest, on_fake, only_this_task_runs, turns
from tests.models import Setting, User
from tests.pages.batch_store import BatchStore
from tests.pages.loading import key, put, users_stored
from tests.recording_logger import RecordingLogger
from tests.several_models import Customer, Order

Users = AsyncDynamoDBRepository[User]


def operations(fake: FakeTransport) -> list[str]:
    return [operation for operation, _ in fake.requests]


async def test_loads_of_one_turn_are_one_batch() -> None:
    store = users_stored()
    fake = FakeTransport.answering(store)
    async with on_fake(fake, User) as users:
        found = await asyncio.gather(*(users.load(key(n)) for n in range(40)))
    assert [user and user.age for user in found] == list(range(40))
    assert operations(fake) == ["BatchGetItem"]
    assert store.sizes == [40]


async def test_one_load_alone_is_a_batch_too() -> None:
    """One operation to permit, and one way that it can fail."""
    fake = FakeTransport.answering(users_stored())
    async with on_fake(fake, User) as users:
        assert await users.load(key(7)) == User(pk="p", sk="0007", age=7)
    assert operations(fake) == ["BatchGetItem"]


async def test_resolvers_at_several_depths_make_one_batch_for_each_depth() -> None:
    store = users_stored()

    async def resolve(users: Users, number: int) -> int:
        user = await users.load(key(number))
        assert user is not None
        friend = await users.load(key(user.age + 100))
        assert friend is not None
        return friend.age

    async with on_fake(FakeTransport.answering(store), User) as users:
        tasks = [asyncio.create_task(resolve(users, n)) for n in range(10)]
        assert await asyncio.gather(*tasks) == list(range(100, 110))
    assert store.sizes == [10, 10]


async def test_more_keys_than_one_request_takes_travel_in_several_at_once() -> None:
    store = users_stored()
    async with on_fake(FakeTransport.answering(store), User) as users:
        found = await asyncio.gather(*(users.load(key(n)) for n in range(250)))
    assert [user and user.age for user in found] == list(range(250))
    assert sorted(store.sizes) == [50, 100, 100]
    assert store.most_under_way == 3


async def test_a_key_loaded_twice_is_read_once_and_made_into_two_models() -> None:
    store = users_stored()
    async with on_fake(FakeTransport.answering(store), User) as users:
        one, other = await asyncio.gather(users.load(key(1)), users.load(key(1)))
    assert one == other
    assert one is not None
    assert one is not other
    assert store.sizes == [1]


async def test_a_missing_item_is_none() -> None:
    async with on_fake(FakeTransport.answering(users_stored(1)), User) as users:
        found = await asyncio.gather(users.load(key(0)), users.load(key(5)))
    assert [user and user.age for user in found] == [0, None]


async def test_nothing_is_kept_from_one_turn_to_the_next() -> None:
    store = users_stored()
    async with on_fake(FakeTransport.answering(store), User) as users:
        first = await users.load(key(1))
        put(store, bind(User).encode(User(pk="p", sk="0001", age=99)))
        second = await users.load(key(1))
    assert [user and user.age for user in (first, second)] == [1, 99]
    assert store.sizes == [1, 1]


async def test_a_load_while_a_batch_is_under_way_is_in_the_next_batch() -> None:
    store = users_stored()
    async with on_fake(FakeTransport.answering(store), User) as users:
        first = asyncio.create_task(users.load(key(1)))
        await turns(3)
        assert store.sizes == [1]
        assert (await users.load(key(2))) == User(pk="p", sk="0002", age=2)
        await first
    assert store.sizes == [1, 1]


async def test_a_table_without_a_sort_key_is_loaded_from_by_its_partition_keys() -> None:
    store = BatchStore(names=("name",))
    put(store, bind(Setting).encode(Setting(name="a", value="1")))
    async with on_fake(FakeTransport.answering(store), Setting) as settings:
        found = await asyncio.gather(settings.load("a"), settings.load(("a",)), settings.load("b"))
    assert list(found) == [Setting(name="a", value="1")] * 2 + [None]


class Age(BaseModel):
    """A part of a user."""

    age: int


async def test_loads_that_ask_for_other_things_are_batches_of_their_own() -> None:
    fake = FakeTransport.answering(users_stored())
    async with on_fake(fake, User) as users:
        found = await asyncio.gather(
            users.load(key(1)),
            users.load(key(1), consistent=True),
            users.load(key(1), view=Age),
            users.load(key(2), view=Age),
            users.with_options(consistent_read=True).load(key(2)),
        )
    assert [user and user.age for user in found] == [1, 1, 1, 2, 2]
    assert [type(user) for user in found] == [User, User, Age, Age, User]
    wanted = [payload["RequestItems"]["app"] for _, payload in fake.requests]
    asked = [(len(each["Keys"]), "ConsistentRead" in each, "ProjectionExpression" in each) for each in wanted]
    assert sorted(asked) == [(1, False, False), (2, False, True), (2, True, False)]


async def test_a_view_that_reads_the_same_part_travels_along() -> None:
    class AlsoAge(BaseModel):
        age: int

    store = users_stored()
    async with on_fake(FakeTransport.answering(store), User) as users:
        found = await asyncio.gather(users.load(key(1), view=Age), users.load(key(2), view=AlsoAge))
    assert list[object](found) == [Age(age=1), AlsoAge(age=2)]
    assert store.sizes == [2]


def connected(fake: FakeTransport, **options: Any) -> DynamoDBConnection:
    config = DynamoDBConfig.model_validate({"table_name": "app"} | options)
    return DynamoDBConnection(config=config, logger=RecordingLogger(), transport=fake)


def shop() -> BatchStore:
    store = BatchStore()
    put(store, bind(Customer).encode(Customer(customer_id="1", name="Ada")))
    put(store, bind(Order).encode(Order(customer_id="1", order_id=7, total=3)))
    return store


CUSTOMER, ORDER = ("CUSTOMER#1", "PROFILE"), ("CUSTOMER#1", "ORDER#0007")


async def test_models_that_share_a_table_are_loaded_by_one_request() -> None:
    store = shop()
    async with connected(FakeTransport.answering(store)) as connection:
        customers, orders = connection.repository(Customer), connection.repository(Order)
        both = connection.union_repository(Customer, Order)
        found = await asyncio.gather(
            customers.load(CUSTOMER), orders.load(ORDER), both.load(ORDER), customers.load(CUSTOMER)
        )
    customer, order = Customer(customer_id="1", name="Ada"), Order(customer_id="1", order_id=7, total=3)
    assert list[object](found) == [customer, order, order, customer]
    assert store.sizes == [2]


async def test_an_item_that_does_not_fit_is_the_error_of_its_own_caller() -> None:
    store = shop()
    put(store, {"pk": {"S": "CUSTOMER#1"}, "sk": {"S": "ORDER#0008"}, "entity": {"S": "ORDER"}})
    async with connected(FakeTransport.answering(store)) as connection:
        customers, orders = connection.repository(Customer), connection.repository(Order)
        found = await asyncio.gather(
            customers.load(ORDER),
            orders.load(("CUSTOMER#1", "ORDER#0008")),
            orders.load(ORDER),
            return_exceptions=True,
        )
    assert [type(each) for each in found] == [WrongModelError, InvalidItemError, Order]
    assert store.sizes == [2]


async def test_each_table_has_a_batch_of_its_own_at_the_same_time() -> None:
    first, second = users_stored(), users_stored()
    stores, gate = {"app": first, "other": second}, asyncio.Barrier(2)

    async def answer(operation: str, payload: Payload) -> Any:
        await gate.wait()
        (table,) = payload["RequestItems"]
        return await stores[table](operation, payload)

    async with connected(FakeTransport.answering(answer)) as connection, asyncio.timeout(5):
        here, there = connection.repository(User), connection.repository(User, table_name="other")
        found = await asyncio.gather(here.load(key(1)), there.load(key(1)), there.load(key(2)))
    assert [user and user.age for user in found] == [1, 1, 2]
    assert (first.sizes, second.sizes) == ([1], [2])


async def test_the_trouble_of_one_table_is_not_that_of_another() -> None:
    store = users_stored()

    async def answer(operation: str, payload: Payload) -> Any:
        if "other" in payload["RequestItems"]:
            return error_reply("AccessDeniedException")
        return await store(operation, payload)

    async with connected(FakeTransport.answering(answer)) as connection:
        here, there = connection.repository(User), connection.repository(User, table_name="other")
        found = await asyncio.gather(here.load(key(1)), there.load(key(1)), return_exceptions=True)
    assert found[0] == User(pk="p", sk="0001", age=1)
    assert isinstance(found[1], RejectedError)
    assert found[1].table_name == "other"


@pytest.mark.parametrize(
    ("code", "kind"), [("ValidationException", RejectedError), ("AccessDeniedException", RejectedError)]
)
async def test_an_error_reaches_every_caller_as_an_instance_of_its_own(
    code: str, kind: type[RejectedError]
) -> None:
    fake = FakeTransport.answering(lambda *_: error_reply(code))
    async with on_fake(fake, User) as users:
        errors = await asyncio.gather(*(users.load(key(n)) for n in range(3)), return_exceptions=True)
        assert await only_this_task_runs()
    assert len({id(error) for error in errors}) == 3
    for error in errors:
        assert isinstance(error, kind)
        assert (error.operation, error.table_name, error.code) == ("BatchGetItem", "app", code)
        assert isinstance(error.__cause__, kind)
    assert len(fake.requests) == 1


async def test_an_error_that_cannot_be_copied_reaches_every_caller_too() -> None:
    class OddError(Exception):
        def __init__(self, one: int, two: int) -> None:
            super().__init__(one)

    async def answer(_operation: str, _payload: Payload) -> Any:
        raise OddError(1, 2)

    async with on_fake(FakeTransport.answering(answer), User) as users, asyncio.timeout(5):
        errors = await asyncio.gather(users.load(key(1)), users.load(key(2)), return_exceptions=True)
    assert all(isinstance(error, Exception) for error in errors)


async def test_a_key_that_does_not_fit_is_refused_and_the_others_go_on() -> None:
    store = users_stored()
    async with on_fake(FakeTransport.answering(store), User) as users:
        found = await asyncio.gather(
            users.load(key(1)), users.load("p"), users.load(("p", 1)), return_exceptions=True
        )
    assert [type(each) for each in found] == [User, InvalidKeyError, InvalidKeyError]
    assert store.sizes == [1]


async def test_what_is_left_undone_is_asked_for_again() -> None:
    store = users_stored()
    store.leave = lambda keys: keys[7:]
    async with on_fake(FakeTransport.answering(store), User) as users:
        found = await asyncio.gather(*(users.load(key(n)) for n in range(20)))
    assert [user and user.age for user in found] == list(range(20))
    assert store.sizes == [20, 13, 6]


async def test_what_is_left_undone_until_the_deadline_is_throttled() -> None:
    store = users_stored()
    store.leave = lambda keys: keys
    async with on_fake(FakeTransport.answering(store), User, deadline=3) as users:
        errors = await asyncio.gather(users.load(key(1)), users.load(key(2)), return_exceptions=True)
        assert await only_this_task_runs()
    assert [type(error) for error in errors] == [ThrottledError] * 2
    assert errors[0] is not errors[1]


async def test_loads_with_another_deadline_are_a_batch_of_their_own() -> None:
    store, time = users_stored(), SkippedTime()
    store.leave = lambda keys: keys
    async with on_fake(FakeTransport.answering(store), User, deadline=30, time=time) as users:
        quick = users.with_options(deadline=0.05)
        errors = await asyncio.gather(
            users.load(key(1)), quick.load(key(1)), quick.load(key(2)), return_exceptions=True
        )
    assert [type(error) for error in errors] == [ThrottledError] * 3
    assert sum(time.waits) > 10
    assert sorted(store.sizes[:2]) == [1, 2]


async def test_loads_with_another_concurrency_are_a_batch_of_their_own() -> None:
    store = users_stored()
    async with on_fake(FakeTransport.answering(store), User) as users:
        slow = users.with_options(batch_concurrency=1)
        await asyncio.gather(users.load(key(1)), slow.load(key(1)), slow.load(key(2)))
    assert sorted(store.sizes) == [1, 2]


async def test_a_model_that_declares_another_key_for_the_table_is_a_batch_of_its_own() -> None:
    fake = FakeTransport.answering(users_stored())
    async with connected(fake) as connection:
        users, settings = connection.repository(User), connection.repository(Setting)
        found = await asyncio.gather(users.load(key(1)), settings.load("a"), return_exceptions=True)
    assert found[0] == User(pk="p", sk="0001", age=1)
    assert len(fake.requests) == 2


class Named(BaseModel):
    """A part of a customer."""

    name: str


async def test_loads_of_one_view_differ_by_whether_they_look_at_the_expiry() -> None:
    fake = FakeTransport.answering(shop())
    async with connected(fake) as connection:
        customers = connection.repository(Customer)
        await asyncio.gather(
            customers.load(CUSTOMER, view=Named), customers.load(CUSTOMER, view=Named, skip_expired=True)
        )
    wanted = [payload["RequestItems"]["app"] for _, payload in fake.requests]
    names = [set(each["ExpressionAttributeNames"].values()) for each in wanted]
    assert sorted("expires_at" in each for each in names) == [False, True]


async def test_one_deadline_covers_all_requests_of_a_batch() -> None:
    """Each request brings one item of twenty, and takes a second."""
    store, time = users_stored(), SkippedTime()
    store.leave = lambda keys: keys[1:]

    async def answer(operation: str, payload: Payload) -> Any:
        await time.sleep(1)
        return await store(operation, payload)

    async with on_fake(FakeTransport.answering(answer), User, deadline=5, time=time) as users:
        errors = await asyncio.gather(*(users.load(key(n)) for n in range(20)), return_exceptions=True)
    assert all(isinstance(error, DeadlineExceededError | ThrottledError) for error in errors)
    assert len(store.sizes) <= 5


async def test_a_deadline_covers_the_whole_of_a_batch() -> None:
    async def answer(_operation: str, _payload: Payload) -> Any:
        await asyncio.Event().wait()

    async with on_fake(FakeTransport.answering(answer), User, deadline=0.01) as users:
        with pytest.raises(DeadlineExceededError):
            await users.load(key(1))
        assert await only_this_task_runs()


async def test_a_load_can_be_explained() -> None:
    async with on_fake(FakeTransport(), User, jitter=longest) as users:
        explained = await users.explain(lambda u: u.load(key(1)))
        assert await only_this_task_runs()
    assert explained.operation == "BatchGetItem"
