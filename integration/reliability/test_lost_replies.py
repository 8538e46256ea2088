"""Replies are lost after the request was done: what is acknowledged was done, and once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from dynarepo import DynamoDBConfig, TransactWriteItem, increment
from dynarepo.exceptions import (
    DynamoDBServiceError,
    ItemAlreadyExistsError,
    TransientError,
    VersionConflictError,
    WriteOutcomeUnknownError,
)
from dynarepo.testing import Fault
from integration.reliability.profiles import Profile
from integration.reliability.tally import Tally
from integration.reliability.world import Account, Counted, World, new_owner, world_behind

Call = Callable[[int], Awaitable[object]]

_SEED: Final = 20260101
_LOSSES: Final = (Fault.RESET_AFTER, Fault.CLOSE_AFTER, Fault.TRUNCATED, Fault.ERROR_AFTER)


class Lossy:
    """Makes calls while a share of the replies is lost."""

    def __init__(self, config: DynamoDBConfig, rate: float, tally: Tally) -> None:
        self._config = config
        self._rate = rate
        self._tally = tally

    async def calls(
        self, number: int, call: Callable[[World], Call], at_once: int = 16
    ) -> tuple[list[object], Counter[str]]:
        """Make so many calls; give what each returned or raised, and the names of what was raised."""
        places = asyncio.Semaphore(at_once)

        async def outcome(made: Call, each: int) -> object:
            async with places:
                try:
                    return await made(each)
                except Exception as error:  # noqa: BLE001 - judged by the test
                    return error

        async with world_behind(self._config, seed=_SEED) as (proxy, world):
            proxy.fault_randomly(dict.fromkeys(_LOSSES, self._rate / len(_LOSSES)))
            made = call(world)
            found = await asyncio.gather(*(outcome(made, each) for each in range(number)))
        assert proxy.faults.total() > 0.5 * self._rate * number
        return found, Counter(type(each).__name__ for each in found if isinstance(each, Exception))

    def count(self, what: str, tried: int, survived: int, *, lost: int = 0, doubled: int = 0) -> None:
        """Add to the table."""
        goal = f"{what}, {self._rate:.0%} of replies lost"
        self._tally.add(goal, tried, survived, lost=max(0, lost), doubled=max(0, doubled))


@pytest.fixture(params=[0.1, 0.3], ids=["10 percent", "30 percent"])
def lossy(request: pytest.FixtureRequest, patient_config: DynamoDBConfig, tally: Tally) -> Lossy:
    return Lossy(patient_config, request.param, tally)


def add_one(counted: Counted) -> Counted:
    return counted.model_copy(update={"amount": counted.amount + 1})


def adding(owner: str, **options: Any) -> Callable[[World], Call]:
    def of(world: World) -> Call:
        return lambda _: world.accounts.update(owner, "a", lambda a: [increment(a.amount, 1)], **options)

    return of


@pytest.mark.differs("embedded", reason="moto does a transaction again that has a client token")
async def test_increments_done_exactly_once_add_up(lossy: Lossy, straight: World, profile: Profile) -> None:
    owner, number = new_owner(), profile.number(1000)
    await straight.accounts.save(Account(owner=owner, name="a"))
    _, errors = await lossy.calls(number, adding(owner, exactly_once=True))
    amount = (await straight.of(owner))["a"].amount
    survived = number - errors.total()
    lossy.count("increments, exactly once", number, survived, lost=number - amount, doubled=amount - number)
    assert (errors, amount) == (Counter(), number)


async def test_increments_are_acknowledged_or_unknown_ru90(
    lossy: Lossy, straight: World, profile: Profile
) -> None:
    owner, number = new_owner(), profile.number(1000)
    await straight.accounts.save(Account(owner=owner, name="a"))
    _, errors = await lossy.calls(number, adding(owner))
    amount = (await straight.of(owner))["a"].amount
    unknown = errors["WriteOutcomeUnknownError"]
    acknowledged = number - errors.total()
    lossy.count(
        "increments",
        number,
        acknowledged + unknown,
        lost=acknowledged - amount,
        doubled=amount - acknowledged - unknown,
    )
    assert errors.keys() <= {"WriteOutcomeUnknownError"}
    assert acknowledged <= amount <= acknowledged + unknown


@pytest.mark.parametrize("writers", [1, 4, 10])
async def test_versioned_saves_happen_once_ru92(
    writers: int, lossy: Lossy, straight: World, profile: Profile
) -> None:
    """All store the same. A lone writer always knows; of several, one may find that others wrote on."""
    owner, number = new_owner(), profile.number(200)
    await straight.counted.create(Counted(owner=owner))

    def saving(world: World) -> Call:
        return lambda _: world.counted.mutate(owner, change=add_one)

    _, errors = await lossy.calls(number, saving, at_once=writers)
    stored = await straight.counted.get_one(owner, consistent=True)
    assert stored is not None
    unknown = errors["WriteOutcomeUnknownError"]
    acknowledged = number - errors.total()
    lossy.count(
        f"versioned saves, {writers} at once",
        number,
        acknowledged + unknown,
        lost=acknowledged - stored.amount,
        doubled=stored.amount - acknowledged - unknown,
    )
    assert errors.keys() <= ({"WriteOutcomeUnknownError"} if writers > 1 else set())
    assert acknowledged <= stored.amount <= acknowledged + unknown
    assert stored.version == stored.amount + 1


async def test_creates_are_never_told_that_they_exist(
    lossy: Lossy, straight: World, profile: Profile
) -> None:
    owner, number = new_owner(), profile.number(1000)

    def creating(world: World) -> Call:
        return lambda each: world.accounts.create(Account(owner=owner, name=f"{each}", amount=each))

    _, errors = await lossy.calls(number, creating)
    stored = await straight.of(owner)
    survived = number - errors.total()
    lossy.count("creates", number, survived, lost=number - len(stored), doubled=len(stored) - number)
    assert errors == Counter()
    assert {name: account.amount for name, account in stored.items()} == {
        f"{each}": each for each in range(number)
    }


@pytest.mark.differs("embedded", reason="moto does a transaction again that has a client token")
async def test_transactions_are_done_once_rt157(lossy: Lossy, straight: World, profile: Profile) -> None:
    owner, number = new_owner(), profile.number(500)
    await straight.accounts.batch_write(Account(owner=owner, name=f"{each}") for each in range(number))

    def transacting(world: World) -> Call:
        return lambda each: world.accounts.transact_write(
            [
                TransactWriteItem.update(owner, f"{each}", lambda a: [increment(a.amount, 1)]),
                TransactWriteItem.create(Account(owner=owner, name=f"{each} new")),
            ]
        )

    _, errors = await lossy.calls(number, transacting)
    stored = await straight.of(owner)
    amounts = [stored[f"{each}"].amount for each in range(number)]
    lossy.count(
        "transactions",
        number,
        number - errors.total(),
        lost=amounts.count(0),
        doubled=sum(amount > 1 for amount in amounts),
    )
    assert (errors, set(amounts), len(stored)) == (Counter(), {1}, 2 * number)


async def test_saves_and_deletes_are_done(lossy: Lossy, straight: World, profile: Profile) -> None:
    owner, number = new_owner(), profile.number(1000)
    half = number // 2
    await straight.accounts.batch_write(Account(owner=owner, name=f"old {each}") for each in range(half))

    def writing(world: World) -> Call:
        async def write(each: int) -> object:
            if each % 2:
                return await world.accounts.delete(owner, f"old {each // 2}")
            return await world.accounts.save(Account(owner=owner, name=f"new {each // 2}", amount=each))

        return write

    _, errors = await lossy.calls(number, writing)
    stored = await straight.of(owner)
    saved = sum(
        stored.get(f"new {each}", Account(owner="", name="")).amount == 2 * each for each in range(half)
    )
    left = sum(f"old {each}" in stored for each in range(half))
    lossy.count("saves and deletes", number, number - errors.total(), lost=half - saved + left)
    assert (errors, saved, left) == (Counter(), half, 0)


@pytest.mark.differs("embedded", reason="moto does a transaction again that has a client token")
async def test_a_delete_done_exactly_once_tells_that_there_was_something(
    straight: World, patient_config: DynamoDBConfig
) -> None:
    owner = new_owner()
    await straight.accounts.save(Account(owner=owner, name="a"))
    async with world_behind(patient_config) as (proxy, world):
        proxy.fault_next(Fault.RESET_AFTER)
        assert await world.accounts.delete(owner, "a", exactly_once=True)
        assert not await world.accounts.delete(owner, "a", exactly_once=True)


async def test_an_equal_save_of_somebody_else_is_not_taken_for_ones_own(
    straight: World, patient_config: DynamoDBConfig
) -> None:
    """Both add 1 to what they read: one of the two must be told that it did not."""
    owner = new_owner()
    read = await straight.counted.create(Counted(owner=owner))
    added = read.model_copy(update={"amount": read.amount + 1})
    await straight.counted.save(added)
    async with world_behind(patient_config) as (proxy, world):
        proxy.fault_next(Fault.RESET_BEFORE)
        with pytest.raises((VersionConflictError, WriteOutcomeUnknownError)):
            await world.counted.save(added)


async def test_an_equal_create_of_somebody_else_is_not_taken_for_one_done_exactly_once(
    straight: World, patient_config: DynamoDBConfig
) -> None:
    """Whoever creates the mark does the work: two must not both be told that they did."""
    mark = Account(owner=new_owner(), name="done")
    await straight.accounts.create(mark)
    async with world_behind(patient_config) as (proxy, world):
        proxy.fault_next(Fault.RESET_BEFORE)
        with pytest.raises((ItemAlreadyExistsError, WriteOutcomeUnknownError)):
            await world.accounts.create(mark, exactly_once=True)


@pytest.mark.differs("embedded", reason="moto does a transaction again that has a client token")
async def test_mutations_done_exactly_once_are_all_acknowledged(
    lossy: Lossy, straight: World, profile: Profile
) -> None:
    owner, number = new_owner(), profile.number(200)
    await straight.counted.create(Counted(owner=owner))

    def mutating(world: World) -> Call:
        return lambda _: world.counted.mutate(owner, change=add_one, exactly_once=True)

    _, errors = await lossy.calls(number, mutating, at_once=4)
    stored = await straight.counted.get_one(owner, consistent=True)
    amount = 0 if stored is None else stored.amount
    survived = number - errors.total()
    lossy.count(
        "mutations, exactly once, 4 at once",
        number,
        survived,
        lost=survived - amount,
        doubled=amount - survived,
    )
    assert (errors, amount) == (Counter(), number)


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.RESET_BEFORE, Fault.SILENT], ids=lambda f: f.name)
async def test_an_update_that_was_done_exactly_once_is_not_called_failed(
    fault: Fault, straight: World, quick_config: DynamoDBConfig
) -> None:
    owner = new_owner()
    await straight.accounts.save(Account(owner=owner, name="a"))
    error: Exception | None = None
    async with world_behind(quick_config) as (proxy, world):
        proxy.fault(lambda operation, number: fault if operation == "GetItem" else None)
        try:
            await adding(owner, exactly_once=True)(world)(0)
        except DynamoDBServiceError as raised:
            error = raised
    assert (await straight.of(owner))["a"].amount == 1
    assert not isinstance(error, TransientError)
