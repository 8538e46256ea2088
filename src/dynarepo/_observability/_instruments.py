"""
The one module that imports OpenTelemetry's API: a span around each call, and metrics at its end.

Names and attributes are those of the semantic conventions for database clients and for DynamoDB. What they
have no name for begins with `dynarepo`. Attributes are chosen one by one, from what a request says about
tables, indexes and numbers: none can hold an item's value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from time import perf_counter
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from opentelemetry.metrics import MeterProvider, get_meter
from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider, get_tracer

from dynarepo._observability._call import Call, Sender, Server
from dynarepo._observability._consumption import consumed, entry_count, table_names
from dynarepo._observability._events import outcome_of
from dynarepo._request import Request
from dynarepo._wire import Payload
from dynarepo.exceptions import DynamoDBServiceError

__all__ = ["Instruments"]

Attributes: TypeAlias = "dict[str, str | bool | int | float | list[str]]"

#: What the conventions advise, in seconds.
_DURATIONS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
#: Around the limits of 25 writes, 100 reads and 100 operations of a transaction.
_BATCH_SIZES: Final = (2, 5, 10, 25, 50, 100)

#: Members of a request that are attributes of its span.
_ASKED: Final = {
    "ConsistentRead": "aws.dynamodb.consistent_read",
    "IndexName": "aws.dynamodb.index_name",
    "Limit": "aws.dynamodb.limit",
    "ScanIndexForward": "aws.dynamodb.scan_forward",
    "Segment": "aws.dynamodb.segment",
    "Select": "aws.dynamodb.select",
    "TotalSegments": "aws.dynamodb.total_segments",
}
#: Members of a reply, likewise.
_ANSWERED: Final = {"Count": "aws.dynamodb.count", "ScannedCount": "aws.dynamodb.scanned_count"}


class Instruments:
    """The tracer and the meters of one pair of providers; the global ones where there is none."""

    def __init__(self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None) -> None:
        release = version("dynarepo")
        meter = get_meter("dynarepo", release, meter_provider)
        self.tracer = get_tracer("dynarepo", release, tracer_provider)
        self.duration = meter.create_histogram(
            "db.client.operation.duration",
            unit="s",
            description="Duration of database client operations.",
            explicit_bucket_boundaries_advisory=_DURATIONS,
        )
        self.batch_size = meter.create_histogram(
            "dynarepo.client.batch.size",
            unit="{item}",
            description="Items of one batch or transaction.",
            explicit_bucket_boundaries_advisory=_BATCH_SIZES,
        )
        self.capacity = meter.create_counter(
            "dynarepo.client.consumed_capacity",
            unit="{capacity_unit}",
            description="Capacity that DynamoDB says was consumed.",
        )
        self.retries = meter.create_counter(
            "dynarepo.client.retries", unit="{attempt}", description="Attempts beyond the first of a call."
        )
        self.throttles = meter.create_counter(
            "dynarepo.client.throttles",
            unit="{attempt}",
            description="Attempts that the service refused because there were too many.",
        )

    def observed(self, sender: Sender, server: Server) -> Sender:
        """Give what makes spans and metrics of the calls through a sender."""
        return _ObservedSender(sender, self, server)


class _ObservedSender:
    """Makes a span and metrics of each call that goes through to another sender."""

    def __init__(self, inner: Sender, instruments: Instruments, server: Server) -> None:
        self._inner = inner
        self._to = instruments
        self._system: Attributes = {"db.system.name": "aws.dynamodb", **dict(_address(server))}
        self._region: Attributes = {} if server.region is None else {"cloud.region": server.region}

    async def send(self, call: Call) -> Payload:
        """Pass the call on, inside a span."""
        request = call.request
        about = self._system | {"db.operation.name": request.operation}
        name = request.operation
        if request.table_name is not None:
            about["db.collection.name"] = request.table_name
            name = f"{name} {request.table_name}"
        with self._to.tracer.start_as_current_span(
            name,
            kind=SpanKind.CLIENT,
            attributes=about | self._region,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            if span.is_recording():
                span.set_attributes(dict(_asked(request)))
            started = perf_counter()
            try:
                reply = await self._inner.send(call)
            except BaseException as error:
                failure = _failed(call, error)
                self._measure(call, about, about | failure, perf_counter() - started)
                _close(span, call, failure | dict(_support(error)))
                raise
            self._measure(call, about, about, perf_counter() - started)
            self._count_capacity(request, about, reply)
            if span.is_recording():
                _close(span, call, dict(_answered(reply)))
            return reply

    def _measure(self, call: Call, about: Attributes, end: Attributes, seconds: float) -> None:
        self._to.duration.record(seconds, end)
        size = entry_count(call.request.payload)
        if size > 1:
            self._to.batch_size.record(size, about)
        if call.attempts > 1:
            self._to.retries.add(call.attempts - 1, about)
        if call.throttles:
            self._to.throttles.add(call.throttles, about)

    def _count_capacity(self, request: Request, about: Attributes, reply: Payload) -> None:
        for each in consumed(request.operation, request.table_name, reply):
            table: Attributes = {} if each.table_name is None else {"db.collection.name": each.table_name}
            for kind, units in (("read", each.read), ("write", each.write)):
                if units:
                    self._to.capacity.add(units, about | table | {"dynarepo.capacity.kind": kind})


def _address(server: Server) -> Iterator[tuple[str, str | int]]:
    url = urlsplit(server.endpoint_url or "")
    if url.hostname:
        yield "server.address", url.hostname
        port = url.port or (80 if url.scheme == "http" else 443)
        if port != 443:
            yield "server.port", port


def _asked(request: Request) -> Iterator[tuple[str, str | bool | int | list[str]]]:
    payload = request.payload
    if names := [request.table_name] if request.table_name else table_names(payload):
        yield "aws.dynamodb.table_names", names
    for member, attribute in _ASKED.items():
        if member in payload:
            yield attribute, payload[member]
    size = entry_count(payload)
    if size > 1:
        yield "db.operation.batch.size", size


def _answered(reply: Payload) -> Iterator[tuple[str, str | bool | int | float | list[str]]]:
    for member, attribute in _ANSWERED.items():
        if type(reply.get(member)) is int:
            yield attribute, reply[member]
    said = reply.get("ConsumedCapacity")
    if said:
        yield (
            "aws.dynamodb.consumed_capacity",
            list(map(json.dumps, said if isinstance(said, list) else [said])),
        )


def _failed(call: Call, error: BaseException) -> Attributes:
    """Say by type and code how a call failed; an answer that was not hoped for has a code alone."""
    code = error.code if isinstance(error, DynamoDBServiceError) else None
    ending: Attributes = {} if code is None else {"db.response.status_code": code}
    if not isinstance(error, DynamoDBServiceError) or outcome_of(call, error) is None:
        ending["error.type"] = code or type(error).__qualname__
    return ending


def _support(error: BaseException) -> Iterator[tuple[str, str]]:
    if isinstance(error, DynamoDBServiceError) and error.request_id is not None:
        yield "aws.request_id", error.request_id


def _close(span: Span, call: Call, ending: Attributes) -> None:
    ending["dynarepo.attempts"] = call.attempts
    if call.throttles:
        ending["dynarepo.throttles"] = call.throttles
    span.set_attributes(ending)
    if "error.type" in ending:
        span.set_status(StatusCode.ERROR)
