"""The way to DynamoDB through a client of the AWS SDK, with botocore's hooks and proxies."""

from __future__ import annotations

import asyncio
from typing import Any

from dynarepo._transport._binary import to_bytes, to_text
from dynarepo._transport._body import SentBody
from dynarepo._transport._failures import overdue
from dynarepo._transport._protocol import AttemptError
from dynarepo._transport._sdk import bodies_sent, sdk_failure
from dynarepo._wire import Payload
from dynarepo.exceptions import ConnectionFailedError, InvalidRequestError

__all__ = ["Aioboto3Transport"]


class Aioboto3Transport:
    """
    Sends through a client that was made with `sdk_config`.

    The client is closed by whoever opened it; afterwards, and after `close`, nothing is sent.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._methods = {api: method for method, api in client.meta.method_to_api_mapping.items()}
        self._closed = False

    async def send(self, operation: str, payload: Payload, *, timeout: float) -> Payload:  # noqa: ASYNC109
        """Make one attempt; see `Transport.send`."""
        if self._closed:
            raise _not_sent(ConnectionFailedError("the transport is closed", operation=operation))
        method = self._methods.get(operation)
        if method is None:
            raise _not_sent(InvalidRequestError("there is no such operation", operation=operation))
        sent: list[SentBody] = []
        token = bodies_sent.set(sent)
        try:
            async with asyncio.timeout(timeout):
                reply = await getattr(self._client, method)(**to_bytes(payload))
        except TimeoutError:
            raise overdue(operation, begun=_begun(sent)) from None
        except Exception as error:  # noqa: BLE001 - the SDK and its hooks: nothing foreign may escape
            raise sdk_failure(operation, error, begun=_begun(sent)) from None
        finally:
            bodies_sent.reset(token)
        reply.pop("ResponseMetadata", None)
        text: Payload = to_text(reply)
        return text

    async def close(self) -> None:
        """Send nothing more."""
        self._closed = True


def _begun(sent: list[SentBody]) -> bool:
    return any(body.begun for body in sent)


def _not_sent(error: ConnectionFailedError | InvalidRequestError) -> AttemptError:
    return AttemptError(error, may_have_acted=False)
