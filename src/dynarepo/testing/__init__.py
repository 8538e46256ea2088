"""For tests of code that uses dynarepo: an embedded DynamoDB, and a transport that answers from a script."""

from __future__ import annotations

from dynarepo._transport import WireReply
from dynarepo.testing._embedded import local_dynamodb
from dynarepo.testing._fake import FakeTransport, connection_refused, error_reply, lost_reply, success_reply

__all__ = [
    "FakeTransport",
    "WireReply",
    "connection_refused",
    "error_reply",
    "local_dynamodb",
    "lost_reply",
    "success_reply",
]
