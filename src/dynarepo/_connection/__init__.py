"""Opens the way to DynamoDB once, and owns deadline, concurrency limit and retries."""

from __future__ import annotations

from dynarepo._connection._channel import Channel
from dynarepo._request import Deadline, Request

__all__ = ["Channel", "Deadline", "Request"]
