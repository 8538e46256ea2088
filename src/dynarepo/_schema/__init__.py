"""Tables, keys and indexes as declared."""

from dynarepo._schema._base_model import DynamoDBBaseModel
from dynarepo._schema._declaration import (
    GlobalIndex,
    Index,
    KeyPart,
    KeyTemplate,
    LocalIndex,
    Projection,
    TableSchema,
)
from dynarepo._schema._meta import read_schema
from dynarepo._schema._template import DEFAULT_NUMBER_WIDTH, TemplatePart

__all__ = [
    "DEFAULT_NUMBER_WIDTH",
    "DynamoDBBaseModel",
    "GlobalIndex",
    "Index",
    "KeyPart",
    "KeyTemplate",
    "LocalIndex",
    "Projection",
    "TableSchema",
    "TemplatePart",
    "read_schema",
]
