"""Items as they travel, of every type and depth that DynamoDB stores."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dynarepo._codec import encode_number

__all__ = ["EVERY_TYPE", "items", "values"]

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_names = st.one_of(
    st.sampled_from(["$B", "$SS", "$M", "a:N", "x", ""]).filter(bool),
    _texts.filter(bool),
)
_binaries = st.binary(max_size=12).map(lambda data: b64encode(data).decode())
_numbers = st.one_of(
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.tuples(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(-130, 87)).map(
        lambda parts: Decimal(parts[0]).scaleb(parts[1])
    ),
).map(encode_number)


def _set(tag: str, elements: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.lists(elements, min_size=1, max_size=4, unique=True).map(lambda found: {tag: found})


_leaves: st.SearchStrategy[Any] = st.one_of(
    _texts.map(lambda text: {"S": text}),
    _numbers.map(lambda number: {"N": number}),
    _binaries.map(lambda data: {"B": data}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    _set("SS", _texts),
    _set("NS", _numbers),
    _set("BS", _binaries),
)
values = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: {"L": found}),
        st.dictionaries(_names, inner, max_size=3).map(lambda found: {"M": found}),
    ),
    max_leaves=6,
)
items = st.dictionaries(_names, values, min_size=1, max_size=4)

#: One value of each type, some that are easily lost, and maps that look like something else.
EVERY_TYPE: dict[str, Any] = {
    "text": {"S": "ä\n\r\"',;\u2028\U0001f600"},
    "empty": {"S": ""},
    "backslash": {"S": "\\n"},
    "number": {"N": "-12345678901234567890123456789012345678"},
    "tiny": {"N": "0." + "0" * 129 + "1"},
    "huge": {"N": "9" * 38 + "0" * 88},
    "binary": {"B": "AAECAwT/"},
    "no_bytes": {"B": ""},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "texts": {"SS": ["", "a", "b"]},
    "numbers": {"NS": ["1", "2.5", "-0.001"]},
    "binaries": {"BS": ["AA==", ""]},
    "list": {"L": [{"S": "1"}, {"N": "1"}, {"L": []}, {"M": {}}, {"NULL": True}]},
    "map": {"M": {"$B": {"S": "no binary"}}},
    "deeper": {"M": {"a": {"M": {"$SS": {"L": []}}}, "b": {"NS": ["7"]}}},
}
