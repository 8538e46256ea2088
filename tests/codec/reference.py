"""What plans are compared with: the same plan without generated code, in each form an item comes in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel

from dynarepo._codec import ModelPlan
from dynarepo._codec._generated_code import give_up
from dynarepo._item_text import ItemText, StoredItem
from dynarepo._json import loads
from dynarepo.exceptions import DynamoDBServiceError

HOSTILE: Final = "\"'}]{0}\n raise SystemExit #"


def by_nodes(plan: ModelPlan[Any]) -> ModelPlan[Any]:
    """Give a plan that generates no code."""
    reference = ModelPlan(plan.model, plan.node)
    vars(reference).update(_reader=give_up, _writer=give_up)
    return reference


def forms_of(item: Any) -> list[StoredItem]:
    """Give an item as a dict and, where JSON can have it, as text."""
    try:
        text = json.dumps(item).encode()
        return [item, ItemText(text)] if loads(text) == item else [item]
    except (TypeError, ValueError):
        return [item]


def parts_of(value: Any) -> Any:
    """Give what an instance consists of beside its values, down to the last one inside."""
    match value:
        case BaseModel():
            inside = [(name, parts_of(held)) for name, held in vars(value).items()]
            return value.model_fields_set, value.model_extra, value.__pydantic_private__, inside
        case list() | tuple():
            return list(map(parts_of, value))
        case dict():
            return [(key, parts_of(held)) for key, held in value.items()]
    return type(value)


def outcome(call: Callable[[Any], object], value: object) -> tuple[Any, object]:
    """Give a result, or all that can be seen of an error."""
    try:
        return call(value), None
    except DynamoDBServiceError as error:
        return None, (type(error), str(error), vars(error))
    except Exception as error:  # noqa: BLE001 - such as a validator that fails in a way of its own
        return None, (type(error), str(error))
