"""Between the model and the plain values that the other clients take: what their users write by hand."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.model import User, sample

__all__ = ["CHANGES", "KEY", "plain"]

KEY: Final = {"pk": sample(1).pk, "sk": sample(1).sk}
CHANGES: Final[dict[str, Any]] = {"status": "closed", "age": 37}


def plain(user: User) -> dict[str, Any]:
    """Give the values of a user as these clients can store them: times as text, nothing for `None`."""
    item = user.model_dump(exclude_none=True)
    item["created_at"] = user.created_at.isoformat()
    return item
