"""
What a failed attempt means, with or without a part of the request written.

A request of which nothing was written is incomplete at the service whatever became of its
connection, so it cannot have acted. That is certain for every kind of failure, on new and on
reused connections; after the first byte nothing is.
"""

from __future__ import annotations

from dynarepo._transport._protocol import AttemptError
from dynarepo.exceptions import ConnectionFailedError, DeadlineExceededError, UnexpectedResponseError

__all__ = ["failed", "not_http", "overdue", "unanswered"]


def failed(operation: str, cause: Exception, *, begun: bool) -> AttemptError:
    """Say what a failure of the connection means for a request, before or after it began."""
    if not begun:
        # The texts here name host, port and the system's reason, and nothing of the request.
        failure = ConnectionFailedError(f"no connection to the endpoint: {cause}", operation=operation)
        return AttemptError(failure, may_have_acted=False)
    lost = ConnectionFailedError(
        f"the connection broke before the whole reply was there ({type(cause).__name__})",
        operation=operation,
    )
    return AttemptError(lost, may_have_acted=True)


def not_http(operation: str) -> AttemptError:
    """Say that what came back is no reply of any kind."""
    error = UnexpectedResponseError("the reply is not HTTP: check the endpoint", operation=operation)
    return AttemptError(error, may_have_acted=True)


def overdue(operation: str, *, begun: bool) -> AttemptError:
    """Say that the time for an attempt ran out, before or after the request began."""
    error = DeadlineExceededError("the deadline of the call ran out", operation=operation)
    return AttemptError(error, may_have_acted=begun)


def unanswered(operation: str, attempt: AttemptError, seconds: float) -> AttemptError:
    """Say that one attempt was not answered in its time, though the call has more."""
    error = ConnectionFailedError(f"there was no reply within {seconds:g} s", operation=operation)
    return AttemptError(error, may_have_acted=attempt.may_have_acted)
