"""A reply is parsed around its items, and what is no reply of DynamoDB's is parsed as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo._item_text import ItemText, glance_at, is_item, loads_around_items, plain_item
from dynarepo._json import loads
from dynarepo.exceptions import UnexpectedResponseError

ITEM = {"pk": {"S": "ä"}, "n": {"N": "1"}, "m": {"M": {"pk": {"S": "inner"}}}}
KEY = {"pk": {"S": "a"}}
CONSUMED = {"TableName": "app", "CapacityUnits": 0.5}
REPLIES: list[tuple[str, dict[str, Any]]] = [
    ("GetItem", {"Item": ITEM, "ConsumedCapacity": CONSUMED}),
    ("GetItem", {}),
    ("Query", {"Items": [ITEM, {}], "Count": 2, "ScannedCount": 3, "LastEvaluatedKey": KEY}),
    ("Query", {"Count": 2, "ScannedCount": 3}),
    ("Scan", {"Items": [], "Count": 0, "ScannedCount": 3, "ConsumedCapacity": CONSUMED}),
    ("BatchGetItem", {"Responses": {"app": [ITEM], "b": []}, "UnprocessedKeys": {"app": {"Keys": [KEY]}}}),
    ("TransactGetItems", {"Responses": [{"Item": ITEM}, {}], "ConsumedCapacity": [CONSUMED]}),
]
#: Where a reply has its items, and what else is asked for.
ITEMS = {
    "GetItem": "Item",
    "Query": "Items",
    "Scan": "Items",
    "BatchGetItem": "Responses",
    "TransactGetItems": "Responses",
}
OTHERS = {"Count", "ScannedCount", "LastEvaluatedKey", "UnprocessedKeys", "ConsumedCapacity"}
#: Replies that are not as they should be, and text that is none.
BROKEN: list[str] = [
    "[]",
    "null",
    "1",
    '{"Items": {}}',
    '{"Items": null, "Item": null, "Responses": null}',
    '{"Item": 1, "Items": [1], "Responses": [1]}',
    '{"Responses": {"app": {}}}',
    '{"Responses": {"app": [null]}}',
    '{"Count": 1e999, "Items": []}',
    '{"Items": [{"a": }]}',
    '{"Items": [{"a": 1,}]}',
    '{"Items": [NaN]}',
    '{"Items": []} x',
    '{"Items": [',
    "",
    f"{'[' * 100_000}{']' * 100_000}",
    f'{{"Other": {"[" * 100_000}{"]" * 100_000}}}',
]


def whole(value: object) -> object:
    """Parse whatever is text still."""
    if isinstance(value, ItemText):
        return loads(bytes(value))
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    return [whole(each) for each in value] if isinstance(value, list) else value


def outcome(operation: str, read: Callable[[bytes], object], text: bytes) -> object:
    """Give what text is read as, but for what no reply of the operation has, or that it is not read."""
    try:
        reply = whole(read(text))
    except ValueError:
        return ValueError
    if not isinstance(reply, dict) or operation not in ITEMS:
        return reply
    return {name: each for name, each in reply.items() if name in {ITEMS[operation], *OTHERS}}


def kinds_in(value: object) -> set[type]:
    """Give the types of all that is inside."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {type(value)}.union(*map(kinds_in, inner))


@pytest.mark.parametrize(("operation", "reply"), REPLIES)
def test_a_reply_around_its_items_is_the_whole_reply(operation: str, reply: dict[str, Any]) -> None:
    text = json.dumps(reply, ensure_ascii=False).encode()
    read = loads_around_items(operation, text)
    assert whole(read) == reply
    assert (ItemText in kinds_in(read)) == ("ä" in text.decode())


@pytest.mark.parametrize("operation", ["GetItem", "Query", "BatchGetItem", "TransactGetItems", "PutItem"])
@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_such_reply_is_read_as_a_whole(operation: str, text: str) -> None:
    found = outcome(operation, partial(loads_around_items, operation), text.encode())
    assert found == outcome(operation, loads, text.encode())


@pytest.mark.parametrize("text", [b'{"Items": [{"a": "\xff"}]}', b'{"Items": [{"a": "\xed\xa0\x80"}]}'])
def test_text_that_is_no_unicode_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="unicode"):
        loads_around_items("Query", text)


@given(st.text('{}[]",:ab0', max_size=40), st.integers(0, 60))
def test_a_reply_with_text_put_in_is_read_as_a_whole_or_not_at_all(noise: str, at: int) -> None:
    text = json.dumps(REPLIES[2][1])
    text = text[:at] + noise + text[at:]
    found = outcome("Query", partial(loads_around_items, "Query"), text.encode())
    assert found == outcome("Query", loads, text.encode())


@pytest.mark.parametrize("item", [ITEM, ItemText(json.dumps(ITEM).encode())], ids=["dict", "text"])
def test_an_item_is_plain_in_either_form_and_its_attributes_can_be_looked_at(item: Any) -> None:
    assert is_item(item)
    assert plain_item(item) == ITEM
    assert glance_at("pk", "other")(item)["pk"] == ITEM["pk"]
    assert "other" not in glance_at("pk", "other")(item)


@pytest.mark.parametrize("name", ["a", "a.b", 'a"b', "a\\b", "\n", "\0", "é", "日本", "e\u0301", "😀"])
@pytest.mark.parametrize("escapes", [False, True])
def test_an_attribute_of_any_name_is_seen(name: str, escapes: bool) -> None:
    text = json.dumps({"other": {"N": "1"}, name: {"S": "x"}, "more": {"N": "2"}}, ensure_ascii=escapes)
    assert glance_at(name)(ItemText(text.encode()))[name] == {"S": "x"}


@pytest.mark.parametrize("text", ["1", "[]", "null", '"a"', '{"a": "\\ud800"}'])
def test_text_of_an_item_that_is_no_object_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(UnexpectedResponseError, match="no JSON object") as refused:
        plain_item(ItemText(text.encode()))
    assert text not in str(refused.value)


@pytest.mark.parametrize("text", ["1", "[]", '{"pk": "\\ud800"}', f"{'[' * 100_000}{']' * 100_000}"])
def test_a_glance_at_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedResponseError):
        glance_at("pk")(ItemText(text.encode()))


@pytest.mark.parametrize("value", [None, 1, "a", [], b"{}"])
def test_what_is_neither_a_dict_nor_text_of_a_reply_is_no_item(value: object) -> None:
    assert not is_item(value)
