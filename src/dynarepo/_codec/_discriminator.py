"""What tells the items of one model from those of others in the same table."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from dynarepo._codec._enums import LiteralNode
from dynarepo._codec._plan import ModelPlan
from dynarepo._codec._text import encode_name, encode_text
from dynarepo._item_text import StoredItem, glance_at, is_item, plain_item
from dynarepo._record import Record
from dynarepo._schema import TableSchema
from dynarepo._wire import AttributeValue
from dynarepo.exceptions import InvalidItemError, InvalidValueError, SchemaError, WrongModelError

__all__ = ["Discriminator", "discriminator_of"]

T = TypeVar("T", bound=BaseModel)


class Discriminator(Record, frozen=True):
    """
    An attribute and the texts in it by which items are recognised: one of a model, several of a union.

    Attributes:
        attribute: Its stored name.
        texts: What it holds.
        field: The field of the model that it is, `None` where it stands beside the fields.
    """

    attribute: str
    texts: tuple[str, ...]
    field: str | None = None

    def wires(self) -> tuple[AttributeValue, ...]:
        """Give the stored values."""
        return tuple({"S": text} for text in self.texts)

    def bind(self, plan: ModelPlan[Any], name: str) -> None:
        """Let a plan refuse items of other models; `name` is what is to be read."""
        plan.check = partial(self.check, name)
        plan.mark = self.attribute, self.texts[0]

    def marks(self, item: StoredItem) -> bool:
        """Tell whether an item is one of these."""
        return self.text(item) is not None

    def text(self, item: StoredItem) -> str | None:
        """Give the text by which an item is one of these; `None` where it is none."""
        wire = glance_at(self.attribute)(item).get(self.attribute)
        text = wire.get("S") if isinstance(wire, dict) and len(wire) == 1 else None
        return text if text in self.texts else None

    def check(self, name: str, item: StoredItem) -> None:
        """Refuse an item of another model; `name` is what was to be read."""
        if not is_item(item):
            raise InvalidItemError(f"{name}: the stored item is not a map of attributes")
        if not self.marks(item):
            problem = "names another model" if self.attribute in plain_item(item) else "is missing"
            raise WrongModelError(
                f"the stored item is no {name}: its discriminator {self.attribute!r} {problem}",
                fields=(self.attribute,),
            )


def discriminator_of(plan: ModelPlan[T], schema: TableSchema) -> Discriminator | None:
    """Read the declaration; `SchemaError` if it names what holds, or could hold, anything else."""
    declared = schema.discriminator
    if declared is None:
        return None
    name, text = (declared, None) if isinstance(declared, str) else declared
    if name in plan.fields:
        return _field(plan, name, text)
    where, text = plan.model.__name__, plan.model.__name__ if text is None else text
    if name in plan.model.model_fields:
        raise SchemaError(f"{where}.{name}: is excluded from what is stored, and can be no discriminator")
    if any(template.attribute == name for template in schema.templates()):
        raise SchemaError(
            f"{where}: attribute {name!r} is both the discriminator and a key template; rename one"
        )
    try:
        return Discriminator(encode_name(name), (encode_text(text),))
    except InvalidValueError as error:
        raise SchemaError(f"{where}: the discriminator {error.message}") from None


def _field(plan: ModelPlan[T], name: str, text: str | None) -> Discriminator:
    node = plan.fields[name].node
    wires = list(node.wires.values()) if isinstance(node, LiteralNode) else []
    if len(wires) != 1 or wires[0].keys() != {"S"} or text not in (None, wires[0]["S"]):
        wanted = "one text" if text is None else "its one text"
        raise SchemaError(
            f"{plan.model.__name__}.{name}: a discriminator is a field of Literal with {wanted}"
        )
    return Discriminator(plan.fields[name].attribute, (wires[0]["S"],), name)
