"""
How many bytes an item counts, by the rules DynamoDB documents.

Source: "DynamoDB item sizes and formats" of AWS's developer guide. Numbers are approximate there, too.
"""

from __future__ import annotations

from typing import Any

from dynarepo._wire import AttributeValue, WireItem

__all__ = ["item_size"]


def item_size(item: WireItem) -> int:
    """Estimate the size of an encoded item, names included."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: AttributeValue) -> int:
    ((tag, content),) = value.items()
    if tag == "M":
        return 3 + len(content) + item_size(content)
    if tag == "L":
        return 3 + sum(1 + _value_size(element) for element in content)
    if tag in {"SS", "NS", "BS"}:
        return sum(_scalar_size(tag[0], element) for element in content)
    return _scalar_size(tag, content)


def _scalar_size(tag: str, content: Any) -> int:
    if tag == "S":
        return len(str(content).encode())
    if tag == "N":
        digits = str(content).replace(".", "").strip("-0")
        return 1 + (len(digits) + 1) // 2 + str(content).startswith("-")
    if tag == "B":
        return len(content) // 4 * 3 - str(content).count("=", -2)
    return 1
