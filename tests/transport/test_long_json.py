"""A long reply is parsed in pieces to what it is in one, and refused where it is refused in one."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynarepo._transport import _replies
from dynarepo._transport._json import loads
from dynarepo._transport._long_json import LONG, loads_in_pieces
from dynarepo.exceptions import UnexpectedResponseError
from dynarepo.testing import WireReply, success_reply
from tests.transport.rigs import opened


def parsed(text: bytes, piece_bytes: int = 1) -> tuple[Any, int]:
    """Give what the text is, `None` where it is refused, and the number of pauses."""
    work, pauses = loads_in_pieces(text, piece_bytes), 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value, pauses
        except ValueError:
            return None, pauses
        pauses += 1


def in_one(text: bytes) -> Any:
    try:
        return loads(text)
    except ValueError:
        return None


def shown(value: Any) -> str:
    """Tell all that differs: types, the order of keys, and numbers as they are."""
    return repr(value)


def reply_of(items: list[Any], **around: Any) -> bytes:
    """Write a reply as the service does: without spaces, and letters as they are."""
    reply = {"Count": len(items), "Items": items, "ScannedCount": len(items), **around}
    return json.dumps(reply, separators=(",", ":"), ensure_ascii=False).encode()


NAMES: Final = st.one_of(
    st.sampled_from(["pk", "S", "M", "L", "N", "Items", "", "},{", '"', "\\", "é"]), st.text(max_size=4)
)
TEXTS: Final = st.one_of(
    st.sampled_from(['},{"a":{', "}],", "[{", '"Items":[{', '\\"', "},{", "\\"]), st.text(max_size=6)
)
LEAVES: Final = st.one_of(
    TEXTS.map(lambda text: {"S": text}),
    st.integers().map(lambda number: {"N": str(number)}),
    st.just({"NULL": True}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.lists(TEXTS, min_size=1, max_size=2).map(lambda texts: {"SS": texts}),
)
VALUES: Final = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: {"L": values}),
        st.dictionaries(NAMES, inner, max_size=3).map(lambda values: {"M": values}),
    ),
    max_leaves=6,
)
ITEMS: Final = st.lists(st.dictionaries(NAMES, VALUES, max_size=3), max_size=6)
REPLIES: Final = st.builds(
    lambda items, last, dumps: dumps(items, **({} if last is None else {"LastEvaluatedKey": last})),
    ITEMS,
    st.none() | st.dictionaries(NAMES, LEAVES, max_size=2),
    st.just(reply_of),
)
#: Parts of the syntax, and what breaks it, to be put anywhere.
SNIPPETS: Final = st.sampled_from(
    [
        *(
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b'"',
            b"\\",
            b" ",
            b"\n",
            b"\x00",
            b"\xff",
            b"\xc3",
            b"0",
            b"-",
        ),
        *(b"NaN", b"Infinity", b"-Infinity", b"null", b"true", b"1e5", b"1e999", b"\\ud800", b"{}", b"[]"),
        *(b'},{"a":{', b'}],"a":[{', b'"Items":[{', b'"Items":[],', b'"Items":[{"a":{"S":"b"}}],', b"],["),
        *(b'"Count":1,', b'"\\u0049tems":[{"a":{}}],', b'{"x":{"Items":[{"a":{}}]}},', b"[" * 210, b'""'),
    ]
)


@given(reply=REPLIES, piece_bytes=st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_a_reply_is_the_same_in_pieces_of_any_size(reply: bytes, piece_bytes: int) -> None:
    assert shown(parsed(reply, piece_bytes)[0]) == shown(loads(reply))


@given(
    reply=REPLIES,
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), SNIPPETS), min_size=1, max_size=3),
    piece_bytes=st.integers(0, 60),
)
@settings(max_examples=400, deadline=None)
def test_broken_text_is_the_same_in_pieces_or_refused_as_well(
    reply: bytes, changes: list[tuple[float, int, bytes]], piece_bytes: int
) -> None:
    for place, removed, put in changes:
        at = int(place * len(reply))
        reply = reply[:at] + put + reply[at + removed :]
    assert shown(parsed(reply, piece_bytes)[0]) == shown(in_one(reply))


A: Final = b'{"a":{"S":"x"}}'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"Items":[%b,%b],"Count":2}{}' % (A, A), id="garbage behind it"),
        pytest.param(b'{"Items":[%b,%b],"Items":[]}' % (A, A), id="an empty second list"),
        pytest.param(b'{"Items":[%b,%b],"Items":[%b]}' % (A, A, A), id="a second list"),
        pytest.param(b'{"Items":[%b,%b],"\\u0049tems":[1]}' % (A, A), id="an escaped second name"),
        pytest.param(b'{"x":{"Items":[%b,%b,%b]},"Items":[%b]}' % (A, A, A, A), id="a list further inside"),
        pytest.param(b'{"Items":[%b],"a":[%b,%b,%b]}' % (A, A, A, A), id="another list behind it"),
        pytest.param(b'{"Items":[%b],"a",[%b,%b,%b]}' % (A, A, A, A), id="a piece that closes the list"),
        pytest.param(b'["Items":[%b,%b,%b]]' % (A, A, A), id="no object"),
        pytest.param(b'"Items":[%b,%b,%b]' % (A, A, A), id="nothing around it"),
        pytest.param(b'{"a\\"Items":[%b,%b,%b]}' % (A, A, A), id="a longer name"),
        pytest.param(b'{"a":"\\"Items":[%b,%b,%b]}' % (A, A, A), id="a text that looks so"),
        pytest.param(b'{"Items":[%b,%b,NaN]}' % (A, A), id="no number"),
        pytest.param(b'{"Items":[%b,{"a":{"N":NaN}},%b]}' % (A, A), id="no number inside"),
        pytest.param(b'{"Items":[%b,{"a":{"S":"\xff"}},%b]}' % (A, A), id="no UTF-8"),
        pytest.param(b'{"Items":[%b,{"a":{"S":"\xc3' % A, id="cut in a letter"),
        pytest.param(b'{"Items":[%b,%b,]}' % (A, A), id="a comma too many"),
        pytest.param(b'{"Items":[{"a":{"S":"1","S":"2"},"a":{"S":"3"}},%b,%b]}' % (A, A), id="names twice"),
        pytest.param(b'{"Items":[],"Count":0}', id="no items"),
    ],
)
def test_odd_text_is_the_same_in_pieces_or_refused_as_well(text: bytes) -> None:
    for piece_bytes in range(len(text)):
        assert shown(parsed(text, piece_bytes)[0]) == shown(in_one(text))


@pytest.mark.parametrize("length", range(100))
def test_no_text_is_taken_for_the_mark_in_the_place_of_the_pieces(length: int) -> None:
    text = b'{"Items":[%b,%b],"Items":["%b"]}' % (A, A, b"-" * length)
    assert shown(parsed(text)[0]) == shown(in_one(text))


@pytest.mark.parametrize("depth", [190, 196, 197, 198, 199, 200])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_text_may_be_as_deep_in_pieces_as_in_one(depth: int, at: int) -> None:
    items = [A, A, A]
    items[at] = b'{"a":{"L":%b%b}}' % (b"[" * (depth - 4), b"]" * (depth - 4))
    text = b'{"Items":[%b]}' % b",".join(items)
    assert shown(parsed(text)[0]) == shown(in_one(text))


def test_items_are_parsed_in_pieces() -> None:
    items = [
        {"pk": {"S": f"{number}"}, "lines": {"L": [{"M": {"a": {"S": "b"}}}] * 3}} for number in range(9)
    ]
    reply, pauses = parsed(reply_of(items))
    assert reply["Items"] == items
    assert pauses >= 4


def test_the_costs_may_stand_before_the_items() -> None:
    text = b'{"ConsumedCapacity":{"TableName":"t"},"Count":3,"Items":[%b,%b,%b]}' % (A, A, A)
    reply, pauses = parsed(text)
    assert reply == loads(text)
    assert pauses == 2


def test_elements_of_stored_lists_are_not_taken_for_items() -> None:
    text = reply_of([{"a": {"L": [{"M": {"b": {"S": "c"}}}, {"M": {}}, {"L": []}, {"S": ""}]}}] * 3)
    assert parsed(text)[1] == 2


def long_reply(**around: Any) -> WireReply:
    items = [{"pk": {"S": f"{number:08}"}, "text": {"S": "x" * 400}} for number in range(1_000)]
    return success_reply({"Items": items, "Count": len(items), "ScannedCount": len(items), **around})


async def test_a_long_reply_on_a_connection_is_parsed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = 0

    def noted(text: bytes) -> Generator[None, None, Any]:
        nonlocal pauses
        for _ in loads_in_pieces(text):
            pauses += 1
            yield
        return loads(text)

    monkeypatch.setattr(_replies, "loads_in_pieces", noted)
    async with opened("direct") as rig:
        reply = long_reply()
        rig.play(reply)
        assert len(reply.body) > LONG
        assert await rig.send("Scan", {"TableName": "app"}) == loads(reply.body)
    assert pauses >= 2


@pytest.mark.parametrize("body", [b"[" + b" " * LONG + b"]", b'{"Items":[' + b" " * LONG])
async def test_a_long_reply_that_is_none_is_refused(body: bytes) -> None:
    reply = success_reply({})
    headers = {name: value for name, value in reply.headers.items() if name != "x-amz-crc32"}
    async with opened("direct") as rig:
        rig.play(WireReply(200, headers, body))
        failure = await rig.failure("Scan")
    assert isinstance(failure.error, UnexpectedResponseError)
    assert failure.may_have_acted
