"""Models by their path, `package.module:Model`, and command line text as values of their fields."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from traceback import walk_tb
from typing import Any, Final, Union

from pydantic import BaseModel, TypeAdapter, ValidationError

from dynarepo._codec import bind, decode_dynamic
from dynarepo._expressions import Path as FieldPath
from dynarepo._expressions import show_path
from dynarepo._schema import KeyPart, KeyTemplate
from dynarepo.cli._declared import types_inside
from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._plain_json import value_or_text
from dynarepo.exceptions import InvalidRequestError

__all__ = ["field_value", "key_value", "load_model", "load_models"]

_UNDECLARED: Final = (Any, object)


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
        raised = f"{type(error).__name__}{_place(error, module_name)}"
        raise CommandError(f"{path}: importing the module raises {raised}", Exit.USAGE) from None
    model = getattr(module, name, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise CommandError(f"{path}: the module has no Pydantic model of this name", Exit.USAGE)
    bind(model)
    return model


def key_value(model: type[BaseModel], part: KeyPart, text: str) -> object:
    """Read a key value: finished text or a JSON object for a template, text of the field's type otherwise."""
    if not isinstance(part, KeyTemplate):
        return field_value(model, (part,), text)
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


def field_value(model: type[BaseModel], path: FieldPath, text: str, *, element: bool = False) -> object:
    """
    Read text as a value of a field, of an element of it for `element`; as without a model if undeclared.

    Raises:
        CommandError: The model has no such field, or the text is no value of it.
    """
    try:
        bind(model).resolve(path)
    except InvalidRequestError as error:
        known = ", ".join(model.model_fields)
        raise CommandError(f"{error.message}; {model.__name__} has {known}", Exit.USAGE) from None
    declared: list[Any] = [model]
    for step in path:
        declared = _inside(declared, step)
    if element:
        declared = _inside(declared, 0) or declared
    if not declared or any(each in _UNDECLARED for each in declared):
        return decode_dynamic(value_or_text(text))
    return _of_type(
        Union[tuple(declared)],  # noqa: UP007 - known at run time
        show_path(path),
        text,
    )


def _inside(declared: list[Any], step: str | int) -> list[Any]:
    return [inner for each in declared for inner in types_inside(each, step)]


def _of_type(annotation: Any, name: str, given: object) -> object:
    try:
        return TypeAdapter(annotation).validate_strings(str(given))
    except ValidationError:
        raise CommandError(f"{name}: that is no value of this field", Exit.USAGE) from None


def _place(error: Exception, module_name: str) -> str:
    """Tell the last line of the model's own package that was run, or the one that cannot be."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" in {error.filename}, line {error.lineno}"
    package, _, _ = module_name.partition(".")
    lines = [
        f" in {frame.f_code.co_filename}, line {line}"
        for frame, line in walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package
    ]
    return lines[-1] if lines else ""
