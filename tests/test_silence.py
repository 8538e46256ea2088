"""
No value of an item, no key and no secret shows in a log, a message, a `repr`, a traceback or a pickle.

Values are what stands in items, also as keys of dicts. Names are shown: of fields, attributes, indexes and
tables, and the paths that a caller writes.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
import warnings
from typing import Any, Final, Literal

import pytest
from pydantic import ValidationError

from dynarepo import (
    DynamoDBConfig,
    DynamoDBConnection,
    SortKeyCondition,
    TransactWriteItem,
    attr,
    exceptions,
)
from dynarepo.exceptions import (
    CapacityLimitError,
    DynamoDBServiceError,
    RequestRefusedError,
    TableMismatchError,
    TransactionReason,
    TransientError,
)
from dynarepo.testing._fake import Answer
from tests.recording_logger import RecordingLogger
from tests.silence.calls import CALLS, CONFIG, KEY, RESOURCE_CALLS, Call, Rig, actions, held, open_rig, serve
from tests.silence.canaries import AMOUNT, BLOB, NUMBER, TEXT, leaks_in, shown_by, vault
from tests.silence.fates import FATES, ODD_ITEMS
from tests.silence.refusals import BAD, PLACES

#: Operations of whose reply an item is read.
READ: Final = frozenset({"BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems", "UpdateItem"})


class Watch:
    """Keeps what leaks while calls are made: by logs of any kind, warnings, errors, or the event loop."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self.leaks: list[str] = []
        self.errors: list[Exception] = []
        self.requests: list[Any] = []
        self._caplog = caplog

    async def see(self, what: str, answer: Answer, *calls: Call) -> None:
        """Make calls on a service that answers so."""
        loop, told = asyncio.get_running_loop(), list[Any]()
        loop.set_exception_handler(lambda _, context: told.append(context))
        shown: list[str] = []
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            async with open_rig(answer) as rig:
                for call in calls:
                    shown += await self._made(call, rig)
        vars(loop).pop("time", None)  # the time that was skipped
        shown += [str(rig.logger.events), self._caplog.text, *map(str, [*warned, *told])]
        self.leaks += [f"{what}: …{leak}…" for text in shown for leak in leaks_in(text)]
        self._caplog.clear()

    async def _made(self, call: Call, rig: Rig) -> list[str]:
        sent = len(rig.fake.requests)
        try:
            await call(rig)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not show values
            self.errors.append(error)
            return shown_by(error)
        finally:
            self.requests = rig.fake.requests[sent:]
        return []


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture) -> Watch:
    return Watch(caplog)


@pytest.mark.parametrize("name", [*CALLS, *RESOURCE_CALLS])
async def test_a_call_shows_no_value_however_it_ends(name: str, watch: Watch) -> None:
    call = (CALLS | RESOURCE_CALLS)[name]
    await watch.see("success", serve, call)
    assert watch.errors == []
    assert name in {*RESOURCE_CALLS, "explain"} or leaks_in(watch.requests)
    reads = READ & {operation for operation, _ in watch.requests}
    for fate, answer in (FATES | ODD_ITEMS if reads else FATES).items():
        await watch.see(fate, answer, call)
    assert watch.leaks == []
    assert all(isinstance(error, DynamoDBServiceError) for error in watch.errors)
    assert watch.errors or name in {"ping", "explain"}


async def test_the_fates_above_raise_every_error_that_a_request_can(watch: Watch) -> None:
    for name in ("create", "delete", "get_one", "update, dict", "batch_write", "transact_write"):
        for fate, answer in (FATES | ODD_ITEMS).items():
            await watch.see(fate, answer, CALLS[name])
    met = {type(error) for error in watch.errors}
    ours = [error for error in vars(exceptions).values() if isinstance(error, type)]
    ours = [error for error in ours if issubclass(error, DynamoDBServiceError)]
    never = {DynamoDBServiceError, TransientError, TableMismatchError, CapacityLimitError}
    assert {error for error in ours if not issubclass(error, RequestRefusedError)} - never <= met


