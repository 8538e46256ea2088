"""
Items as plain JSON and back, without a loss of value or type.

Text, numbers, booleans, null, lists and maps are those of JSON; a number has all its digits. What JSON has no
type for is an object of one member: `{"$B": "base64"}`, `{"$SS": [...]}`, `{"$NS": [...]}`, `{"$BS": [...]}`.
A map that would look like one of these stands in `{"$M": {...}}`.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final

from dynarepo._codec import decode_number, encode_number
from dynarepo._wire import AttributeValue, WireItem

__all__ = [
    "MalformedError",
    "content_of",
    "content_text",
    "item_of",
    "item_text",
    "value_of",
    "value_or_text",
    "value_text",
]

_TAGGED: Final = frozenset({"$B", "$SS", "$NS", "$BS", "$M"})
_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


class MalformedError(ValueError):
    """What was read is not of its format; the message holds no value."""


class _Number(str):
    """The text of a number, as JSON has it."""

    __slots__ = ()


def item_text(item: WireItem) -> str:
    """Write an item as one line of JSON."""
    return _object(item)


def item_of(text: str) -> WireItem:
    """
    Read an item from JSON.

    Raises:
        ValueError: It is none; the message holds no value.
    """
    parsed = _parsed(text)
    if not isinstance(parsed, dict) or not parsed:
        raise MalformedError("not a JSON object with at least one member")
    return {name: _decoded(value) for name, value in parsed.items()}


def value_text(value: AttributeValue) -> str:
    """Write one value as JSON."""
    ((tag, content),) = value.items()
    text = content_text(tag, content)
    if tag in {"B", "SS", "NS", "BS"} or (tag == "M" and len(content) == 1 and _TAGGED & content.keys()):
        return f'{{"${tag}":{text}}}'
    return text


def value_of(text: str) -> AttributeValue:
    """Read one value from JSON; `ValueError` if it is none."""
    return _decoded(_parsed(text))


def value_or_text(text: str) -> AttributeValue:
    """Read a value that is JSON as that value, and any other as text."""
    try:
        return value_of(text)
    except ValueError:
        return {"S": text}


def content_text(tag: str, content: Any) -> str:
    """Write what stands behind a type tag as JSON."""
    match tag:
        case "N":
            return _number_text(content)
        case "NULL":
            return "null"
        case "M":
            return _object(content)
        case "L":
            return f"[{','.join(map(value_text, content))}]"
        case "NS":
            return f"[{','.join(map(_number_text, content))}]"
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def content_of(tag: str, text: str) -> AttributeValue:
    """Read what stands behind a type tag from JSON; `ValueError` if it is not of that type."""
    value = _CONTENTS[tag](_parsed(text))
    if tag not in value:
        raise MalformedError(f"not of the type {tag}")
    return value


def _object(content: WireItem) -> str:
    members = (
        f"{json.dumps(name, ensure_ascii=False)}:{value_text(value)}" for name, value in content.items()
    )
    return f"{{{','.join(members)}}}"


def _number_text(text: str) -> str:
    return text if _JSON_NUMBER.fullmatch(text) else encode_number(decode_number(text))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise MalformedError(f"not JSON, from character {error.pos + 1} on") from None
    except RecursionError:
        raise MalformedError("nested deeper than DynamoDB stores") from None


def _refuse_constant(_: str) -> None:
    raise MalformedError("NaN and infinity cannot be stored")


def _decoded(parsed: Any) -> AttributeValue:  # noqa: PLR0911 - one for each type
    match parsed:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": parsed}
        case _Number():
            return {"N": _number(parsed)}
        case str():
            return {"S": _text(parsed)}
        case list():
            return {"L": [_decoded(each) for each in parsed]}
    if len(parsed) == 1:
        ((name, content),) = parsed.items()
        if name in _TAGGED:
            return _CONTENTS[name[1:]](content)
    return _map(parsed)


def _map(parsed: Any) -> AttributeValue:
    if not isinstance(parsed, dict):
        raise MalformedError("not a map")
    return {"M": {_text(name): _decoded(value) for name, value in parsed.items()}}


def _number(parsed: object) -> str:
    if not isinstance(parsed, _Number):
        raise MalformedError("not a number")
    try:
        decode_number(parsed)
    except ValueError:
        raise MalformedError("not a number that DynamoDB can store") from None
    return str(parsed)


def _text(parsed: object) -> str:
    if not isinstance(parsed, str) or isinstance(parsed, _Number):
        raise MalformedError("not text")
    try:
        parsed.encode()
    except UnicodeEncodeError:
        raise MalformedError("a lone surrogate, which is no text") from None
    return parsed


def _binary(parsed: object) -> str:
    text = _text(parsed)
    try:
        b64decode(text, validate=True)
    except ValueError:
        raise MalformedError("binary that is not base64") from None
    return text


def _set(tag: str, read: Callable[[object], str]) -> Callable[[object], AttributeValue]:
    def elements(parsed: object) -> AttributeValue:
        if not isinstance(parsed, list) or not parsed:
            raise MalformedError("a set is a list that is not empty")
        return {tag: [read(each) for each in parsed]}

    return elements


_CONTENTS: Final[Mapping[str, Callable[[Any], AttributeValue]]] = {
    "B": lambda parsed: {"B": _binary(parsed)},
    "BOOL": _decoded,
    "BS": _set("BS", _binary),
    "L": _decoded,
    "M": _map,
    "N": _decoded,
    "NS": _set("NS", _number),
    "NULL": _decoded,
    "S": _decoded,
    "SS": _set("SS", _text),
}
