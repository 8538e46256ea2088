"""The identity of a key is what DynamoDB tells keys apart by, however it is found out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo._codec import PlainTable, TableKeys, bind
from dynarepo._item_text import ItemText
from dynarepo._json import dumps
from dynarepo._wire import WireItem, same_item
from dynarepo.exceptions import InvalidItemError, UnexpectedResponseError
from tests.key_models import Event, Order, Pipeline, User

#: A text or a number in either place, and a partition key alone.
TABLES = [
    *(bind(model).table for model in (User, Order, Event, Pipeline)),
    *(PlainTable.described(keys).table for keys in ({"pk": "S", "sk": "N"}, {"p\n": "S", "é": "B"})),
]
NUMBERED = [table for table in TABLES if "N" in {key.tag for key in table.attributes}]

values = st.one_of(
    st.sampled_from(["a", "b", "1", "1000", "YQ=="]).map(lambda text: {"S": text}),
    st.sampled_from(["1", "1000", "1E3", "1000.0", "-1"]).map(lambda text: {"N": text}),
    st.sampled_from(["YQ==", "Yg=="]).map(lambda text: {"B": text}),
)


def text_of(item: WireItem) -> ItemText:
    return ItemText(dumps(item))


@given(table=st.sampled_from(TABLES), data=st.data())
def test_two_keys_have_one_identity_where_they_are_one_to_dynamodb(
    table: TableKeys, data: st.DataObject
) -> None:
    """Also keys of other types than the table's, such as a reply may have."""
    one, other = ({key.attribute: data.draw(values) for key in table.attributes} for _ in range(2))
    assert (table.identity(one) == table.identity(other)) == same_item(one, other)
    hash(table.identity(one))
    assert table.identity(text_of(one)) == table.identity(one)


@pytest.mark.parametrize("table", NUMBERED, ids=lambda table: str(table.partition.attribute))
def test_a_number_is_one_key_however_it_is_written(table: TableKeys) -> None:
    forms: list[WireItem] = [
        {key.attribute: {key.tag: number if key.tag == "N" else "YQ=="} for key in table.attributes}
        for number in ("1000", "1E3", "1000.0")
    ]
    assert len({table.identity(form) for form in forms}) == 1


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.partition.attribute))
def test_an_item_has_the_identity_of_its_key(table: TableKeys) -> None:
    key: WireItem = {each.attribute: {each.tag: "1"} for each in table.attributes}
    others: WireItem = {"other": {"N": "x"}, "more": {"L": []}}
    assert table.identity({**others, **key}) == table.identity(key)
    assert table.identity(text_of(others | key)) == table.identity(key)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.partition.attribute))
def test_what_lacks_a_part_of_the_key_has_no_identity(table: TableKeys) -> None:
    key: WireItem = {each.attribute: {each.tag: "1"} for each in table.attributes}
    for name, value in key.items():
        rest = {each: held for each, held in key.items() if each != name}
        for form in (rest, text_of(rest)):
            with pytest.raises(InvalidItemError):
                table.identity(form)
        broken: list[Any] = [{**value, "BOOL": True}, {}, "1"]
        for other in broken:
            for form in (key | {name: other}, text_of(key | {name: other})):
                with pytest.raises((ValueError, AttributeError)):
                    table.identity(form)


def test_text_that_is_no_item_has_no_identity() -> None:
    for text in (b"[]", b'{"pk": {"S": "a"}', b"1"):
        with pytest.raises(UnexpectedResponseError):
            TABLES[0].identity(ItemText(text))
