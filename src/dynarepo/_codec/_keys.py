"""
Key attributes: how the value of a key is made, from a caller's argument and from an item's fields.

Two kinds share one shape: a key that is a field of the model, and one that a template makes from several
fields. Sizes are checked in UTF-8 bytes, as the service counts them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, Literal, Protocol, TypeAlias, TypeGuard

from dynarepo._codec._dynamic import encode_dynamic
from dynarepo._codec._numbers import encode_number
from dynarepo._codec._paths import Path, show
from dynarepo._codec._plan import FieldPlan, Node
from dynarepo._codec._scalars import ScalarNode
from dynarepo._codec._text import encode_text
from dynarepo._record import Record
from dynarepo._schema import DEFAULT_NUMBER_WIDTH, KeyTemplate, TemplatePart
from dynarepo._wire import AttributeValue, WireItem
from dynarepo.exceptions import InvalidKeyError, InvalidValueError, SchemaError

__all__ = [
    "FieldKey",
    "KeyAttribute",
    "KeyTag",
    "TemplateKey",
    "check_key_value",
    "encode_any_number",
    "encode_comparable",
    "encode_plain_key",
    "field_key",
    "is_number",
    "template_key",
]

KeyTag: TypeAlias = Literal["S", "N", "B"]

_TAGS: Final[dict[str, KeyTag]] = {"S": "S", "N": "N", "B": "B"}


class KeyAttribute(Protocol):
    """One attribute of the key of a table or an index."""

    @property
    def attribute(self) -> str:
        """Its stored name."""
        ...

    @property
    def tag(self) -> KeyTag:
        """Its DynamoDB type."""
        ...

    @property
    def max_bytes(self) -> int:
        """How many bytes DynamoDB takes."""
        ...

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the model it is made from."""
        ...

    @property
    def is_rendered(self) -> bool:
        """Whether a template makes it."""
        ...

    def encode(self, value: object) -> AttributeValue:
        """Encode a caller's value; `InvalidKeyError` names the field."""
        ...

    def encode_prefix(self, value: object) -> AttributeValue:
        """Encode the beginning of a key, for `begins_with`."""
        ...

    def of(self, item: WireItem) -> AttributeValue | None:
        """Give the key value of an encoded item, or `None` where a part of it is missing."""
        ...

    def known(self, value: object) -> WireItem:
        """Give the fields that a caller's value tells, by their stored names."""
        ...


class FieldKey(Record, frozen=True):
    """
    A key attribute that is a field of the model.

    Attributes:
        field: The field.
        attribute: Its stored name.
        tag: Its DynamoDB type.
        max_bytes: How many bytes DynamoDB takes.
        is_text: Whether it takes any text, and stores it as it is.
    """

    field: FieldPlan
    attribute: str
    tag: KeyTag
    max_bytes: int
    is_text: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The one field."""
        return (self.field.name,)

    @property
    def is_rendered(self) -> bool:
        """It is stored as it is."""
        return False

    def encode(self, value: object) -> AttributeValue:
        """Encode a value of the field's own type."""
        # What nearly every key is, recognised without the calls that find out about all others.
        if self.is_text and type(value) is str and 0 < len(value) <= self.max_bytes and value.isascii():
            return {"S": value}
        return check_key_value(self.field.name, _encode_field(self.field, value), self.max_bytes)

    def encode_prefix(self, value: object) -> AttributeValue:
        """Encode the beginning of a text or binary key."""
        prefix = _encode_prefix(self.field.name, self.tag, value)
        return check_key_value(self.field.name, prefix, self.max_bytes)

    def of(self, item: WireItem) -> AttributeValue | None:
        """Give the field's value."""
        value = item.get(self.attribute)
        if value is None or (self.is_text and 0 < len(value["S"]) <= self.max_bytes and value["S"].isascii()):
            return value
        return check_key_value(self.field.name, value, self.max_bytes)

    def known(self, value: object) -> WireItem:
        """Give the field itself."""
        return {self.attribute: self.encode(value)}


