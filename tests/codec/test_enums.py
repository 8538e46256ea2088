"""Enumerations and literals are told by what is stored, not by how it is written."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Any, Literal

import pytest
from pydantic import create_model

from dynarepo._codec import compile_model
from dynarepo.exceptions import InvalidItemError


class Level(IntEnum):
    LOW = 1
    HIGH = 10


class Grade(Enum):
    LOW = 1
    TEXT = "1"
    NONE = None


def decoded(declared: Any, wire: Any) -> Any:
    thing: Any = compile_model(create_model("Thing", a=(declared, ...))).decode({"a": wire})
    return thing.a


@pytest.mark.parametrize("number", ["10", "10.0", "1E1", "1e+1"])
@pytest.mark.parametrize("declared", [Level, Literal[1, 10], Literal[Level.LOW, Level.HIGH]])
def test_a_number_is_the_same_however_it_is_written(declared: Any, number: str) -> None:
    assert decoded(declared, {"N": number}) == 10


@pytest.mark.parametrize(
    ("wire", "member"), [({"N": "1"}, Grade.LOW), ({"S": "1"}, Grade.TEXT), ({"NULL": True}, Grade.NONE)]
)
def test_members_of_different_types_are_told_by_their_type(wire: Any, member: Grade) -> None:
    assert decoded(Grade, wire) is member


@pytest.mark.parametrize("wire", [{"N": "x"}, {"N": 1}, {"S": "10"}, {"L": []}, {"NULL": False}])
@pytest.mark.parametrize("declared", [Level, Literal[1, 10]])
def test_what_is_no_value_of_it_is_refused(declared: Any, wire: Any) -> None:
    with pytest.raises(InvalidItemError):
        decoded(declared, wire)
