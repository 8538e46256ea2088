"""A server on the test's own event loop that answers at once, each request with the key it asked for."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Final, Self

from dynarepo.testing import WireReply, error_reply, success_reply
from dynarepo.testing._http import Message, close_stream, message_of, read_message

__all__ = ["QuickServer"]

_MORE: Final = {"amount": {"N": "2"}, "note": {"S": "x"}, "version": {"N": "2"}}
_KEYS: Final = {"owner": "HASH", "name": "RANGE"}
_TABLE: Final = {
    "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in _KEYS.items()],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in _KEYS],
}


class QuickServer:
    """
    Knows every key that it is asked for, and stores nothing.

    Args:
        pieces: In how many pieces a reply is sent, each at a turn of its own.
        is_busy: Whether it throttles each request once, so that it takes another attempt.

    Attributes:
        url: Where it answers.
        tasks: What runs for it, one for each connection.
    """

    def __init__(self, pieces: int = 1, *, is_busy: bool = False) -> None:
        self._pieces = pieces
        self._is_busy = is_busy
        self._seen: set[tuple[str, bytes]] = set()
        self.url = ""
        self.tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def drop(self) -> None:
        """Close every connection."""
        for writer in self.tasks.values():
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self.tasks[task] = writer
        task.add_done_callback(lambda done: self.tasks.pop(done, None))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_message(reader)) is not None:
                await self._send(writer, message_of(self._reply(request)).encoded())
        except OSError:
            pass  # the client left
        finally:
            await close_stream(writer)

    def _reply(self, request: Message) -> WireReply:
        attempted = (request.operation, request.body)
        if self._is_busy and attempted not in self._seen:
            self._seen.add(attempted)
            return error_reply("ThrottlingException")
        return success_reply(_answer(request.operation, request.payload))

    async def _send(self, writer: asyncio.StreamWriter, reply: bytes) -> None:
        size = -(-len(reply) // self._pieces)
        for begin in range(0, len(reply), size):
            writer.write(reply[begin : begin + size])
            await writer.drain()
            await asyncio.sleep(0)


def _answer(operation: str, payload: Any) -> dict[str, Any]:
    match operation:
        case "GetItem":
            return {"Item": _item(payload["Key"])}
        case "UpdateItem" | "DeleteItem":
            return {"Attributes": _item(payload["Key"])}
        case "Query" | "Scan":
            return _page(payload)
        case "DescribeTable":
            return {"Table": _TABLE}
        case "BatchGetItem":
            tables = payload["RequestItems"].items()
            return {
                "Responses": {name: [_item(key) for key in wanted["Keys"]] for name, wanted in tables},
                "UnprocessedKeys": {},
            }
        case "TransactGetItems":
            return {"Responses": [{"Item": _item(each["Get"]["Key"])} for each in payload["TransactItems"]]}
        case "BatchWriteItem":
            return {"UnprocessedItems": {}}
    return {}


def _page(payload: Any) -> dict[str, Any]:
    (owner,) = payload["ExpressionAttributeValues"].values()
    after = payload.get("ExclusiveStartKey", {"name": {"S": ""}})["name"]["S"]
    left = [{"owner": owner, "name": {"S": name}} for name in "abc" if name > after]
    keys = left[: payload.get("Limit", len(left))]
    page = {"Items": [_item(key) for key in keys], "Count": len(keys), "ScannedCount": len(keys)}
    return page if len(keys) == len(left) else {**page, "LastEvaluatedKey": keys[-1]}


def _item(key: dict[str, Any]) -> dict[str, Any]:
    item = {**key, **_MORE}
    del item["note" if "name" not in key else "version"]
    return item