class TemplateKey(Record, frozen=True):
    """A key attribute that a template makes from fields."""

    attribute: str
    parts: tuple[TemplatePart, ...]
    plans: Mapping[str, FieldPlan]
    max_bytes: int
    tag: KeyTag = "S"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the template, in order."""
        return tuple(self.plans)

    @property
    def is_rendered(self) -> bool:
        """It is made from fields."""
        return True

    def encode(self, value: object) -> AttributeValue:
        """Encode the finished text, or a mapping of the template's fields."""
        if isinstance(value, Mapping):
            given = self._given(value)
            missing = [name for name in self.plans if name not in given]
            if missing:
                raise InvalidKeyError(f"{self.attribute}: the key template also needs {', '.join(missing)}")
            return self._checked(self._render(given))
        return self._checked(_key_text(self.attribute, value))

    def encode_prefix(self, value: object) -> AttributeValue:
        """Encode the beginning of the text, or a mapping of the template's first fields."""
        if not isinstance(value, Mapping):
            return self._checked(_key_text(self.attribute, value))
        given = self._given(value)
        leading = list(self.plans)[: len(given)]
        if set(given) != set(leading):
            raise InvalidKeyError(f"{self.attribute}: a prefix takes the first fields of the key template")
        return self._checked(self._render(given))

    def of(self, item: WireItem) -> AttributeValue | None:
        """Render the template from an encoded item; `None` where a field has no value."""
        values: dict[str, AttributeValue] = {}
        for name, plan in self.plans.items():
            value = item.get(plan.attribute)
            if value is None or "NULL" in value:
                return None
            values[name] = value
        return self._checked(self._render(values))

    def known(self, value: object) -> WireItem:
        """Give the fields of a mapping, or those that finished text is made from."""
        if not isinstance(value, Mapping):
            return self._taken_apart(_key_text(self.attribute, value))
        return {self.plans[name].attribute: wire for name, wire in self._given(value).items()}

    def _taken_apart(self, rest: str) -> WireItem:
        """Undo the rendering; nothing comes of a text that the template cannot have made."""
        told: WireItem = {}
        for part, following in self._places():
            if not rest.startswith(part.literal):
                return {}
            rest = rest.removeprefix(part.literal)
            if part.field is None:
                continue
            plan = self.plans[part.field]
            (tag,) = plan.node.tags - {"NULL"}
            end = part.width if tag == "N" else rest.find(following) if following else len(rest)
            found = _part_value(tag, rest[: max(end, 0)])
            if end < 0 or found is None or told.setdefault(plan.attribute, found) != found:
                return {}
            rest = rest[end:]
        return {} if rest else told

    def _given(self, values: Mapping[object, object]) -> dict[str, AttributeValue]:
        unknown = [name for name in values if name not in self.plans]
        if unknown:
            raise InvalidKeyError(f"{self.attribute}: the key template has only {', '.join(self.plans)}")
        return {name: _encode_field(self.plans[name], value) for name, value in values.items()}  # type: ignore[index, misc]

    def _render(self, values: Mapping[str, AttributeValue]) -> str:
        text = ""
        for part, following in self._places():
            text += part.literal
            if part.field is None or part.field not in values:
                break
            text += _part_text(part, values[part.field], following)
        return text

    def _places(self) -> Iterator[tuple[TemplatePart, str]]:
        following = [part.literal for part in self.parts[1:]] + [""]
        return zip(self.parts, following, strict=True)

    def _checked(self, text: str) -> AttributeValue:
        return check_key_value(self.attribute, {"S": text}, self.max_bytes)


def field_key(plan: FieldPlan, max_bytes: int) -> FieldKey:
    """Make a key attribute of a field that was compiled as a key, and so has one of the three types."""
    (tag,) = plan.node.tags - {"NULL"}
    node = plan.node
    is_text = isinstance(node, ScalarNode) and node.kind is str and node.write is encode_text
    return FieldKey(plan, plan.attribute, _TAGS[tag], max_bytes, is_text)


def template_key(
    where: str, template: KeyTemplate, plans: Mapping[str, FieldPlan], max_bytes: int
) -> TemplateKey:
    """Make a key attribute of a template; `SchemaError` if its keys would sort wrongly or be ambiguous."""
    used: dict[str, FieldPlan] = {}
    for name in template.fields:
        if name not in plans:
            raise SchemaError(
                f"{where}: the key template of {template.attribute!r} names an unknown field {name!r}"
            )
        used[name] = plans[name]
        _check_sortable(f"{where}: the key template of {template.attribute!r}", plans[name])
    for part, following in zip(template.parts, template.parts[1:], strict=False):
        is_open = part.field is not None and not _is_number(used[part.field])
        if is_open and following.literal == "":
            raise SchemaError(
                f"{where}: the key template of {template.attribute!r} needs literal text between its fields"
            )
    for part in template.parts:
        if part.field is not None and part.width != DEFAULT_NUMBER_WIDTH and not _is_number(used[part.field]):
            raise SchemaError(
                f"{where}: the key template of {template.attribute!r} gives a width to {part.field!r}, "
                "which is no number"
            )
    return TemplateKey(template.attribute, template.parts, used, max_bytes)


