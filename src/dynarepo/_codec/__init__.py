"""Python values and models to DynamoDB's attribute values and back."""

from dynarepo._codec._changes import Changes, encode_changes
from dynarepo._codec._dynamic import decode_dynamic, encode_dynamic
from dynarepo._codec._entity import Entity, IndexKeys, TableKeys, bind, key_of
from dynarepo._codec._kept import version_of
from dynarepo._codec._keys import KeyAttribute, encode_any_number, encode_plain_key, is_number
from dynarepo._codec._nodes import DecodeError, Node
from dynarepo._codec._numbers import decode_number, encode_number
from dynarepo._codec._operands import ModelResolver
from dynarepo._codec._paths import Path
from dynarepo._codec._plan import FieldPlan, ModelPlan, compile_model
from dynarepo._codec._sizes import item_size
from dynarepo._codec._text import encode_text

__all__ = [
    "Changes",
    "DecodeError",
    "Entity",
    "FieldPlan",
    "IndexKeys",
    "KeyAttribute",
    "ModelPlan",
    "ModelResolver",
    "Node",
    "Path",
    "TableKeys",
    "bind",
    "compile_model",
    "decode_dynamic",
    "decode_number",
    "encode_any_number",
    "encode_changes",
    "encode_dynamic",
    "encode_number",
    "encode_plain_key",
    "encode_text",
    "is_number",
    "item_size",
    "key_of",
    "version_of",
]
