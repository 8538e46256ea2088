"""
AWS Signature Version 4 for DynamoDB's requests, without the SDK.

The derived key changes with the day and the time stamp with the second, so both are kept: a
signature then costs two SHA-256 and one HMAC. The form of the canonical request is AWS's
"Create a signed AWS API request"; the order of the signed headers below is that of the alphabet.
"""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from typing import Final, Protocol

from dynarepo._transport._replies import CONTENT_TYPE

__all__ = ["STREAMS", "TABLES", "FrozenCredentials", "Signer"]

#: What requests for tables and items are addressed to, and those for streams.
TABLES: Final = "DynamoDB_20120810"
STREAMS: Final = "DynamoDBStreams_20120810"

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_HEADERS: Final = "content-type;host;x-amz-date;x-amz-target"
_HEADERS_WITH_TOKEN: Final = _HEADERS.replace("date;", "date;x-amz-security-token;")


class FrozenCredentials(Protocol):
    """Credentials that belong together, as botocore's `ReadOnlyCredentials`."""

    @property
    def access_key(self) -> str: ...

    @property
    def secret_key(self) -> str: ...

    @property
    def token(self) -> str | None: ...


class Signer:
    """Makes the headers of a signed request to one host in one region."""

    def __init__(self, host: str, region: str, target: str = TABLES) -> None:
        self._host = host
        self._target = f"{target}."
        self._region = region
        self._second = -1
        self._stamp = ""
        self._key_for = ("", "")
        self._key = b""

    def headers(
        self, operation: str, body: bytes, credentials: FrozenCredentials, *, now: float | None = None
    ) -> dict[str, str]:
        """Return the headers that sign this operation with this body, for now or another time."""
        stamp = self._stamp_of(int(time.time() if now is None else now))
        target = self._target + operation
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Host": self._host,
            "X-Amz-Date": stamp,
            "X-Amz-Target": target,
        }
        signed, token_line = _HEADERS, ""
        if credentials.token:
            headers["X-Amz-Security-Token"] = credentials.token
            signed, token_line = _HEADERS_WITH_TOKEN, f"x-amz-security-token:{credentials.token}\n"
        request = (
            f"POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{self._host}\nx-amz-date:{stamp}\n"
            f"{token_line}x-amz-target:{target}\n\n{signed}\n{sha256(body).hexdigest()}"
        )
        scope = f"{stamp[:8]}/{self._region}/dynamodb/aws4_request"
        to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = _hmac(self._key_of(credentials.secret_key, stamp[:8]), to_sign).hex()
        headers["Authorization"] = (
            f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}"
        )
        return headers

    def _stamp_of(self, second: int) -> str:
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        return self._stamp

    def _key_of(self, secret: str, date: str) -> bytes:
        if self._key_for != (secret, date):
            key = _hmac(f"AWS4{secret}".encode(), date)
            for part in (self._region, "dynamodb", "aws4_request"):
                key = _hmac(key, part)
            self._key_for, self._key = (secret, date), key
        return self._key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
