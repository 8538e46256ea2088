"""Replies out of bytes: whole however they are cut, and refused where they are no HTTP."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo._transport._http_reply import HttpReply, NotHttpError, ReplyParser, TooLongError

OK = b"HTTP/1.1 200 OK\r\n"


def parsed(content: bytes, cuts: list[int] | None = None, *, ends: bool = False) -> HttpReply | None:
    """Feed bytes in pieces; give the reply that comes of them."""
    parser = ReplyParser(1000)
    bounds = sorted({0, *(cut % (len(content) + 1) for cut in cuts or []), len(content)})
    for begin, end in pairwise(bounds):
        reply = parser.feed(content[begin:end])
        if reply is not None:
            assert end == len(content), "it was whole before its end"
            return reply
    return parser.end() if ends else None


def sized(body: bytes) -> bytes:
    return OK + b"X-Name: value: more \r\ncontent-length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, sizes: list[int]) -> bytes:
    """Write a body in chunks of these sizes, and one of the rest."""
    written = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    for size in [*sizes, len(body)]:
        chunk, body = body[:size], body[size:]
        if chunk:
            written += b"%x;name=value\r\n%b\r\n" % (len(chunk), chunk)
    return written + b"0\r\nx-trailer: 1\r\n\r\n"


CUTS = st.lists(st.integers(0, 2000), max_size=12)


@given(st.binary(max_size=300), CUTS)
def test_a_sized_reply_is_whole_however_it_is_cut(body: bytes, cuts: list[int]) -> None:
    reply = parsed(sized(body), cuts)
    assert reply == HttpReply(200, {"x-name": "value: more", "content-length": str(len(body))}, body)


@given(st.binary(max_size=300), st.lists(st.integers(1, 50), max_size=5), CUTS)
def test_a_reply_in_chunks_is_whole_however_it_is_cut(body: bytes, sizes: list[int], cuts: list[int]) -> None:
    reply = parsed(chunked(body, sizes), cuts)
    assert reply == HttpReply(200, {"transfer-encoding": "chunked"}, body)


@given(st.binary(max_size=300), CUTS)
def test_a_reply_without_a_size_ends_with_its_connection(body: bytes, cuts: list[int]) -> None:
    content = OK + b"a: b\r\n\r\n" + body
    assert parsed(content, cuts) is None
    assert parsed(content, cuts, ends=True) == HttpReply(200, {"a": "b"}, body, is_last=True)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_reply_that_breaks_off_is_none(body: bytes, data: st.DataObject) -> None:
    for content in (sized(body), chunked(body, [7])):
        end = data.draw(st.integers(0, len(content) - 1))
        assert parsed(content[:end], ends=True) is None


@given(st.binary(max_size=200))
def test_no_bytes_are_a_crash(content: bytes) -> None:
    for begin in (b"", OK, OK + b"transfer-encoding: chunked\r\n\r\n"):
        parser = ReplyParser(1000)
        try:
            parser.feed(begin + content)
            parser.end()
        except (NotHttpError, TooLongError):
            pass


def test_what_comes_before_the_reply_itself_is_skipped() -> None:
    reply = parsed(b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b"x"), [10, 30])
    assert reply is not None
    assert (reply.status, reply.body) == (200, b"x")


@pytest.mark.parametrize(
    "content",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\n\n",
        OK + b"no colon\r\n\r\n",
        OK + b": no name\r\n\r\n",
        OK + b"name : x\r\n\r\n",
        OK + b" folded: x\r\n\r\n",
        OK + b"a: b\nc: d\r\n\r\n",
        OK + b"content-length: -1\r\n\r\n",
        OK + b"content-length: 1_0\r\n\r\n",
        OK + b"content-length: \xb2\r\n\r\n",
        OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\n",
        OK + b"transfer-encoding: gzip\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n-1\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\nx\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n1\r\nabc",
        OK + b"a: " + b"b" * 70_000,
        OK + b"transfer-encoding: chunked\r\n\r\n" + b"1" * 70_000,
    ],
)
def test_what_is_no_http_is_refused(content: bytes) -> None:
    with pytest.raises(NotHttpError):
        parsed(content + b"\r\n\r\n")


@pytest.mark.parametrize(
    "content",
    [sized(b" " * 1001), chunked(b" " * 1001, [400, 400]), OK + b"a: b\r\n\r\n" + b" " * 1001],
)
def test_a_body_beyond_the_limit_is_refused(content: bytes) -> None:
    with pytest.raises(TooLongError) as raised:
        parsed(content)
    assert raised.value.status == 200


@pytest.mark.parametrize("status", [204, 304])
def test_some_replies_have_no_body(status: int) -> None:
    assert parsed(b"HTTP/1.1 %d No\r\na: b\r\n\r\n" % status) == HttpReply(status, {"a": "b"})


@pytest.mark.parametrize(
    ("content", "is_last"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nmore", True),
        (OK + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\nmore", True),
    ],
)
def test_it_is_told_whether_the_connection_goes_on(content: bytes, is_last: bool) -> None:
    reply = parsed(content)
    assert reply is not None
    assert reply.is_last is is_last
