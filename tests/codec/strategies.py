"""Hypothesis strategies for the values that each declared type can hold."""

from __future__ import annotations

import string
from datetime import UTC, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(string.ascii_letters + string.digits + ".#:[ \0é", min_size=1, max_size=8)
#: Beside the range of DynamoDB, too: such values are to be refused.
any_ints = st.one_of(
    st.integers(), st.integers(-(10**127), 10**127), st.sampled_from([10**38, 10**125, 10**126])
)
ints = st.integers(-(10**38) + 1, 10**38 - 1)
any_decimals = st.one_of(
    st.decimals(),
    st.builds(
        lambda digits, exponent: Decimal(digits).scaleb(exponent),
        st.integers(0, 10**20),
        st.integers(-135, 130),
    ),
)
decimals = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent)),
    st.sampled_from([0, 1]),
    st.integers(0, 10**38 - 1),
    st.integers(-130, 88),
)
floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e125, max_value=1e125).filter(
    lambda value: value == 0 or abs(value) >= 1e-130
)
zones = st.one_of(
    st.just(UTC), st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
datetimes = st.datetimes(timezones=zones)
times = st.times(timezones=st.one_of(st.none(), zones))
#: Values of no declared type that read back as themselves.
plain = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        texts,
        ints,
        st.binary(max_size=10),
        st.sets(texts, min_size=1, max_size=3),
        st.sets(ints, min_size=1, max_size=3),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=10,
)
