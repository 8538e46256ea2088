"""A server on the test's own event loop that answers at once, each request with the key it asked for."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Final, Self

from dynarepo.testing import success_reply
from dynarepo.testing._http import Message, close_stream, read_message

__all__ = ["QuickServer"]

_MORE: Final = {"amount": {"N": "2"}, "note": {"S": "x"}, "version": {"N": "2"}}


class QuickServer:
    """
    Knows every key that it is asked for, and stores nothing.

    Args:
        pieces: In how many pieces a reply is sent, each at a turn of its own.

    Attributes:
        url: Where it answers.
        tasks: What runs for it, one for each connection.
    """

    def __init__(self, pieces: int = 1) -> None:
        self._pieces = pieces
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
                reply = success_reply(_answer(request.operation, request.payload))
                await self._send(writer, Message("HTTP/1.1 200 OK", reply.headers, reply.body).encoded())
        except OSError:
            pass  # the client left
        finally:
            await close_stream(writer)

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
            (owner,) = payload["ExpressionAttributeValues"].values()
            items = [_item({"owner": owner, "name": {"S": name}}) for name in "abc"]
            return {"Items": items, "Count": 3, "ScannedCount": 3}
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


def _item(key: dict[str, Any]) -> dict[str, Any]:
    item = {**key, **_MORE}
    del item["note" if "name" not in key else "version"]
    return item
