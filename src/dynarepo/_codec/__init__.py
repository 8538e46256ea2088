"""Python values and models to DynamoDB's attribute values and back."""

from dynarepo._codec._dynamic import decode_dynamic, encode_dynamic
from dynarepo._codec._nodes import DecodeError, Node
from dynarepo._codec._numbers import decode_number, encode_number
from dynarepo._codec._paths import Path
from dynarepo._codec._plan import FieldPlan, ModelPlan, compile_model
from dynarepo._codec._sizes import item_size
from dynarepo._codec._text import encode_text

__all__ = [
    "DecodeError",
    "FieldPlan",
    "ModelPlan",
    "Node",
    "Path",
    "compile_model",
    "decode_dynamic",
    "decode_number",
    "encode_dynamic",
    "encode_number",
    "encode_text",
    "item_size",
]
