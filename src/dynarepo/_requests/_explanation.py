"""A request, laid open for a person: what would be sent, without the values unless they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from dynarepo._codec import decode_dynamic
from dynarepo._item_text import plain_payload
from dynarepo._request import Request
from dynarepo._wire import AttributeValue, Payload, WireItem

__all__ = ["Explanation"]

_PLACEHOLDER: Final = re.compile(r"[#:]\w+")
_HIDDEN: Final = "…"

#: Which item, what of it is read or written, and on what condition; all else comes behind.
_FIRST: Final = (
    "Key",
    "Keys",
    "Item",
    "KeyConditionExpression",
    "FilterExpression",
    "UpdateExpression",
    "ConditionExpression",
    "ProjectionExpression",
)
_ITEMS: Final = frozenset({"Key", "Item", "ExclusiveStartKey"})
#: Said already, or the same in every request.
_LEFT_OUT: Final = frozenset(
    {
        "ClientRequestToken",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "IndexName",
        "ReturnConsumedCapacity",
        "ReturnValues",
        "ReturnValuesOnConditionCheckFailure",
        "TableName",
    }
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    What a call would send first.

    `str()` of it is for reading; `show(values=True)` has the values, which may be personal data.

    Attributes:
        operation: DynamoDB's name of the operation, such as `Query`.
        table_name: The table; `None` for a transaction over several.
        index: The index that is read, if any.
        names: The attribute name behind each placeholder such as `#n0`; empty where several operations
            of a transaction have names of their own, which stand in the payload.
        payload: The whole request, in DynamoDB's JSON, with all values.
    """

    operation: str
    table_name: str | None
    index: str | None
    names: Mapping[str, str]
    payload: Payload = field(repr=False)

    @classmethod
    def of(cls, request: Request) -> Explanation:
        """Explain a request."""
        payload = plain_payload(request.payload)
        bodies = [body for _, body in _parts(payload)]
        names = _names(bodies[0]) if len(bodies) == 1 else {}
        return cls(request.operation, request.table_name, payload.get("IndexName"), names, payload)

    def show(self, *, values: bool = False) -> str:
        """
        Give the request as text.

        Args:
            values: Show the values, which are hidden otherwise.
        """
        table = f" on {self.table_name}" if self.table_name else ""
        index = f" by index {self.index}" if self.index else ""
        lines = [f"{self.operation}{table}{index}"]
        parts = (
            (self._title(kind, body), _lines(body, values=values)) for kind, body in _parts(self.payload)
        )
        for (title, shown), alike in groupby(parts):
            if title:
                lines.append(f"  {title}{_times(alike)}")
            lines += [f"    {line}" if title else f"  {line}" for line in shown]
        return "\n".join(lines)

    def _title(self, kind: str, body: Payload) -> str:
        return kind if self.table_name or not kind else f"{kind} on {body['TableName']}"

    def __str__(self) -> str:
        return self.show()


def _parts(payload: Payload) -> list[tuple[str, Payload]]:
    """Give the parts of a request that have members of their own; a request of one part has no title."""
    if "TransactItems" in payload:
        return [part for entry in payload["TransactItems"] for part in entry.items()]
    if "RequestItems" not in payload:
        return [("", payload)]
    (wanted,) = payload["RequestItems"].values()
    if not isinstance(wanted, list):
        return [("", wanted)]
    return [(kind.removesuffix("Request"), body) for entry in wanted for kind, body in entry.items()]


def _names(body: Payload) -> dict[str, str]:
    names: dict[str, str] = body.get("ExpressionAttributeNames", {})
    return names


def _lines(body: Payload, *, values: bool) -> list[str]:
    """Describe the members of one part, the same for whatever differs in hidden values only."""
    names, operands = _names(body), body.get("ExpressionAttributeValues", {})

    def behind(match: re.Match[str]) -> str:
        placeholder = match.group()
        if placeholder in operands:
            return _value(operands[placeholder], values=values)
        return _name(names[placeholder])

    def described(name: str) -> str:
        if name.endswith("Expression"):
            return _PLACEHOLDER.sub(behind, body[name])
        return _plain(name, body[name], values=values)

    return [f"{name}: {described(name)}" for name in _ordered(body)]


def _ordered(body: Payload) -> Iterator[str]:
    yield from (name for name in _FIRST if name in body)
    yield from (name for name in body if name not in _FIRST and name not in _LEFT_OUT)


def _plain(name: str, content: Any, *, values: bool) -> str:
    if name in _ITEMS:
        return _item(content, values=values)
    if name == "Keys":
        keys = groupby(_item(key, values=values) for key in content)
        return ", ".join(f"{key}{_times(alike)}" for key, alike in keys)
    return str(content)


def _item(item: WireItem, *, values: bool) -> str:
    return f"{{{', '.join(f'{_name(name)}={_value(wire, values=values)}' for name, wire in item.items())}}}"


def _name(name: str) -> str:
    """Show a name, quoted where it could be read as more than a name."""
    return name if re.fullmatch(r"\w+", name) else repr(name)


def _value(wire: AttributeValue, *, values: bool) -> str:
    return repr(decode_dynamic(wire)) if values else _HIDDEN


def _times(alike: Iterable[object]) -> str:
    number = sum(1 for _ in alike)
    return "" if number == 1 else f", {number} times"
