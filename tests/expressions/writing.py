"""Conditions written without a model: every field exists and stores what it is given."""

from __future__ import annotations

from dynarepo._expressions import Condition, ExpressionWriter, Path
from dynarepo._wire import AttributeValue, Payload


class AnyField:
    """Knows every field, under its own name."""

    def stored_path(self, path: Path) -> Path:
        return path

    def operand(self, condition: Condition, path: Path, value: object) -> AttributeValue:
        return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}

    def check_fields(self, condition: Condition, path: Path, other: Path) -> None:
        pass


def written(condition: Condition) -> tuple[str, Payload]:
    """Give a condition's text, and the names and values that go with it."""
    writer = ExpressionWriter(AnyField())
    text = writer.condition(condition)
    return text, writer.into({})


def text_of(condition: Condition) -> str:
    """Give a condition's text with the names and values in place of their placeholders."""
    text, members = written(condition)
    names = members.get("ExpressionAttributeNames", {})
    values = members.get("ExpressionAttributeValues", {})
    shown = names | {placeholder: next(iter(value.values())) for placeholder, value in values.items()}
    for placeholder in sorted(shown, key=len, reverse=True):
        text = text.replace(placeholder, shown[placeholder])
    return text
