"""Models by their path, `package.module:Model`, and command line text as values of their fields."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from dynarepo._codec import bind
from dynarepo._schema import KeyPart, KeyTemplate
from dynarepo.cli._exits import CommandError, Exit

__all__ = ["field_value", "key_value", "load_model", "load_models"]


def load_models(paths: tuple[str, ...]) -> list[type[BaseModel]]:
    """Import models by their paths."""
    return [load_model(path) for path in paths]


def load_model(path: str) -> type[BaseModel]:
    """
    Import a model; modules of the working directory are found as well.

    Raises:
        CommandError: There is no such module or model, or importing it fails.
        SchemaError: It declares no table, or a wrong one.
    """
    module_name, _, name = path.partition(":")
    if not module_name or not name:
        raise CommandError("a model is given as package.module:Model", Exit.USAGE)
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise CommandError(f"{path}: there is no module {error.name}", Exit.USAGE) from None
    except Exception as error:  # noqa: BLE001 - a model's module may raise anything
        raise CommandError(
            f"{path}: importing the module raises {type(error).__name__}", Exit.USAGE
        ) from None
    model = getattr(module, name, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise CommandError(f"{path}: the module has no Pydantic model of this name", Exit.USAGE)
    bind(model)
    return model


def key_value(model: type[BaseModel], part: KeyPart, text: str) -> object:
    """Read a key value: finished text or a JSON object for a template, text of the field's type otherwise."""
    if not isinstance(part, KeyTemplate):
        return field_value(model, part, text)
    if not text.startswith("{"):
        return text
    try:
        fields = json.loads(text)
    except ValueError:
        raise CommandError(f"the fields of {part.attribute} are a JSON object", Exit.USAGE) from None
    return {
        name: _of_type(model.model_fields[name].annotation, name, value)
        if name in model.model_fields
        else value
        for name, value in fields.items()
    }


def field_value(model: type[BaseModel], name: str, text: str, *, element: bool = False) -> object:
    """
    Read text as a value of a field, of an element of it for `element`.

    Raises:
        CommandError: The model has no such field, or the text is no value of it.
    """
    if name not in model.model_fields:
        known = ", ".join(model.model_fields)
        raise CommandError(f"{model.__name__} has no field {name}; it has {known}", Exit.USAGE)
    annotation: Any = model.model_fields[name].annotation
    if element and get_origin(annotation) in {list, set, frozenset, tuple}:
        annotation = get_args(annotation)[0]
    return _of_type(annotation, name, text)


def _of_type(annotation: Any, name: str, given: object) -> object:
    try:
        return TypeAdapter(annotation).validate_strings(str(given))
    except ValidationError:
        raise CommandError(f"{name}: that is no value of this field", Exit.USAGE) from None
