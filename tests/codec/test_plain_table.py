"""A table of which only the key is known."""

from __future__ import annotations

from typing import Any

import pytest

from dynarepo._codec import PlainTable
from dynarepo.exceptions import InvalidKeyError, SchemaError
from tests.models import User

TABLE = PlainTable.described({"pk": "S", "sk": "N"})
KEY: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"N": "1"}}


def test_the_key_of_an_item_is_taken_out_of_it_in_the_tables_order() -> None:
    item = {"sk": {"N": "1"}, "a": {"S": "b"}, "pk": {"S": "a"}}
    assert list(TABLE.table.of(item).items()) == list(KEY.items())
    assert PlainTable.described({"pk": "S"}).table.of(item) == {"pk": {"S": "a"}}


@pytest.mark.parametrize("types", [{}, {"a": "S", "b": "S", "c": "S"}])
def test_a_table_has_one_or_two_key_attributes(types: dict[str, str]) -> None:
    with pytest.raises(InvalidKeyError, match="one or two"):
        PlainTable.described(types)


def test_a_key_tells_the_key_of_its_table() -> None:
    table = PlainTable.of_key(KEY, "keys[0]")
    assert table.table.of({**KEY, "a": {"S": "b"}}) == KEY
    with pytest.raises(InvalidKeyError, match=r"^keys\[0\]: .*, not 3$"):
        PlainTable.of_key({**KEY, "a": {"S": "b"}}, "keys[0]")


def test_an_item_may_have_more_than_the_key_and_a_key_may_not() -> None:
    TABLE.check_item({**KEY, "a": {"S": "b"}}, "puts[0]")
    TABLE.check_key(KEY, "deletes[0]")
    with pytest.raises(InvalidKeyError, match=r"^deletes\[0\] must have exactly pk, sk$"):
        TABLE.check_key({**KEY, "a": {"S": "b"}}, "deletes[0]")


@pytest.mark.parametrize(
    ("attribute", "value", "complaint"),
    [
        ("sk", None, "lacks sk"),
        ("sk", {"S": "1"}, "the key value sk is of the wrong type"),
        ("pk", {"L": []}, "the key value pk is of the wrong type"),
        ("pk", {"S": ""}, "must not be empty"),
        ("pk", {"S": "é" * 1025}, "has 2050 bytes"),
    ],
)
def test_an_item_has_the_key_of_the_table(attribute: str, value: Any, complaint: str) -> None:
    item = {**KEY, attribute: value} if value else {"pk": {"S": "a"}}
    with pytest.raises(InvalidKeyError, match=rf"^puts\[7\].*{complaint}"):
        TABLE.check_item(item, "puts[7]")


@pytest.mark.parametrize(("size", "fits"), [(1024, True), (1025, False)])
def test_a_sort_key_is_shorter_where_it_is_known_as_such(size: int, fits: bool) -> None:
    key: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"S": "x" * size}}
    PlainTable.of_key(key, "keys[0]").check_key(key, "keys[0]")
    described = PlainTable.described({"pk": "S", "sk": "S"})
    if fits:
        described.check_item(key, "puts[0]")
    else:
        with pytest.raises(InvalidKeyError, match="1025 bytes"):
            described.check_item(key, "puts[0]")


def test_everything_is_stored_under_its_own_name() -> None:
    path, node = TABLE.resolve(("a", 0, "b"))
    assert path == ("a", 0, "b")
    assert node.decode({"N": "1"}) == 1
    assert TABLE.decode(KEY) == {"pk": "a", "sk": 1}
    assert TABLE.indexes == {}


def test_what_has_no_model_has_no_views() -> None:
    with pytest.raises(SchemaError, match=r"^User: "):
        TABLE.view(User)