@pytest.mark.parametrize("name", PLACES)
async def test_a_refusal_shows_no_value(name: str, watch: Watch) -> None:
    # A change is made of what was read, and the key of a table is asked for.
    may_send = name in {"mutate", "gateway, puts"}

    def trying(bad: Any) -> Call:
        async def call(rig: Rig) -> None:
            sent = len(rig.fake.requests)
            try:
                await PLACES[name](rig, bad)
            except RequestRefusedError:
                assert may_send or len(rig.fake.requests) == sent
                raise

        return call

    await watch.see(name, serve, *map(trying, BAD))
    assert watch.leaks == []
    expected = (DynamoDBServiceError, ValidationError, TypeError, AttributeError)
    assert [error for error in watch.errors if not isinstance(error, expected)] == []
    assert watch.errors or name == "save updated_at"


@pytest.mark.parametrize(
    "thing",
    [
        CONFIG,
        vars(CONFIG),
        CONFIG.model_dump(),
        CONFIG.model_dump_json(),
        held,
        attr("text").eq(TEXT) & ~attr("number").between(NUMBER, NUMBER) | attr("blob").in_(BLOB),
        attr("text").begins_with(TEXT) & attr("words").contains(TEXT) & attr("amount").ge(AMOUNT),
        actions,
        SortKeyCondition.between(TEXT, TEXT),
        [TransactWriteItem.put(vault(), where=held), TransactWriteItem.update(*KEY, {"text": TEXT})],
        [
            TransactWriteItem.delete(*KEY),
            TransactWriteItem.update(*KEY, actions),
            TransactWriteItem.create(vault()),
        ],
        TransactionReason(0, "ConditionalCheckFailed", TEXT, vault(), vault()),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_the_text_of_a_thing_of_ours_has_no_value(thing: object) -> None:
    assert leaks_in(repr(thing)) == []
    assert leaks_in(str(thing)) == []


async def test_the_text_of_what_is_open_has_no_value() -> None:
    async with open_rig(serve) as rig:
        await rig.vaults.get_one(*KEY)
        connection = rig.connection
        opened = [
            rig.vaults,
            connection,
            connection.table_gateway(),
            connection.table_admin(),
            rig.vaults._channel,
        ]
        async with connection.transaction() as transaction, rig.plains.batch() as batch:
            transaction.put(rig.vaults, vault())
            for thing in (*opened, transaction, batch):
                assert leaks_in(repr(thing)) == []
                assert leaks_in(vars(thing)) == []


@pytest.mark.parametrize("transport", ["direct", "aioboto3"])
async def test_credentials_show_nowhere_when_a_connection_fails(
    transport: Literal["direct", "aioboto3"], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    options = {"endpoint_url": f"http://127.0.0.1:{port}", "transport": transport, "deadline": 0.2}
    config = DynamoDBConfig.model_validate(CONFIG.model_dump() | options)
    logger = RecordingLogger()
    async with DynamoDBConnection(config=config, logger=logger) as connection:
        with pytest.raises(DynamoDBServiceError) as failed:
            await connection.table_gateway().put_item({"pk": TEXT})
        with pytest.raises(DynamoDBServiceError) as also_failed:
            await connection.table_admin().list_tables()
    # What botocore logs about its own calls is not ours to choose.
    ours = [record for record in caplog.records if "botocore" not in record.name]
    shown = [*shown_by(failed.value), *shown_by(also_failed.value), str(logger.events)]
    shown += [f"{record.getMessage()} {record.exc_info}" for record in ours]
    assert [leak for text in shown for leak in leaks_in(text)] == []


@pytest.mark.parametrize(
    "shown",
    [
        TEXT,
        TEXT.upper(),
        NUMBER,
        -NUMBER,
        AMOUNT,
        BLOB,
        vault(),
        {TEXT: 1},
        [str(NUMBER)],
        repr(TEXT.encode()),
    ]
    + [base64.b64encode(b"x" * shift + BLOB + b"x").decode() for shift in range(3)]
    + [base64.urlsafe_b64encode(f"{shift}{NUMBER}".encode()) for shift in ("", "x", "xx")]
    + [BLOB.hex(), str(NUMBER).encode().hex()],
)
def test_a_value_is_found_in_whatever_form_it_leaks(shown: object) -> None:
    assert leaks_in(f"some text {shown} and more")


def test_what_is_no_value_of_ours_is_no_leak() -> None:
    assert leaks_in("PutItem on app, 7351 ms, {'pk': '735f1c', 'code': 'ThrottlingException'}") == []
