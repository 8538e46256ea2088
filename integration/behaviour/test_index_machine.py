"""After any random writes, a table and each of its indexes hold what the oracle says, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar, Final, TypeVar

import aioboto3  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from dynarepo import (
    AsyncDynamoDBRepository,
    ConditionFailedError,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBServiceError,
    DynamoDBTransactionError,
    RequestRefusedError,
    TransactWriteItem,
    attr,
    increment,
    remove,
    set_,
)
from integration.behaviour.index_machine import (
    INDEXES,
    KEYS,
    Action,
    Changes,
    Foreseen,
    Index,
    Key,
    Operation,
    Parcel,
    Raw,
    State,
    actions,
    entries,
    fields,
    foresee,
    foresee_all,
    foresee_batch,
    keys,
    operations,
    parcels,
    populations,
    rank,
    raw_item,
    raw_key,
    wheres,
)
from integration.behaviour.stores import SentOperations, Stores

R = TypeVar("R")

#: The table is compared after each step, the indexes after so many, and at the end.
_STEPS_BETWEEN_INDEXES: Final = 8


class Bench:
    """A table, and the event loop that its connections belong to: the steps of a machine cannot await."""

    def __init__(self, runner: asyncio.Runner, parcels: AsyncDynamoDBRepository[Parcel], raw: Any) -> None:
        self._runner = runner
        self.parcels = parcels
        self._raw = raw

    def run(self, call: Coroutine[Any, Any, R]) -> R:
        """Wait for a call."""
        return self._runner.run(call)

    async def empty(self) -> None:
        """Delete whatever a machine can have written."""
        requests = [{"DeleteRequest": {"Key": raw_key(key)}} for key in KEYS]
        await self._raw.batch_write_item(RequestItems={self.parcels.table_name: requests})

    async def scan(self, index: Index | None = None) -> list[Raw]:
        """Give all of the table, or of an index, as it is stored."""
        name = {} if index is None else {"IndexName": index.name}
        reply = await self._raw.scan(TableName=self.parcels.table_name, **name)
        return list(reply["Items"])

    async def query(self, index: Index, partition: str) -> list[Raw]:
        """Give a partition of an index as it is stored, in its order."""
        reply = await self._raw.query(
            TableName=self.parcels.table_name,
            IndexName=index.name,
            KeyConditionExpression="#p = :p",
            ExpressionAttributeNames={"#p": index.partition},
            ExpressionAttributeValues={":p": {"S": partition}},
        )
        return list(reply["Items"])


@pytest.fixture
def bench(config: DynamoDBConfig) -> Iterator[Bench]:
    """Make the table, on connections of its own."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Bench(runner, *runner.run(_opened(stack, config)))
        finally:
            runner.run(stack.aclose())


async def _opened(
    stack: AsyncExitStack, config: DynamoDBConfig
) -> tuple[AsyncDynamoDBRepository[Parcel], Any]:
    session = aioboto3.Session(
        aws_access_key_id="local", aws_secret_access_key="local", region_name=config.region
    )
    raw = await stack.enter_async_context(session.client("dynamodb", endpoint_url=config.endpoint_url))
    connection = await stack.enter_async_context(DynamoDBConnection(config=config, logger=SentOperations()))
    stores = Stores(connection)
    stack.push_async_callback(stores.drop)
    return await stores.fresh(Parcel), raw


