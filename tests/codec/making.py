"""Models made for one test, bound to their declaration."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, create_model

from dynarepo._codec import Entity, bind
from dynarepo._schema import TableSchema

__all__ = ["entity", "model"]


def model(name: str, /, *, config: ConfigDict | None = None, **fields: Any) -> Entity[Any]:
    """Bind a model of text keys, unless fields say otherwise, whose discriminator is its name."""
    return entity(name, TableSchema("pk", "sk", discriminator="entity"), config=config, **fields)


def entity(
    name: str, schema: TableSchema, /, *, config: ConfigDict | None = None, **fields: Any
) -> Entity[Any]:
    """Bind a model to a schema; a field is a type, or a type with a default."""
    declared: dict[str, Any] = {"pk": str, "sk": str} | fields
    definitions: Any = {
        field: kind if isinstance(kind, tuple) else (kind, ...) for field, kind in declared.items()
    }
    return bind(create_model(name, __config__=config, **definitions), schema)
