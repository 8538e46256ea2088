"""Native batches: entries, the key of a table, and projections taken apart."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from dynarepo._codec import PlainTable
from dynarepo._requests import (
    NativeTable,
    Reading,
    batch_get,
    native_entries,
    native_keys,
    native_writes,
    projected_paths,
    read_table_key,
    table_of_keys,
)
from dynarepo._wire import Payload
from dynarepo.exceptions import (
    InvalidKeyError,
    InvalidRequestError,
    InvalidValueError,
    UnexpectedResponseError,
)

TABLE = PlainTable.described({"pk": "S", "sk": "N"})


def keys(*sort_keys: object) -> list[dict[str, object]]:
    return [{"pk": "a", "sk": sk} for sk in sort_keys]


def test_puts_come_before_deletes_and_carry_what_was_given() -> None:
    item, key = {"pk": "a", "sk": 1, "b": True}, {"pk": "a", "sk": 2}
    entries = native_entries(TABLE, native_writes([item], [key]))
    put = {"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "b": {"BOOL": True}}}}
    delete = {"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"N": "2"}}}}
    assert [json.loads(entry.text) for entry in entries] == [put, delete]
    assert entries[0].source is item
    assert entries[1].source is key


def test_an_entry_is_measured_as_it_travels_and_shows_no_value() -> None:
    small, quoted = native_entries(
        TABLE, native_writes([{"pk": "a", "sk": 1, "b": b} for b in ("", '"')], [])
    )
    assert quoted.size == small.size + 2
    assert "canary" not in repr(native_writes([{"canary": "canary"}], [{"pk": "canary"}]))


def test_a_put_and_a_delete_of_one_key_are_the_same_item() -> None:
    """Numbers are one however they are written, and the order of attributes says nothing."""
    writes = native_writes(
        [{"pk": "a", "sk": Decimal("1E3"), "b": 1}], [{"sk": 1000, "pk": "a"}, {"pk": "b", "sk": 1000}]
    )
    put, delete, other = native_entries(TABLE, writes)
    assert put.identity == delete.identity != other.identity


@pytest.mark.parametrize(
    ("puts", "deletes", "error", "complaint"),
    [
        ([{"pk": "a", "sk": 1}, {}], [], InvalidRequestError, r"^puts\[1\] is a dict"),
        ([["pk"]], [], InvalidRequestError, r"^puts\[0\] is a dict"),
        ({"pk": "a"}, [], InvalidRequestError, r"^puts\[0\] is a dict"),
        ([{"pk": 1.5}], [], InvalidValueError, "^pk: a float"),
        ([], [{}], InvalidKeyError, r"^deletes\[0\] is a dict"),
        ([], [{"pk": 1.5}], InvalidKeyError, "^pk: a float"),
        ([{"pk": "a"}], [], InvalidKeyError, r"^puts\[0\] lacks sk"),
        ([], [{"pk": "a"}], InvalidKeyError, r"^deletes\[0\] must have exactly pk, sk$"),
        ([], [{"pk": "a", "sk": "1"}], InvalidKeyError, r"^deletes\[0\]: .* wrong type"),
    ],
)
def test_what_cannot_be_written_is_named_by_its_place(
    puts: Any, deletes: Any, error: type[Exception], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        native_entries(TABLE, native_writes(puts, deletes))


def test_keys_tell_the_key_of_the_table() -> None:
    assert table_of_keys(native_keys(keys(1, 2)), "keys").table.of({"sk": {"N": "1"}, "pk": {"S": "a"}}) == {
        "pk": {"S": "a"},
        "sk": {"N": "1"},
    }


@pytest.mark.parametrize("other", [{"pk": "a"}, {"pk": "a", "sk": 1, "b": 2}, {"pk": "a", "b": 1}])
def test_keys_of_different_attributes_are_refused(other: dict[str, object]) -> None:
    with pytest.raises(InvalidKeyError, match=r"^keys\[1\] must have exactly pk, sk$"):
        table_of_keys(native_keys([*keys(1), other]), "keys")


@pytest.mark.parametrize("key", [{}, "a", {"pk": [1]}])
def test_what_cannot_be_a_key_is_refused(key: Any) -> None:
    with pytest.raises(InvalidKeyError):
        native_keys([key])


def described(*keys: tuple[str, str, str]) -> Payload:
    return {
        "Table": {
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": tag} for name, _, tag in keys]
            + [{"AttributeName": "other", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind, _ in keys],
        }
    }


def test_a_description_tells_the_key_of_a_table() -> None:
    sort, partition = ("at", "RANGE", "N"), ("id", "HASH", "B")
    assert read_table_key(described(sort, partition)) == PlainTable.described({"id": "B", "at": "N"})
    assert read_table_key(described(partition)) == PlainTable.described({"id": "B"})


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"Table": {}},
        {"Table": {"AttributeDefinitions": [], "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}},
        {"Table": {"AttributeDefinitions": [], "KeySchema": []}},
        {"Table": {"AttributeDefinitions": [1], "KeySchema": []}},
        described(("a", "HASH", "M")),
    ],
)
def test_a_description_without_a_key_is_an_error(reply: Payload) -> None:
    with pytest.raises(UnexpectedResponseError):
        read_table_key(reply)


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("a", [("a",)]),
        ("a, b_1 ,#x", [("a",), ("b_1",), ("size",)]),
        ("a.b[0].#x[ 12 ][3]", [("a", "b", 0, "size", 12, 3)]),
        (" a . #x ,\n b", [("a", "size"), ("b",)]),
    ],
)
def test_a_projection_is_a_list_of_paths(expression: str, paths: list[Any]) -> None:
    names = {"#x": "size"} if "#x" in expression else None
    assert projected_paths(expression, names) == tuple(paths)


def test_without_a_projection_there_are_no_paths() -> None:
    assert projected_paths(None, None) is None


@pytest.mark.parametrize(
    "expression", ["", ",", "a,", "a b", "a..b", "a[", "a[b]", "[0]", "a-b", "a[-1]", "a.é"]
)
def test_what_is_no_list_of_paths_is_refused(expression: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^projection_expression is"):
        projected_paths(expression, None)


@pytest.mark.parametrize(("expression", "names"), [(None, {"#a": "a"}), ("b", {"#a": "a"}), ("#a", None)])
def test_the_names_of_a_projection_are_those_it_uses(
    expression: str | None, names: dict[str, str] | None
) -> None:
    with pytest.raises(InvalidRequestError, match=r"#a$"):
        projected_paths(expression, names)


def test_the_key_is_projected_with_what_is_asked_for() -> None:
    """Without it, nobody could tell whose answer is which."""
    wanted = native_keys(keys(1))
    source = table_of_keys(wanted, "keys", projected_paths("a.#b[0]", {"#b": "b.c"}))
    target = NativeTable("app").target(source)
    payload = batch_get(target, Reading.of(source), wanted, consistent=False).payload
    (asked,) = payload["RequestItems"].values()
    text = asked["ProjectionExpression"]
    for alias, name in asked["ExpressionAttributeNames"].items():
        text = text.replace(alias, f"<{name}>")
    assert sorted(text.split(", ")) == ["<a>.<b.c>[0]", "<pk>", "<sk>"]
