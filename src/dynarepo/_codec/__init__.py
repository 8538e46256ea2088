"""Python values and models to DynamoDB's attribute values and back."""

from dynarepo._codec._changes import Changes, IncompleteIndexKeyError, KnownFields, encode_changes
from dynarepo._codec._discriminator import Discriminator
from dynarepo._codec._dynamic import decode_dynamic, encode_dynamic
from dynarepo._codec._entity import Entity, bind
from dynarepo._codec._entity_union import EntityUnion, unite
from dynarepo._codec._kept import version_of
from dynarepo._codec._keys import KeyAttribute, encode_any_number, encode_plain_key, is_number
from dynarepo._codec._nodes import DecodeError, Node
from dynarepo._codec._numbers import decode_number, encode_number
from dynarepo._codec._operands import ModelResolver
from dynarepo._codec._paths import Path
from dynarepo._codec._plain_items import (
    check_attribute_name,
    decode_item,
    encode_item,
    encode_item_key,
    encode_operand,
)
from dynarepo._codec._plain_table import PlainTable
from dynarepo._codec._plan import FieldPlan, ModelPlan, compile_model
from dynarepo._codec._sizes import item_size
from dynarepo._codec._source import ItemReader, Source
from dynarepo._codec._table_keys import Identity, IndexKeys, TableKeys, key_of
from dynarepo._codec._text import encode_text

__all__ = [
    "Changes",
    "DecodeError",
    "Discriminator",
    "Entity",
    "EntityUnion",
    "FieldPlan",
    "Identity",
    "IncompleteIndexKeyError",
    "IndexKeys",
    "ItemReader",
    "KeyAttribute",
    "KnownFields",
    "ModelPlan",
    "ModelResolver",
    "Node",
    "Path",
    "PlainTable",
    "Source",
    "TableKeys",
    "bind",
    "check_attribute_name",
    "compile_model",
    "decode_dynamic",
    "decode_item",
    "decode_number",
    "encode_any_number",
    "encode_changes",
    "encode_dynamic",
    "encode_item",
    "encode_item_key",
    "encode_number",
    "encode_operand",
    "encode_plain_key",
    "encode_text",
    "is_number",
    "item_size",
    "key_of",
    "unite",
    "version_of",
]
