"""What the answering server says."""

from __future__ import annotations

import json
from typing import Any
from zlib import crc32

import pytest

from benchmarks.clients.ours import SCHEMA
from benchmarks.model import User, sample, wire_item
from benchmarks.replies import Replies
from dynarepo._codec import bind

OPERATIONS = (
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
    "TransactWriteItems",
)


def parsed(reply: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = reply.partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
    return {name.lower(): value for name, _, value in lines}, body


def content(reply: bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(parsed(reply)[1])
    return read


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("pages", [1, 2])
def test_a_reply_fits_its_length_and_checksum(operation: str, pages: int) -> None:
    headers, body = parsed(Replies(pages=pages, page_size=3).of(operation.encode(), b"{}"))
    assert int(headers["content-length"]) == len(body)
    assert int(headers["x-amz-crc32"]) == crc32(body)
    assert isinstance(json.loads(body), dict)


def test_the_items_are_those_that_the_library_stores() -> None:
    """So that no client has an easier form to read than another."""
    entity = bind(User, SCHEMA)
    for number in range(4):
        assert entity.encode(sample(number)) == wire_item(sample(number))


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem"])
def test_a_write_gives_attributes_back_only_if_they_are_asked_for(operation: str) -> None:
    replies = Replies(page_size=1)
    asked = b'{"ReturnValues":"ALL_OLD"}' if operation != "UpdateItem" else b'{"ReturnValues": "ALL_NEW"}'
    assert content(replies.of(operation.encode(), b'{"ReturnValues":"NONE"}')) == {}
    assert content(replies.of(operation.encode(), asked)) == {"Attributes": wire_item(sample(1))}


def test_a_scan_of_several_pages_ends_after_the_last() -> None:
    replies, request, pages = Replies(pages=3, page_size=2), b"{}", []
    while True:
        page = content(replies.of(b"Scan", request))
        pages.append(page)
        if "LastEvaluatedKey" not in page:
            break
        request = json.dumps({"ExclusiveStartKey": page["LastEvaluatedKey"]}).encode()
    assert [len(page["Items"]) for page in pages] == [2, 2, 2]


def test_a_scan_of_one_page_has_no_last_key() -> None:
    assert "LastEvaluatedKey" not in content(Replies(page_size=2).of(b"Scan", b"{}"))
