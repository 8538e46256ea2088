"""
Random conditions over attributes of any type, and what DynamoDB makes of them, said again in Python.

The oracle's rules: a missing attribute is unequal to everything, another missing one included, and in no
order with anything; values of two types are unequal and in no order; a function of a missing attribute, or
of one whose type it does not suit, is false, and its size is missing, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from dynarepo import attr

__all__ = ["FIELDS", "Item", "Tree", "holds", "items", "render", "trees"]

#: A condition as plain data: an operator, a field where there is one, and operands.
Tree: TypeAlias = tuple[Any, ...]
Item: TypeAlias = Mapping[str, Any]

FIELDS: Final = ("a", "b", "m.c", "m.d")

# Those beyond ASCII have more than two characters, however the backend counts them.
_texts: Final = st.sampled_from(["", "a", "ab", "b", "ééé", "🦊🦊🦊"])
_numbers: Final = st.integers(-2, 2)
_binaries: Final = st.sampled_from([b"", b"\0", b"\x7f", b"\x80", b"\xff\0"])
_scalar_kinds: Final[list[st.SearchStrategy[Any]]] = [_texts, _numbers, _binaries]
_scalars: Final = st.one_of(_scalar_kinds)
_sets: Final = st.one_of([st.sets(each, min_size=1, max_size=2) for each in _scalar_kinds])
_values: Final = st.one_of(
    _scalars,
    st.booleans(),
    _sets,
    st.lists(_scalars, max_size=2),
    st.dictionaries(st.sampled_from(["x", "y"]), _scalars, max_size=2),
)
items: Final[st.SearchStrategy[Item]] = st.fixed_dictionaries(
    {},
    optional={field: st.one_of(_values, st.none()) if "." in field else _values for field in FIELDS},
)

_TAGS: Final = ("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS")
_fields: Final = st.sampled_from(FIELDS)
_pairs: Final = st.lists(_fields, min_size=2, max_size=2, unique=True)
_equalities: Final = st.sampled_from(["=", "<>"])
_orders: Final = st.sampled_from(["<", "<=", ">", ">="])
_bounds: Final = st.one_of(
    [st.tuples(each, each).map(lambda pair: sorted(pair, key=_sortable)) for each in _scalar_kinds]
)
_leaves: Final = st.one_of(
    st.tuples(_equalities, _fields, _values),
    st.tuples(_orders, _fields, _scalars),
    st.builds(lambda operator, pair: ("fields", operator, *pair), st.one_of(_equalities, _orders), _pairs),
    st.tuples(st.just("between"), _fields, _bounds),
    st.tuples(st.just("in"), _fields, st.lists(_values, min_size=1, max_size=3)),
    st.tuples(st.just("begins_with"), _fields, st.one_of(_texts, _binaries)),
    st.tuples(st.just("contains"), _fields, _scalars),
    st.tuples(st.just("exists"), _fields),
    st.tuples(st.just("not_exists"), _fields),
    st.tuples(st.just("type"), _fields, st.sampled_from(_TAGS)),
    st.tuples(st.just("size"), _fields, st.one_of(_equalities, _orders), st.integers(0, 2)),
)
trees: Final[st.SearchStrategy[Tree]] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=8,
)

_METHODS: Final = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_MISSING: Final = object()


def render(tree: Tree) -> Any:  # noqa: C901 - one line for each kind
    """Write a tree with `attr`."""
    match tree:
        case ("not", inner):
            return ~render(inner)
        case ("and", left, right):
            return render(left) & render(right)
        case ("or", left, right):
            return render(left) | render(right)
        case ("fields", operator, left, right):
            return _method(attr(left), operator)(attr(right))
        case ("between", field, (low, high)):
            return attr(field).between(low, high)
        case ("in", field, values):
            return attr(field).in_(*values)
        case ("type", field, tag):
            return attr(field).is_type(tag)
        case ("size", field, operator, size):
            return _method(attr(field).size(), operator)(size)
        case (name, field):
            return _method(attr(field), name)()
        case (name, field, operand):
            return _method(attr(field), name)(operand)
    raise AssertionError(tree)


def holds(tree: Tree, item: Item) -> bool:
    """Tell whether a tree holds of an item."""
    match tree:
        case ("not", inner):
            return not holds(inner, item)
        case ("and", left, right):
            return holds(left, item) and holds(right, item)
        case ("or", left, right):
            return holds(left, item) or holds(right, item)
        case ("fields", operator, left, right):
            return _compare(operator, item.get(left, _MISSING), item.get(right, _MISSING))
        case (operator, field, *operands):
            return bool(_leaf(operator, item.get(field, _MISSING), *operands))
    raise AssertionError(tree)


def _leaf(operator: str, value: Any, *operands: Any) -> Any:  # noqa: C901 - one line for each kind
    match operator, operands:
        case "exists", ():
            return value is not _MISSING
        case "not_exists", ():
            return value is _MISSING
        case "between", ((low, high),):
            return _compare(">=", value, low) and _compare("<=", value, high)
        case "in", (values,):
            return any(_compare("=", value, each) for each in values)
        case "begins_with", (prefix,):
            return type(value) is type(prefix) and value.startswith(prefix)
        case "contains", (part,):
            return _contains(value, part)
        case "type", (tag,):
            return _tag(value) == tag
        case "size", (comparator, size):
            has_size = isinstance(value, str | bytes | list | dict | set)
            return _compare(comparator, len(value) if has_size else _MISSING, size)
        case comparator, (operand,):
            return _compare(comparator, value, operand)
    raise AssertionError(operator)


def _compare(operator: str, left: Any, right: Any) -> bool:
    if _MISSING in (left, right) or _tag(left) != _tag(right):
        return operator == "<>"
    if operator in ("<", "<=", ">", ">=") and _tag(left) not in ("S", "N", "B"):
        return False
    left, right = (_sortable(left), _sortable(right)) if isinstance(left, str) else (left, right)
    return _COMPARE[operator](left, right)


def _contains(value: Any, part: Any) -> Any:
    if isinstance(value, str | bytes):
        return _tag(value) == _tag(part) and value.find(part) >= 0
    if isinstance(value, list | set):
        return any(_compare("=", each, part) for each in value)
    return False


def _tag(value: Any) -> str:
    if isinstance(value, set):
        return f"{_tag(next(iter(value)))}S"
    tags = {str: "S", int: "N", bytes: "B", bool: "BOOL", type(None): "NULL", list: "L", dict: "M"}
    return tags.get(type(value), "missing")


def _sortable(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _method(owner: Any, operator: str) -> Any:
    return getattr(owner, _METHODS.get(operator, operator))
