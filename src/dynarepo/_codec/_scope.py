"""Where a type is declared, and what its type variables stand for."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from dynarepo._codec._fields import Role

__all__ = ["Scope", "Variables", "type_arguments", "type_key"]

#: Type variables, each with the type that stands for it and the scope in which that type has its meaning.
Variables: TypeAlias = "Mapping[Any, tuple[Any, Scope]]"


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Where a type is declared.

    Attributes:
        where: The model and field, for messages.
        role: What the field is for.
        variables: The types that stand for type variables.
        enum_values: The model holds the values of enumerations rather than their members.
        names: What a forward reference of a type alias may mean.
    """

    where: str
    role: Role = "value"
    variables: Variables = field(default_factory=dict)
    enum_values: bool = False
    names: Mapping[str, Any] = field(default_factory=dict)

    def inside(self) -> Scope:
        """Give the scope of an element: only the field's own value has a role."""
        return self if self.role == "value" else replace(self, role="value")


def type_arguments(parameters: Sequence[Any], arguments: Sequence[Any], scope: Scope) -> Variables:
    """Pair the type variables of a generic with what was given for them, and where that has a meaning."""
    return {
        parameter: scope.variables.get(argument, (argument, scope))
        if isinstance(argument, TypeVar)
        else (argument, scope)
        for parameter, argument in zip(parameters, arguments, strict=False)
    }


def type_key(declared: Any, scope: Scope) -> Hashable:
    """Identify a type in its scope: a generic is another type for other arguments."""
    variables = getattr(declared, "__parameters__", ())
    return declared, tuple(scope.variables.get(variable, (variable, scope))[0] for variable in variables)
