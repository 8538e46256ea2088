"""The narrow waist: `send(operation, payload) -> reply`, over the network or from a script."""

from __future__ import annotations

from dynarepo._transport._aioboto3 import Aioboto3Transport
from dynarepo._transport._credentials import Credentials, SdkCredentials
from dynarepo._transport._direct import DirectTransport
from dynarepo._transport._limited import LimitedTransport
from dynarepo._transport._protocol import AttemptError, Transport, WireReply
from dynarepo._transport._replies import read_reply
from dynarepo._transport._sdk import sdk_config

__all__ = [
    "Aioboto3Transport",
    "AttemptError",
    "Credentials",
    "DirectTransport",
    "LimitedTransport",
    "SdkCredentials",
    "Transport",
    "WireReply",
    "read_reply",
    "sdk_config",
]
