"""What the answering server says: whole HTTP replies, made before the first request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from zlib import crc32

from benchmarks.model import PARTITION, TABLE, sample, wire_item

__all__ = ["BATCH", "PAGE", "TABLE_SIZE", "Replies", "framed"]

PAGE: Final = 100
TABLE_SIZE: Final = 1_000
BATCH: Final = 25

_START: Final = re.compile(rb'"page-(\d+)"')


def framed(body: bytes, checksum: int | None = None) -> bytes:
    """Give the whole HTTP reply of a body, with the headers that DynamoDB sends."""
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Server: Server\r\n"
        "Date: Sat, 31 Jan 2026 12:00:00 GMT\r\n"
        "Content-Type: application/x-amz-json-1.0\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: keep-alive\r\n"
        "x-amzn-RequestId: 5HJ3V1QNQ0VJ0A4VBHPU5SQ2CVVV4KQNSO5AEMVJF66Q9ASUAAJG\r\n"
        f"x-amz-crc32: {crc32(body) if checksum is None else checksum}\r\n\r\n"
    )
    return head.encode() + body


class Replies:
    """
    The replies by operation.

    Args:
        pages: Of how many pages a scan consists; the last key names the page, so that nothing is remembered.
        page_size: How many items are on a page of a scan.
    """

    def __init__(self, *, pages: int = 1, page_size: int = TABLE_SIZE) -> None:
        self._pages = pages
        one = wire_item(sample(1))
        self._scanned = json.dumps(_listing(page_size), separators=(",", ":")).encode()[:-1]
        self._scanned_checksum = crc32(self._scanned)
        empty, attributes = _reply({}), _reply({"Attributes": one})
        found = {"Responses": {TABLE: _items(PAGE)}, "UnprocessedKeys": {}}
        fixed = {
            "GetItem": _reply({"Item": one}),
            "Query": _reply(_listing(PAGE)),
            "BatchGetItem": _reply(found),
            "BatchWriteItem": _reply({"UnprocessedItems": {}}),
            "TransactWriteItems": empty,
        }
        whole = self._page(b"")
        self._answers: dict[bytes, Callable[[bytes], bytes]] = {
            **{operation.encode(): _always(reply) for operation, reply in fixed.items()},
            **dict.fromkeys((b"PutItem", b"UpdateItem", b"DeleteItem"), _returning(attributes, empty)),
            b"Scan": self._page if pages > 1 else _always(whole),
        }

    def of(self, operation: bytes, request: bytes) -> bytes:
        """Give the reply to an operation with this body."""
        return self._answers[operation](request)

    def _page(self, request: bytes) -> bytes:
        started = _START.search(request)
        number = 1 + (int(started[1]) if started else 0)
        end = b"}"
        if number < self._pages:
            end = b',"LastEvaluatedKey":{"pk":{"S":"%b"},"sk":{"S":"page-%d"}}}' % (
                PARTITION.encode(),
                number,
            )
        return framed(self._scanned + end, crc32(end, self._scanned_checksum))


def _items(number: int) -> list[dict[str, Any]]:
    return [wire_item(sample(each)) for each in range(number)]


def _listing(number: int) -> dict[str, Any]:
    return {"Items": _items(number), "Count": number, "ScannedCount": number}


def _reply(content: Mapping[str, Any]) -> bytes:
    return framed(json.dumps(content, separators=(",", ":")).encode())


def _always(reply: bytes) -> Callable[[bytes], bytes]:
    return lambda _: reply


def _returning(attributes: bytes, empty: bytes) -> Callable[[bytes], bytes]:
    return lambda request: attributes if b"ALL_OLD" in request or b"ALL_NEW" in request else empty
