"""How a web application is asked, whichever it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Ask", "Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and JSON body of a reply, `None` where the body is no JSON."""

    status: int
    body: Any


#: Method, path with query, and body of a request.
Ask: TypeAlias = Callable[..., Awaitable[Reply]]
