"""
DynamoDB's numbers: 38 significant digits between 1E-130 and 9.99E+125, as exact decimal text.

Nothing passes through a binary float or a decimal context, so nothing is ever rounded. Text from
outside is checked for its length and exponent before a number is made of it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from dynarepo._limits import MAX_NUMBER_EXPONENT, MAX_SIGNIFICANT_DIGITS, MIN_NUMBER_EXPONENT
from dynarepo.exceptions import InvalidValueError

__all__ = [
    "decode_decimal",
    "decode_float",
    "decode_int",
    "decode_number",
    "encode_decimal",
    "encode_float",
    "encode_int",
    "encode_number",
    "is_short_number",
    "scale",
]

_SHORT_INT: Final = 10**MAX_SIGNIFICANT_DIGITS
_MAX_INT_BITS: Final = (10 ** (MAX_NUMBER_EXPONENT + 1)).bit_length()
#: The longest plain text: a sign, "0.", 129 zeros and 38 digits; some room for other writers' zeros.
_MAX_TEXT: Final = 256
#: Plain text of at most 38 digits, which needs no look at its range; and such text without zeros to drop.
is_short_number: Final = re.compile(r"-?\d{1,19}(?:\.\d{1,19})?", re.ASCII).fullmatch
_SHORT_CANONICAL: Final = re.compile(r"0|-?0\.\d{0,17}[1-9]|-?[1-9]\d{0,18}(?:\.\d{0,17}[1-9])?", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)


def encode_number(value: float | Decimal) -> str:
    """
    Give a number's canonical plain text, as DynamoDB returns it: `1.50` is `1.5`, `1E3` is `1000`.

    Raises:
        InvalidValueError: It is no number, not finite, out of range, or has more than 38 digits.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidValueError("is not a number")
    if isinstance(value, Decimal):
        return encode_decimal(value)
    return encode_int(value) if isinstance(value, int) else encode_float(value)


def encode_int(value: int) -> str:
    """Give the text of a whole number."""
    if -_SHORT_INT < value < _SHORT_INT:
        return int.__repr__(value)
    if value.bit_length() > _MAX_INT_BITS:
        raise _out_of_range()
    return encode_decimal(Decimal(value))


def encode_float(value: float) -> str:
    """Give the shortest decimal text that reads back as the same float."""
    text = float.__repr__(value)
    if "e" in text or "n" in text:
        return encode_decimal(Decimal(text))
    if text.endswith(".0"):
        return "0" if text == "-0.0" else text[:-2]
    return text


def encode_decimal(value: Decimal) -> str:
    """Give the text of a decimal."""
    if _SHORT_CANONICAL.fullmatch(plain := str(value)) is not None:
        return plain
    if not value.is_finite():
        raise InvalidValueError("NaN and infinity cannot be stored")
    digits, exponent = scale(value)
    if not digits:
        return "0"
    magnitude = _check_range(digits, exponent)
    if exponent >= 0:
        text = digits + "0" * exponent
    elif magnitude >= 0:
        text = f"{digits[: magnitude + 1]}.{digits[magnitude + 1 :]}"
    else:
        text = "0." + "0" * (-magnitude - 1) + digits
    return f"-{text}" if value.is_signed() else text


def decode_number(text: str) -> int | Decimal:
    """Read a stored number: an `int` if it is whole, else a `Decimal`; `ValueError` if it is malformed."""
    if _is_short_int(text):
        return int(text)
    number = decode_decimal(text)
    digits, exponent = scale(number)
    return int(number) if exponent >= 0 or not digits else number


def decode_float(text: str) -> float:
    """Read a stored number as the nearest float."""
    return float(decode_decimal(text))


def decode_int(text: str) -> int:
    """Read a whole number."""
    if _is_short_int(text):
        return int(text)
    number = decode_number(text)
    whole = int(number)
    if whole != number:
        raise ValueError("not a whole number")
    return whole


def decode_decimal(text: str) -> Decimal:
    """Read a stored number exactly."""
    if is_short_number(text) is not None:
        return Decimal(text) or Decimal(0)
    if len(text) > _MAX_TEXT or _NUMBER.fullmatch(text) is None:
        raise ValueError("not a number")
    number = Decimal(text)
    digits, exponent = scale(number)
    if not digits:
        return Decimal(0)
    try:
        _check_range(digits, exponent)
    except InvalidValueError:
        raise ValueError("not a number of DynamoDB") from None
    return number


def scale(value: Decimal) -> tuple[str, int]:
    """Take a finite decimal apart: its significant digits, none for zero, and their exponent."""
    _, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    return significant, int(exponent) + len(text) - len(significant)


def _check_range(digits: str, exponent: int) -> int:
    if len(digits) > MAX_SIGNIFICANT_DIGITS:
        raise InvalidValueError(f"has more than {MAX_SIGNIFICANT_DIGITS} significant digits")
    magnitude = exponent + len(digits) - 1
    if not MIN_NUMBER_EXPONENT <= magnitude <= MAX_NUMBER_EXPONENT:
        raise _out_of_range()
    return magnitude


def _out_of_range() -> InvalidValueError:
    return InvalidValueError("is out of DynamoDB's range of numbers, 1E-130 to 9.99E+125")


def _is_short_int(text: str) -> bool:
    digits = text[1:] if text[:1] == "-" else text
    return len(digits) <= MAX_SIGNIFICANT_DIGITS and digits.isdigit() and digits.isascii()
