"""Key templates: `ORDER#{placed_at}#{number:08}` taken apart into literals and places for fields."""

from __future__ import annotations

import string
from functools import lru_cache
from typing import Final

from dynarepo._record import Record
from dynarepo.exceptions import SchemaError

__all__ = ["DEFAULT_NUMBER_WIDTH", "TemplatePart", "parse_template"]

#: Digits of a whole number in a key: enough for every 64-bit integer.
DEFAULT_NUMBER_WIDTH: Final = 20

_MAX_WIDTH: Final = 38


class TemplatePart(Record, frozen=True):
    """Literal text, followed by a field unless it is the end of the template."""

    literal: str
    field: str | None
    width: int = DEFAULT_NUMBER_WIDTH


@lru_cache(maxsize=1024)
def parse_template(attribute: str, template: str) -> tuple[TemplatePart, ...]:
    """Take a template apart; `SchemaError` names the attribute and what is wrong."""
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError:
        raise SchemaError(f"the key template of {attribute!r} has an unmatched brace") from None
    parts: list[TemplatePart] = []
    literal = ""
    for text, field, width, conversion in pieces:
        literal += text
        if field is None:
            continue
        if not field.isidentifier() or conversion is not None:
            raise SchemaError(f"the key template of {attribute!r} takes plain field names in its braces")
        parts.append(TemplatePart(literal, field, _width(attribute, width or "")))
        literal = ""
    if literal:
        parts.append(TemplatePart(literal, None))
    return tuple(parts)


def _width(attribute: str, text: str) -> int:
    if not text:
        return DEFAULT_NUMBER_WIDTH
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MAX_WIDTH):
        raise SchemaError(f"the key template of {attribute!r}: a width is a number from 1 to {_MAX_WIDTH}")
    return int(text)
