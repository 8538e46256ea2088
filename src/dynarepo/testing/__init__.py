"""For tests of code that uses dynarepo: an embedded DynamoDB, scripted replies, faults, and what was sent."""

from __future__ import annotations

from dynarepo._transport import WireReply
from dynarepo.testing._embedded import local_dynamodb
from dynarepo.testing._events import CapturedEvents
from dynarepo.testing._fake import FakeTransport, connection_refused, error_reply, lost_reply, success_reply
from dynarepo.testing._fault_proxy import FaultProxy
from dynarepo.testing._fault_server import FaultServer, ReceivedRequest
from dynarepo.testing._faults import Fault
from dynarepo.testing._recording import RecordingTransport
from dynarepo.testing._request_log import RequestLog, SentRequest

__all__ = [
    "CapturedEvents",
    "FakeTransport",
    "Fault",
    "FaultProxy",
    "FaultServer",
    "ReceivedRequest",
    "RecordingTransport",
    "RequestLog",
    "SentRequest",
    "WireReply",
    "connection_refused",
    "error_reply",
    "local_dynamodb",
    "lost_reply",
    "success_reply",
]
