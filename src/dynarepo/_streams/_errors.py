"""What only change streams raise; each is one of the errors in `exceptions`, too."""

from __future__ import annotations

from typing import Any

from dynarepo.exceptions import InvalidItemError, RejectedError

__all__ = ["InvalidChangeError", "StreamNotFoundError", "StreamTrimmedError"]


class InvalidChangeError(InvalidItemError):
    """
    A change holds an item that does not fit the model.

    Args:
        message: What does not fit, without the value.
        fields: The paths of the fields that do not fit.
        sequence_number: Which change it is.
        shard_id: Where it stands; `None` in an event of AWS Lambda.
    """

    def __init__(
        self,
        message: str,
        *,
        fields: tuple[str, ...] = (),
        sequence_number: str | None = None,
        shard_id: str | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, fields=fields, **context)
        self.sequence_number = sequence_number
        self.shard_id = shard_id


class StreamNotFoundError(RejectedError):
    """The table has no stream, or the stream is gone with its table."""


class StreamTrimmedError(RejectedError):
    """Changes are lost: they were not read within the 24 hours for which DynamoDB keeps them."""
