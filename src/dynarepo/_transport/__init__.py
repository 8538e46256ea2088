"""
The narrow waist: `send(operation, payload) -> reply`, over the network or from a script.

What needs the AWS SDK is imported from its own module, `_aioboto3` or `_sdk`, so that nobody else
waits for it.
"""

from __future__ import annotations

from dynarepo._transport._credentials import Credentials, SdkCredentials
from dynarepo._transport._direct import DirectTransport
from dynarepo._transport._limited import LimitedTransport
from dynarepo._transport._protocol import AttemptError, Transport, WireReply
from dynarepo._transport._replies import read_reply

__all__ = [
    "AttemptError",
    "Credentials",
    "DirectTransport",
    "LimitedTransport",
    "SdkCredentials",
    "Transport",
    "WireReply",
    "read_reply",
]
