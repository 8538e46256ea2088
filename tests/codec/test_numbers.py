"""Numbers as text: exact, canonical, and safe to read from anyone."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings

from dynarepo._codec import decode_number, encode_number
from dynarepo._codec._numbers import decode_decimal, decode_int
from dynarepo.exceptions import InvalidValueError
from tests.codec import strategies


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-7, "-7"),
        (10**38, "1" + "0" * 38),
        (10**125, "1" + "0" * 125),
        (2**53 + 1, "9007199254740993"),
        (0.1, "0.1"),
        (1.0, "1"),
        (-0.0, "0"),
        (1e22, "1" + "0" * 22),
        (1e-7, "0.0000001"),
        (1 / 3, "0.3333333333333333"),
        (Decimal("1.50"), "1.5"),
        (Decimal("1E3"), "1000"),
        (Decimal("-0"), "0"),
        (Decimal("-12.340"), "-12.34"),
        (Decimal("0.00"), "0"),
        (Decimal("1E-130"), "0." + "0" * 129 + "1"),
        (Decimal("9." + "9" * 37 + "E125"), "9" * 38 + "0" * 88),
    ],
)
def test_numbers_have_one_plain_text(value: float | Decimal, text: str) -> None:
    assert encode_number(value) == text
    assert type(value)(decode_number(text)) == value


@pytest.mark.parametrize(
    "value",
    [
        10**126,
        -(10**126),
        10**5000,
        int("9" * 39),
        Decimal("1E126"),
        Decimal("1E-131"),
        Decimal("1." + "1" * 38),
        Decimal("NaN"),
        Decimal("-Infinity"),
        Decimal("1E999999"),
        float("nan"),
        float("inf"),
        5e-324,
        1.7976931348623157e308,
        True,
    ],
    ids=lambda value: type(value).__name__,
)
def test_numbers_outside_the_service_are_refused_rn23_rn24(value: float | Decimal) -> None:
    with pytest.raises(InvalidValueError):
        encode_number(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        " 1",
        "1_0",
        "NaN",
        "Infinity",
        "0x10",
        "\u0661",
        "1E999999999",
        "1E9999",
        "1e126",
        "1e-131",
        "1" * 39,
        "9" * 1_000_000,
        "0." + "0" * 300 + "1",
    ],
    ids=lambda text: text[:12],
)
def test_text_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        decode_number(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1", int), ("1.", int), ("+1", int), ("1.0", int), ("1E2", int), ("0.5", Decimal), ("-0", int)],
)
def test_whole_numbers_are_ints(text: str, kind: type) -> None:
    assert type(decode_number(text)) is kind


def test_a_fraction_is_no_int() -> None:
    with pytest.raises(ValueError, match="whole"):
        decode_int("1.5")


@given(strategies.any_ints)
@settings(max_examples=200, deadline=None)
def test_ints_come_back_or_are_refused(value: int) -> None:
    try:
        text = encode_number(value)
    except InvalidValueError:
        assert abs(value) >= 10**126 or len(str(abs(value)).rstrip("0")) > 38
    else:
        assert decode_int(text) == value


@given(strategies.any_decimals)
@settings(max_examples=200, deadline=None)
def test_decimals_come_back_or_are_refused(value: Decimal) -> None:
    try:
        text = encode_number(value)
    except InvalidValueError:
        return
    assert decode_decimal(text) == value
    assert "E" not in text


@given(strategies.decimals)
@settings(max_examples=200, deadline=None)
def test_the_decimal_context_of_the_caller_changes_nothing(value: Decimal) -> None:
    expected = encode_number(value)
    with localcontext() as context:
        context.prec = 3
        assert encode_number(value) == expected
        assert decode_decimal(expected).compare(value) == 0


@given(strategies.floats)
@settings(max_examples=200, deadline=None)
def test_floats_travel_as_their_shortest_text(value: float) -> None:
    text = encode_number(value)
    assert float(text) == value
    assert len(text.strip("-0.").replace(".", "").strip("0")) <= 17