class IndexMachine(RuleBasedStateMachine):
    """Writes at random, and compares the table and its indexes with the oracle after each step."""

    bench: ClassVar[Bench]

    def __init__(self) -> None:
        super().__init__()
        self._state: State = {}
        self._steps = 0
        self._indexes_are_due = False
        self._parcels = self.bench.parcels
        self.bench.run(self.bench.empty())

    @initialize(written=populations)
    def populate(self, written: list[Parcel]) -> None:
        self.batch_write(written)

    @rule(parcel=parcels)
    def create(self, parcel: Parcel) -> None:
        self._write(self._parcels.create(parcel), Operation("create", parcel.key, parcel))

    @rule(parcel=parcels, status=wheres)
    def save(self, parcel: Parcel, status: str | None) -> None:
        call = self._parcels.save(parcel, where=_where(status))
        self._write(call, Operation("put", parcel.key, parcel, where=status))

    @rule(parcel=parcels, status=wheres)
    def upsert(self, parcel: Parcel, status: str | None) -> None:
        call = self._parcels.upsert(parcel, where=_where(status))
        self._write(call, Operation("put", parcel.key, parcel, where=status))

    @rule(key=keys, changes=fields, status=wheres, as_text=st.booleans())
    def update(self, key: Key, changes: Changes, status: str | None, as_text: bool) -> None:
        call = self._parcels.update(*_key(key, as_text), _update(changes), where=_where(status))
        self._write(call, Operation("update", key, changes=changes, where=status))

    @rule(key=keys, changes=actions, status=wheres, as_text=st.booleans())
    def update_by_actions(self, key: Key, changes: Changes, status: str | None, as_text: bool) -> None:
        self.update(key, changes, status, as_text)

    @rule(key=keys, status=wheres, as_text=st.booleans())
    def delete(self, key: Key, status: str | None, as_text: bool) -> None:
        was_there = key in self._state
        call = self._parcels.delete(*_key(key, as_text), where=_where(status))
        foreseen = foresee(self._state, Operation("delete", key, where=status))
        self._check_item(key, self._end(call, foreseen, lambda _: was_there))

    @rule(written=st.lists(parcels, min_size=1, max_size=4))
    def batch_write(self, written: list[Parcel]) -> None:
        call, number = self._parcels.batch_write(written), len({parcel.key for parcel in written})
        self._end(call, foresee_batch(self._state, written), lambda _: number)

    @rule(deleted=st.lists(keys, min_size=1, max_size=3), as_text=st.booleans())
    def batch_delete(self, deleted: list[Key], as_text: bool) -> None:
        call = self._parcels.batch_delete([_key(key, as_text) for key in deleted])
        self._end(call, foresee_batch(self._state, [], deleted), lambda _: len(set(deleted)))

    @rule(
        written=st.lists(operations, min_size=1, max_size=4, unique_by=lambda operation: operation.key),
        as_text=st.booleans(),
    )
    def transact_write(self, written: list[Operation], as_text: bool) -> None:
        call = self._parcels.transact_write([_transacted(operation, as_text) for operation in written])
        parcels = [operation.parcel for operation in written]
        foreseen = foresee_all(self._state, written)
        error = self._end(call, foreseen, lambda _: parcels)
        if isinstance(error, DynamoDBTransactionError):
            failing = {at for at, reason in enumerate(error.reasons) if reason is not None}
            assert failing == foreseen.failing
            for reason in filter(None, error.reasons):
                self._check_stored(written[reason.index].key, reason.old_item)

    @invariant()
    def the_table_is_as_foreseen(self) -> None:
        self.bench.run(self._check_table())
        self._steps += 1
        self._indexes_are_due = True
        if self._steps % _STEPS_BETWEEN_INDEXES == 0:
            self._look_at_indexes()

    def teardown(self) -> None:
        self._look_at_indexes()

    def _look_at_indexes(self) -> None:
        """Compare the indexes, unless that is done; after a step that failed, its own error is to be seen."""
        if self._indexes_are_due:
            self._indexes_are_due = False
            self.bench.run(self._check_indexes())

    def _write(self, call: Coroutine[Any, Any, Parcel], operation: Operation) -> None:
        """Wait for a write that gives the item as it is then."""
        error = self._end(call, foresee(self._state, operation), lambda state: _model(state, operation.key))
        self._check_item(operation.key, error)

    def _end(
        self, call: Coroutine[Any, Any, object], foreseen: Foreseen, result: Callable[[State], object]
    ) -> DynamoDBServiceError | None:
        """Wait for a call, see that it ends as foreseen, and give the error of one that changed nothing."""
        self._indexes_are_due = False
        try:
            given = self.bench.run(call)
        except DynamoDBServiceError as error:
            if not any(_is(error, kind) for kind in foreseen.errors):
                raise
            return error
        assert foreseen.state is not None, f"it was done, and should raise {foreseen.errors}"
        self._state = foreseen.state
        assert given == result(self._state)
        return None

    def _check_item(self, key: Key, error: DynamoDBServiceError | None) -> None:
        if isinstance(error, ConditionFailedError):
            self._check_stored(key, error.item)

    def _check_stored(self, key: Key, item: object) -> None:
        assert item == (_model(self._state, key) if key in self._state else None)

    async def _check_table(self) -> None:
        assert _by_key(await self.bench.scan()) == _by_key(self._raw())

    async def _check_indexes(self) -> None:
        raw = self._raw()
        assert _in_order((await self._parcels.scan()).items) == _in_order(self._models(raw))
        await asyncio.gather(*(self._check_index(index, entries(index, raw)) for index in INDEXES))

    async def _check_index(self, index: Index, held: Sequence[Raw]) -> None:
        if index.is_whole:
            page = await self._parcels.scan(index=index.name)
            assert _in_order(page.items) == _in_order(self._models(held)), index.name
        else:
            assert _by_key(await self.bench.scan(index)) == _by_key(held), index.name
        partitions = {raw[index.partition]["S"] for raw in held}
        await asyncio.gather(*(self._check_partition(index, partition, held) for partition in partitions))

    async def _check_partition(self, index: Index, partition: str, held: Sequence[Raw]) -> None:
        """Items with one sort key are in no order among themselves."""
        expected = [raw for raw in held if raw[index.partition]["S"] == partition]
        if index.is_whole:
            value = partition == "true" if index.partition == "express" else partition
            items = (await self._parcels.query_by_pk(value, index=index.name)).items
            assert _in_order(items) == _in_order(self._models(expected)), index.name
            found = [raw_item(self._state[parcel.key]) for parcel in items]
        else:
            found = await self.bench.query(index, partition)
            assert _by_key(found) == _by_key(expected), index.name
        assert [rank(index, raw) for raw in found] == sorted(rank(index, raw) for raw in found), index.name

    def _raw(self) -> list[Raw]:
        return [raw_item(stored) for stored in self._state.values()]

    def _models(self, held: Iterable[Raw]) -> list[Parcel]:
        return [_model(self._state, (raw["tenant"]["S"], int(raw["number"]["N"]))) for raw in held]


