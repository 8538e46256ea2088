"""How the answering server cuts what it receives into requests."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest

from benchmarks.replies import Replies
from benchmarks.server import Answering

REPLIES = Replies(page_size=1)
GET = REPLIES.of(b"GetItem", b"{}")
DELETED = REPLIES.of(b"DeleteItem", b"ALL_OLD")


class Recording:
    """Takes what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


def request(operation: str, body: bytes) -> bytes:
    target = f"X-Amz-Target: DynamoDB_20120810.{operation}"
    return f"POST / HTTP/1.1\r\nContent-Length: {len(body)}\r\n{target}\r\n\r\n".encode() + body


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
def answering(recording: Recording) -> Answering:
    protocol = Answering(REPLIES)
    protocol.connection_made(cast("asyncio.Transport", recording))
    return protocol


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_requests_are_answered_however_they_are_cut(
    answering: Answering, recording: Recording, size: int
) -> None:
    sent = request("GetItem", b"{}") + request("DeleteItem", b'{"ReturnValues":"ALL_OLD"}')
    for begin in range(0, len(sent), size):
        answering.data_received(sent[begin : begin + size])
    assert recording.written == GET + DELETED


def test_names_of_headers_may_be_in_any_case(answering: Answering, recording: Recording) -> None:
    sent = request("GetItem", b"{}").replace(b"Content-Length", b"content-length")
    answering.data_received(sent.replace(b"X-Amz-Target", b"x-amz-target"))
    assert recording.written == GET


def test_a_request_whose_body_is_not_complete_waits(answering: Answering, recording: Recording) -> None:
    answering.data_received(request("GetItem", b"{}")[:-1])
    assert not recording.written


def test_a_request_without_an_operation_is_told_what_was_done(
    answering: Answering, recording: Recording
) -> None:
    before = Answering.answered
    answering.data_received(request("GetItem", b"{}"))
    recording.written = b""
    answering.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    usage = json.loads(recording.written.partition(b"\r\n\r\n")[2])
    assert usage["requests"] == before + 1
    assert usage["cpu_seconds"] > 0
