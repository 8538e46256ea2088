"""
A server on loopback that answers from a script.

It keeps nothing and knows no tables: the script says what each request is answered, and what goes wrong
with it. A request that the script has no reply for is refused, and fails the test when the server is left.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Final, Self, TypeAlias

from dynarepo._config import DynamoDBConfig
from dynarepo._transport import WireReply
from dynarepo._wire import Payload
from dynarepo.testing._fake import error_reply, success_reply
from dynarepo.testing._faults import Fault, can_meet, cut_short, left_out, with_left_out
from dynarepo.testing._http import Message, message_of
from dynarepo.testing._loopback import LoopbackServer, local_config
from dynarepo.testing._request_log import RequestLog
from dynarepo.testing._script import Script, settled
from dynarepo.testing._served import ServedConnection

__all__ = ["FaultServer", "ReceivedRequest"]

Entry: TypeAlias = "Payload | WireReply | Fault | bytes | Answer"
Answer: TypeAlias = "Callable[[str, Payload], Entry | Awaitable[Entry]]"

_REGION: Final = "us-east-1"

#: Nobody repeats a request that is refused, so that a script with a gap ends the test soon.
_REFUSAL: Final = error_reply("ScriptFailed")


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """
    A request as it came.

    Args:
        operation: Its operation, such as `PutItem`.
        headers: Its headers, signature included; their names are in lower case.
        body: Its body; empty where it was not read.
    """

    operation: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def payload(self) -> Payload:
        """The body as data."""
        payload: Payload = json.loads(self.body) if self.body else {}
        return payload


class FaultServer(LoopbackServer):
    """
    Answers requests from a script, and gets wrong what the script says.

        async with FaultServer(Fault.RESET_AFTER, success_reply({})) as server:
            async with AsyncDynamoDBRepository(User, config=server.config, logger=logger) as users:
                await users.save(user)
            assert [request.operation for request in server.requests] == ["PutItem", "PutItem"]

    Args:
        script: For each request in turn, the body of a successful reply, a `WireReply`, a `Fault`, the bytes
            to send before the connection is closed, or a function of operation and payload that gives one
            of these, also a coroutine.
        table_name: The table that the configuration names.

    Attributes:
        requests: Every request, in order.
        faults: How often each fault was made.
        connections: How many connections were opened.
        redirected: How many connections the target of `Fault.REDIRECT` had.

    Raises:
        AssertionError: On leaving, when the script had no reply for a request.
    """

    def __init__(self, *script: Entry, table_name: str = "dynarepo") -> None:
        super().__init__()
        self._script = Script(*script)
        self._table_name = table_name
        self._failures: list[Exception] = []
        self._came = asyncio.Event()
        self.requests: RequestLog[ReceivedRequest] = RequestLog()

    @classmethod
    def answering(cls, entry: Entry, *, table_name: str = "dynarepo") -> Self:
        """Answer every request by one entry, such as a function of operation and payload."""
        server = cls(table_name=table_name)
        server._script.repeat(entry)
        return server

    @property
    def config(self) -> DynamoDBConfig:
        """The configuration that leads to it."""
        return local_config(self._table_name, _REGION, self._port)

    def answer_next(self, *script: Entry) -> None:
        """Add to the script."""
        self._script.extend(*script)

    async def received(self, number: int) -> None:
        """Wait until so many requests have come, counted from the first one on."""
        while len(self.requests) < number:
            self._came.clear()
            await self._came.wait()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await super().__aexit__(exc_type, exc, traceback)
        if self._failures and (exc is None or isinstance(exc, Exception)):
            raise self._failures[0] from exc

    async def _serve(self, connection: ServedConnection) -> None:
        while (head := await connection.next_head()) is not None:
            is_cut_now = self._script.upcoming is Fault.RESET_BEFORE
            request = head if is_cut_now else await connection.whole(head)
            if request is not None:
                await self._act(connection, *await self._scripted(request))

    async def _scripted(self, request: Message) -> tuple[Fault | None, Message | bytes]:
        received = ReceivedRequest(request.operation, request.headers, request.body)
        self.requests.append(received)
        self._came.set()
        try:
            entry = self._script.next(received.operation)
            return _outcome(await settled(entry, received.operation, received.payload), request)
        except Exception as error:  # noqa: BLE001 - raised on leaving, where the test is
            self._failures.append(error)
            return None, message_of(_REFUSAL)

    async def _act(self, connection: ServedConnection, fault: Fault | None, reply: Message | bytes) -> None:
        if isinstance(reply, bytes):
            await connection.send_last(reply)
            return
        if fault is not None:
            self.faults[fault] += 1
        if fault is Fault.LATE:
            await connection.left()
        await self._answer(connection, fault, reply)


def _outcome(
    entry: Payload | WireReply | Fault | bytes, request: Message
) -> tuple[Fault | None, Message | bytes]:
    if isinstance(entry, Fault):
        return entry, _spoilt_by(entry, request)
    if isinstance(entry, bytes):
        return None, entry
    return None, message_of(entry if isinstance(entry, WireReply) else success_reply(entry))


def _spoilt_by(fault: Fault, request: Message) -> Message:
    """Give the reply that the fault will spoil, an empty success, or that it consists of."""
    if not can_meet(fault, request.operation):
        raise ValueError(f"{fault.name} is no fault of {request.operation}")
    if fault is Fault.UNPROCESSED:
        _, left = left_out(request, Random(0), 1.0)  # noqa: S311 - of tests
        nothing: Payload = {"Responses": {}} if request.operation == "BatchGetItem" else {}
        return with_left_out(message_of(success_reply(nothing)), request.operation, left)
    if fault is Fault.EMPTY_PAGE:
        _, page = cut_short(request)
        if page is None:
            raise ValueError("EMPTY_PAGE goes on where a page ended: write out the reply of the first page")
        return message_of(success_reply(page))
    return message_of(success_reply({}))