def test_every_index_agrees_with_the_oracle_after_random_writes(bench: Bench) -> None:
    machine = type("Machine", (IndexMachine,), {"bench": bench})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=40,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _is(error: Exception, kind: type[Exception]) -> bool:
    """The errors of conditions are subclasses of one another, and told apart; refusals only by their base."""
    return isinstance(error, kind) if issubclass(kind, RequestRefusedError) else type(error) is kind


def _model(state: State, key: Key) -> Parcel:
    return Parcel(**state[key])


def _in_order(items: Iterable[Parcel]) -> list[Parcel]:
    return sorted(items, key=lambda parcel: parcel.key)


def _by_key(items: Sequence[Raw]) -> dict[tuple[str, str], Raw]:
    """Tell items by their key, each there once."""
    found = {(raw["pk"]["S"], raw["sk"]["S"]): raw for raw in items}
    assert len(found) == len(items)
    return found


def _key(key: Key, as_text: bool) -> tuple[object, object]:
    tenant, number = key
    return (
        (f"TENANT#{tenant}", f"PARCEL#{number:04}") if as_text else ({"tenant": tenant}, {"number": number})
    )


def _where(status: str | None) -> Any:
    return None if status is None else attr("status").eq(status)


def _update(changes: Changes) -> Any:
    if isinstance(changes, dict):
        return changes
    return lambda parcel: [_action(parcel, action) for action in changes]


def _action(parcel: Any, action: Action) -> Any:
    kind, name, value = action
    field = getattr(parcel, name)
    match kind:
        case "set":
            return set_(field).to(value)
        case "remove":
            return remove(field)
        case "increment":
            return increment(field, value)
        case "set if missing":
            return set_(field).if_not_exists(value)
        case "copy":
            return set_(field).to(getattr(parcel, value))
    raise AssertionError(kind)


def _transacted(operation: Operation, as_text: bool) -> TransactWriteItem:
    where = _where(operation.where)
    pk, sk = _key(operation.key, as_text)
    match operation:
        case Operation("put", parcel=Parcel() as parcel):
            return TransactWriteItem.put(parcel, where=where)
        case Operation("create", parcel=Parcel() as parcel):
            return TransactWriteItem.create(parcel)
        case Operation("update"):
            return TransactWriteItem.update(pk, sk, _update(operation.changes or {}), where=where)
        case Operation("delete"):
            return TransactWriteItem.delete(pk, sk, where=where)
        case Operation("check"):
            return TransactWriteItem.check(pk, sk, where=where)
    raise AssertionError(operation)
