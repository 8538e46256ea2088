"""A request in words: what stands first, whose values it hides, and what it says once only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dynarepo import SortKeyCondition, TransactWriteItem, attr, exists
from dynarepo._expressions import Where
from dynarepo._requests import (
    Explanation,
    Guard,
    Target,
    batch_get,
    batch_write,
    delete_entry,
    delete_item,
    get_item,
    put_entry,
    put_item,
    transact_get,
    transact_write,
    update_item,
)
from dynarepo._schema import DynamoDBBaseModel
from tests.key_models import Event, Order, User, target
from tests.requests.planning import query, whole


class Loose(DynamoDBBaseModel):
    """Values of every shape, nested ones too."""

    note: str
    prefs: dict[str, Any]
    lines: list[Any]
    marks: set[str]
    score: float
    raw: bytes
    gone: bool | None = None


USERS, ORDERS, LOOSE, EVENTS = target(User), target(Order), target(Loose), target(Event)
CANARY = "canary"
NESTED = {CANARY: [{CANARY: CANARY, "set": {CANARY}}], "n": 717171}
FULL = Loose(
    pk=CANARY,
    sk=CANARY,
    note=CANARY,
    prefs=NESTED,
    lines=[CANARY, NESTED],
    marks={CANARY},
    score=717171,
    raw=CANARY.encode(),
)


def key(number: int) -> dict[str, Any]:
    return {"pk": {"S": CANARY}, "sk": {"S": str(number)}}


def asked(page: int, where: Where[Any]) -> Explanation:
    """Explain a query that goes on behind a key."""
    listing = query(USERS, CANARY, SortKeyCondition.begins_with(CANARY), where=where, descending=True)
    return Explanation.of(listing.request(0, key(1), page))


def test_a_query_says_first_which_items_and_then_which_of_them() -> None:
    assert str(asked(25, lambda u: (u.age >= 18) & exists(u.nick))) == (
        "Query on app\n"
        "  KeyConditionExpression: pk = … AND begins_with(sk, …)\n"
        "  FilterExpression: age >= … AND attribute_exists(nick)\n"
        "  ScanIndexForward: False\n"
        "  ExclusiveStartKey: {pk=…, sk=…}\n"
        "  Limit: 25"
    )


def test_values_are_shown_when_they_are_asked_for() -> None:
    assert asked(25, attr("age").ge(18)).show(values=True) == (
        "Query on app\n"
        "  KeyConditionExpression: pk = 'canary' AND begins_with(sk, 'canary')\n"
        "  FilterExpression: age >= 18\n"
        "  ScanIndexForward: False\n"
        "  ExclusiveStartKey: {pk='canary', sk='1'}\n"
        "  Limit: 25"
    )


def test_an_index_is_named_at_the_top() -> None:
    explained = Explanation.of(query(ORDERS, {"status": CANARY}, index="by-status").request(0, None, None))
    assert str(explained) == "Query on app by index by-status\n  KeyConditionExpression: gsi1pk = …"
    assert (explained.operation, explained.table_name, explained.index) == ("Query", "app", "by-status")


def test_an_update_says_first_which_item() -> None:
    request = update_item(USERS, "a", "b", {"age": 1, "nick": None}, attr("age").eq(0), Guard(exists=True))
    assert str(Explanation.of(request)) == (
        "UpdateItem on app\n"
        "  Key: {pk=…, sk=…}\n"
        "  UpdateExpression: SET age = … REMOVE nick\n"
        "  ConditionExpression: attribute_exists(pk) AND age = …"
    )


def test_a_name_that_is_no_word_is_quoted() -> None:
    request = update_item(LOOSE, "a", "b", {"note": "x"}, attr("prefs", "a.b = :v OR c", 0, "d").exists())
    assert str(Explanation.of(request)).endswith("attribute_exists(prefs.'a.b = :v OR c'[0].d)")


def test_what_is_in_a_value_is_no_placeholder() -> None:
    request = delete_item(USERS, "a", "b", attr("nick").eq("#n0 :v0"))
    assert Explanation.of(request).show(values=True).endswith("nick = '#n0 :v0'")


def test_twelve_placeholders_are_not_taken_for_one_and_a_digit() -> None:
    request = delete_item(USERS, "a", "b", attr("age").in_(*range(12)))
    assert Explanation.of(request).show(values=True).endswith(f"age IN ({', '.join(map(str, range(12)))})")


def test_entries_of_a_batch_that_differ_in_hidden_values_only_are_counted() -> None:
    entries = [
        *(put_entry(USERS, User(pk="a", sk=str(n))) for n in range(3)),
        put_entry(USERS, User(pk="a", sk="x", nick="n")),
        *(delete_entry(USERS, ("a", str(n))) for n in range(2)),
    ]
    explained = Explanation.of(batch_write(USERS, entries))
    assert str(explained) == (
        "BatchWriteItem on app\n"
        "  Put, 3 times\n"
        "    Item: {pk=…, sk=…, email=…, age=…}\n"
        "  Put\n"
        "    Item: {pk=…, sk=…, email=…, age=…, nick=…}\n"
        "  Delete, 2 times\n"
        "    Key: {pk=…, sk=…}"
    )
    shown = explained.show(values=True)
    assert "times" not in shown
    assert shown.endswith("  Delete\n    Key: {pk='a', sk='0'}\n  Delete\n    Key: {pk='a', sk='1'}")


def test_the_keys_of_a_batch_are_counted_too() -> None:
    request = batch_get(USERS, whole(USERS), [key(n) for n in range(2)], consistent=True)
    explained = Explanation.of(request)
    assert str(explained) == "BatchGetItem on app\n  Keys: {pk=…, sk=…}, 2 times\n  ConsistentRead: True"
    assert "Keys: {pk='canary', sk='0'}, {pk='canary', sk='1'}\n" in explained.show(values=True)


def test_each_operation_of_a_transaction_is_a_part_with_names_of_its_own() -> None:
    operations = [
        TransactWriteItem.update("a", "1", {"age": 1}),
        TransactWriteItem.delete("a", "2", where=attr("nick").exists()),
        TransactWriteItem.check("a", "3", where=attr("email").exists()),
    ]
    request, _ = transact_write([(USERS, operation) for operation in operations])
    explained = Explanation.of(request)
    assert str(explained) == (
        "TransactWriteItems on app\n"
        "  Update\n"
        "    Key: {pk=…, sk=…}\n"
        "    UpdateExpression: SET age = …\n"
        "    ConditionExpression: attribute_exists(pk)\n"
        "  Delete\n"
        "    Key: {pk=…, sk=…}\n"
        "    ConditionExpression: attribute_exists(nick)\n"
        "  ConditionCheck\n"
        "    Key: {pk=…, sk=…}\n"
        "    ConditionExpression: attribute_exists(email)"
    )
    assert explained.names == {}


def test_a_transaction_over_several_tables_names_the_table_of_each_operation() -> None:
    other = Target(USERS.source, "other")
    operations = [(USERS, TransactWriteItem.delete("a", "1")), (other, TransactWriteItem.delete("a", "1"))]
    explained = Explanation.of(transact_write(operations)[0])
    assert explained.table_name is None
    assert str(explained) == (
        "TransactWriteItems\n  Delete on app\n    Key: {pk=…, sk=…}\n  Delete on other\n    Key: {pk=…, sk=…}"
    )


def test_reads_of_a_transaction_are_counted() -> None:
    explained = Explanation.of(transact_get(USERS, whole(USERS), [key(n) for n in range(3)]))
    assert str(explained) == "TransactGetItems on app\n  Get, 3 times\n    Key: {pk=…, sk=…}"


def test_names_and_payload_are_as_they_would_be_sent() -> None:
    request = delete_item(USERS, "a", "b", attr("nick").exists())
    explained = Explanation.of(request)
    assert explained.names == {"#n0": "nick"}
    assert explained.payload == request.payload


EXPLAINED: dict[str, Callable[[], Explanation]] = {
    "get": lambda: Explanation.of(get_item(LOOSE, whole(LOOSE), CANARY, CANARY)),
    "binary key": lambda: Explanation.of(get_item(EVENTS, whole(EVENTS), 717171, CANARY.encode())),
    "template key": lambda: Explanation.of(
        query(ORDERS, {"customer_id": CANARY}, SortKeyCondition.begins_with("ORDER#2026")).request(
            0, None, 717
        )
    ),
    "put": lambda: Explanation.of(put_item(LOOSE, FULL, attr("prefs").eq(NESTED))),
    "update": lambda: Explanation.of(
        update_item(LOOSE, CANARY, CANARY, {"prefs": NESTED}, attr("lines", 0).eq(CANARY))
    ),
    "position": lambda: asked(25, attr("nick").in_(CANARY, CANARY * 2)),
    "batch get": lambda: Explanation.of(batch_get(LOOSE, whole(LOOSE), [key(1)], consistent=False)),
    "batch write": lambda: Explanation.of(
        batch_write(LOOSE, [put_entry(LOOSE, FULL), delete_entry(LOOSE, (CANARY, "1"))])
    ),
    "transact get": lambda: Explanation.of(transact_get(LOOSE, whole(LOOSE), [key(1)])),
    "transact write": lambda: Explanation.of(
        transact_write(
            [
                (LOOSE, TransactWriteItem.put(FULL)),
                (LOOSE, TransactWriteItem.update(CANARY, "1", {"prefs": NESTED})),
                (LOOSE, TransactWriteItem.delete(CANARY, "2", where=attr("note").eq(CANARY))),
            ],
            client_token=CANARY,
        )[0]
    ),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_no_value_and_no_key_is_in_the_text_unasked(name: str) -> None:
    explained = EXPLAINED[name]()
    for text in (str(explained), repr(explained), f"{explained}", explained.show()):
        assert CANARY not in text
        assert "717171" not in text
        assert "Y2FuYXJ5" not in text  # the same in Base64
    shown = explained.show(values=True)
    assert CANARY in shown
    assert CANARY not in repr(explained)


def test_an_item_whose_attributes_have_the_names_of_types_is_hidden_like_any_other() -> None:
    class Odd(DynamoDBBaseModel):
        S: str
        M: dict[str, str]
        L: list[str]

    odd = target(Odd)
    item = Odd(pk=CANARY, sk=CANARY, S=CANARY, M={"S": CANARY}, L=[CANARY])
    for request in (put_item(odd, item, None), batch_write(odd, [put_entry(odd, item)])):
        assert str(Explanation.of(request)).endswith("Item: {pk=…, sk=…, S=…, M=…, L=…}")