def check_key_value(label: str, value: AttributeValue, max_bytes: int) -> AttributeValue:
    """Refuse a key value that is empty or too long in bytes."""
    ((tag, content),) = value.items()
    if tag == "S":
        size = len(content) if content.isascii() else len(content.encode())
    elif tag == "N":
        return value
    elif tag == "B":
        size = len(b64decode(content))
    else:
        raise InvalidKeyError(f"{label}: a key is text, a number or binary, and not {tag}")
    if size == 0:
        raise InvalidKeyError(f"{label}: a key must not be empty")
    if size > max_bytes:
        raise InvalidKeyError(f"{label}: the key has {size} bytes, DynamoDB takes {max_bytes}")
    return value


def encode_comparable(node: Node, value: object, path: Path) -> AttributeValue:
    """
    Encode a value to compare with what a field stores.

    A number field takes any number: 1000, 1E3 and 1000.0 are one to DynamoDB, whatever the
    field's Python type.
    """
    if "N" in node.tags and is_number(value):
        return encode_any_number(value, path)
    return node.encode(value, path)


def encode_plain_key(key: KeyAttribute, value: object) -> AttributeValue:
    """Encode a key value that is given as it is stored: text, a number or bytes."""
    path = (key.attribute,)
    try:
        wire = encode_any_number(value, path) if is_number(value) else encode_dynamic(value, path)
    except InvalidValueError as error:
        raise InvalidKeyError(error.message) from None
    if key.tag in wire:
        return wire
    raise InvalidKeyError(f"{key.attribute}: the key value is of the wrong type")


def is_number(value: object) -> TypeGuard[int | float | Decimal]:
    """Tell whether DynamoDB would call a value a number."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def encode_any_number(value: float | Decimal, path: Path) -> AttributeValue:
    """Encode a number whatever its Python type."""
    try:
        return {"N": encode_number(value)}
    except InvalidValueError as error:
        raise InvalidValueError(error.message, path=show(path)) from None


def _encode_field(plan: FieldPlan, value: object) -> AttributeValue:
    if value is None:
        raise InvalidKeyError(f"{plan.name}: the key value is missing")
    try:
        return encode_comparable(plan.node, value, (plan.name,))
    except InvalidValueError as error:
        raise InvalidKeyError(error.message) from None


def _encode_prefix(label: str, tag: KeyTag, value: object) -> AttributeValue:
    if tag == "S" and isinstance(value, str):
        return {"S": _key_text(label, value)}
    if tag == "B" and isinstance(value, bytes):
        return {"B": b64encode(value).decode("ascii")}
    raise InvalidKeyError(f"{label}: begins_with takes text for a text key and bytes for a binary key")


def _key_text(label: str, value: object) -> str:
    if value is None:
        raise InvalidKeyError(f"{label}: the key value is missing")
    if not isinstance(value, str):
        raise InvalidKeyError(f"{label}: takes the key's text, or a dict of the key template's fields")
    try:
        return encode_text(value)
    except InvalidValueError as error:
        raise InvalidKeyError(f"{label}: {error.message}") from None


def _part_text(part: TemplatePart, value: AttributeValue, following: str) -> str:
    tag, content = next(iter(value.items()))
    if tag == "N":
        digits = str(content)
        if not digits.isdigit() or len(digits) > part.width:
            raise InvalidKeyError(
                f"{part.field}: a number in a key template is whole, not negative, "
                f"and has at most {part.width} digits"
            )
        return digits.zfill(part.width)
    text = str(content).lower() if tag == "BOOL" else str(content)
    if following and (text + following).find(following) != len(text):
        raise InvalidKeyError(f"{part.field}: holds the text that separates it from the rest of the key")
    return text


def _part_value(tag: str, text: str) -> AttributeValue | None:
    if tag == "S":
        return {"S": text}
    if tag == "N":
        return {"N": str(int(text))} if text.isascii() and text.isdigit() else None
    return {"BOOL": text == "true"} if text in {"true", "false"} else None


def _is_number(plan: FieldPlan) -> bool:
    return plan.node.tags - {"NULL"} == {"N"}


def _check_sortable(where: str, plan: FieldPlan) -> None:
    tags = plan.node.tags - {"NULL"}
    if not tags <= {"S", "N", "BOOL"} or len(tags) != 1:
        raise SchemaError(f"{where}: field {plan.name!r} cannot stand in a key")
    if _is_number(plan) and (_takes(plan, 0.5) or _takes(plan, Decimal("0.5"))):
        raise SchemaError(f"{where}: field {plan.name!r} has fractions, which do not sort as text")


def _takes(plan: FieldPlan, value: object) -> bool:
    try:
        plan.node.encode(value, (plan.name,))
    except InvalidValueError:
        return False
    return True
