"""Binary values between base64 text and bytes."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dynarepo._transport._binary import to_bytes, to_text

base64_text = st.binary(max_size=5).map(lambda content: b64encode(content).decode())
names = st.sampled_from(["B", "BS", "S", "M", "L", "other"])
scalars = (
    base64_text.map(lambda text: {"B": text})
    | st.lists(base64_text, max_size=3).map(lambda texts: {"BS": texts})
    | base64_text.map(lambda text: {"S": text})
    | st.just({"NULL": True})
)
values: st.SearchStrategy[dict[str, Any]] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda found: {"L": found})
        | st.dictionaries(names, inner, max_size=3).map(lambda found: {"M": found})
    ),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names, values, max_size=4))
def test_an_item_comes_back_whatever_its_attributes_are_called(item: dict[str, Any]) -> None:
    assert to_text(to_bytes({"Item": item})) == {"Item": item}


def test_only_the_values_with_a_binary_tag_become_bytes() -> None:
    item = {"B": {"B": "AQ=="}, "BS": {"BS": ["AQ=="]}, "S": {"S": "AQ=="}}
    assert to_bytes(item) == {"B": {"B": b"\x01"}, "BS": {"BS": [b"\x01"]}, "S": {"S": "AQ=="}}


def test_the_payload_given_stays_as_it_was() -> None:
    payload = {"Item": {"a": {"L": [{"B": "AQ=="}]}}}
    to_bytes(payload)
    assert payload == {"Item": {"a": {"L": [{"B": "AQ=="}]}}}
