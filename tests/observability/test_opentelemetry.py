"""Spans and metrics by OpenTelemetry's conventions for databases."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
)
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from dynarepo import (
    ConfigurationError,
    DynamoDBBaseModel,
    DynamoDBConfig,
    DynamoDBConnection,
    DynamoDBServiceError,
    GlobalIndex,
    OpenTelemetry,
    TransactWriteItem,
    attr,
)
from dynarepo._connection import Channel
from dynarepo._wire import Payload
from dynarepo.testing import FakeTransport, FaultServer, WireReply, error_reply, lost_reply, success_reply
from tests.faked import SkippedTime, longest, turns
from tests.observability.telemetry import Seen
from tests.recording_logger import RecordingLogger
from tests.transport.rigs import config_for

SECRET = "CANARY-7351"


SYSTEM = {"db.system.name": "aws.dynamodb", "server.address": "127.0.0.1", "server.port": 8000}


class User(DynamoDBBaseModel):
    name: str = SECRET
    city: str = SECRET

    class Meta:
        gsis = (GlobalIndex("by_city", partition_key="city"),)


USER = User(pk=SECRET, sk=SECRET)


@pytest.fixture
def seen() -> Iterator[Seen]:
    seen = Seen()
    yield seen
    seen.meters.shutdown()
    seen.tracers.shutdown()


@asynccontextmanager
async def connected(seen: Seen, *script: Any, **options: Any) -> AsyncIterator[DynamoDBConnection]:
    config = DynamoDBConfig(
        **{"table_name": "app", "endpoint_url": "http://127.0.0.1:8000", "region": "eu-west-1"} | options
    )
    channel = Channel(
        config,
        RecordingLogger(),
        transport=FakeTransport(*script),
        telemetry=seen.telemetry,
        sleep=SkippedTime().sleep,
        jitter=longest,
    )
    async with channel:
        yield DynamoDBConnection(config=config, logger=RecordingLogger(), channel=channel)


def taking(units: float, **members: Any) -> Payload:
    return {"ConsumedCapacity": {"TableName": "app", "CapacityUnits": units}, **members}


async def test_a_call_is_a_span_of_a_client(seen: Seen) -> None:
    async with connected(seen, taking(0.5)) as connection:
        await connection.repository(User).get_one("p", "s", consistent=True)
    assert seen.span.name == "GetItem app"
    assert seen.span.kind is SpanKind.CLIENT
    assert seen.span.status.status_code is StatusCode.UNSET
    scope = seen.span.instrumentation_scope
    assert scope is not None
    assert scope.name == "dynarepo"
    assert seen.attributes == SYSTEM | {
        "db.operation.name": "GetItem",
        "db.collection.name": "app",
        "cloud.region": "eu-west-1",
        "aws.dynamodb.table_names": ("app",),
        "aws.dynamodb.consistent_read": True,
        "aws.dynamodb.consumed_capacity": ('{"TableName": "app", "CapacityUnits": 0.5}',),
        "dynarepo.attempts": 1,
    }


async def test_a_query_says_how_it_reads(seen: Seen) -> None:
    async with connected(seen, {"Items": [], "Count": 0, "ScannedCount": 7}) as connection:
        users = connection.repository(User)
        await users.query_by_pk(
            "c", index="by_city", page_size=10, descending=True, where=attr("name").eq(SECRET)
        )
    told = {name: value for name, value in seen.attributes.items() if name.startswith("aws.")}
    assert told == {
        "aws.dynamodb.table_names": ("app",),
        "aws.dynamodb.index_name": "by_city",
        "aws.dynamodb.limit": 10,
        "aws.dynamodb.scan_forward": False,
        "aws.dynamodb.count": 0,
        "aws.dynamodb.scanned_count": 7,
    }


async def test_a_parallel_scan_says_which_segment_it_reads(seen: Seen) -> None:
    empty = {"Items": [], "Count": 0, "ScannedCount": 0}
    async with connected(seen, empty, empty) as connection:
        assert [user async for user in connection.repository(User).iter_scan_items(segments=2)] == []
    segments = {(span.attributes or {})["aws.dynamodb.segment"] for span in seen.spans}
    assert segments == {0, 1}
    assert {(span.attributes or {})["aws.dynamodb.total_segments"] for span in seen.spans} == {2}


async def test_a_batch_has_a_size(seen: Seen) -> None:
    async with connected(seen, {"UnprocessedItems": {}}, {"UnprocessedItems": {}}) as connection:
        users = connection.repository(User)
        await users.batch_write(User(pk="p", sk=f"{number}") for number in range(3))
        await users.batch_write([USER])
    sizes = [(span.name, (span.attributes or {}).get("db.operation.batch.size")) for span in seen.spans]
    assert sizes == [("BatchWriteItem app", 3), ("BatchWriteItem app", None)]
    assert seen.points("dynarepo.client.batch.size") == [
        (3, SYSTEM | {"db.operation.name": "BatchWriteItem", "db.collection.name": "app"})
    ]


async def test_a_transaction_over_several_tables_names_them(seen: Seen) -> None:
    spent = [
        {"TableName": name, "CapacityUnits": 2, "WriteCapacityUnits": 2, "ReadCapacityUnits": 0}
        for name in ("app", "other")
    ]
    async with connected(seen, {"ConsumedCapacity": spent}) as connection:
        one, other = connection.repository(User), connection.repository(User, table_name="other")
        async with connection.transaction() as transaction:
            transaction.create(one, USER)
            transaction.create(other, USER)
    assert seen.span.name == "TransactWriteItems"
    assert seen.attributes["aws.dynamodb.table_names"] == ("app", "other")
    assert seen.attributes["db.operation.batch.size"] == 2
    assert "db.collection.name" not in seen.attributes
    assert {
        about["db.collection.name"]: units
        for units, about in seen.points("dynarepo.client.consumed_capacity")
    } == {
        "app": 2,
        "other": 2,
    }


async def test_a_call_of_no_table_has_the_name_of_its_operation(seen: Seen) -> None:
    async with connected(seen, {"TableNames": []}) as connection:
        await connection.table_admin().list_tables()
    assert seen.span.name == "ListTables"
    assert not {"db.collection.name", "aws.dynamodb.table_names"} & seen.attributes.keys()


async def test_a_failure_is_told_by_its_code_and_an_id_for_support(seen: Seen) -> None:
    reply = error_reply("ValidationException", message=SECRET)
    async with connected(seen, reply) as connection:
        with pytest.raises(DynamoDBServiceError):
            await connection.repository(User).save(USER)
    assert seen.span.status.status_code is StatusCode.ERROR
    assert seen.span.status.description is None
    assert not seen.span.events
    told = ("error.type", "db.response.status_code", "aws.request_id")
    assert [seen.attributes[name] for name in told] == ["ValidationException"] * 2 + ["FAKE0REQUEST0ID"]
    ((_, about),) = seen.points("db.client.operation.duration")
    assert [about[name] for name in told[:2]] == ["ValidationException"] * 2


async def test_a_failure_without_a_code_is_told_by_its_type(seen: Seen) -> None:
    page = WireReply(200, {"content-type": "text/html"}, b"<html>")
    async with connected(seen, page) as connection:
        with pytest.raises(DynamoDBServiceError):
            await connection.repository(User).get_one("p", "s")
    assert seen.attributes["error.type"] == "UnexpectedResponseError"
    assert "db.response.status_code" not in seen.attributes


async def test_a_condition_that_does_not_hold_is_no_error(seen: Seen) -> None:
    item = {name: {"S": SECRET} for name in ("pk", "sk", "name", "city")}
    async with connected(seen, error_reply("ConditionalCheckFailedException", Item=item)) as connection:
        with pytest.raises(DynamoDBServiceError):
            await connection.repository(User).create(User(pk="p", sk="s"))
    assert seen.span.status.status_code is StatusCode.UNSET
    assert "error.type" not in seen.attributes
    assert seen.attributes["db.response.status_code"] == "ConditionalCheckFailedException"


async def test_a_cancelled_call_ends_its_span(seen: Seen) -> None:
    async def silent(*_: object) -> Payload:
        await asyncio.Event().wait()
        raise AssertionError

    async with connected(seen, silent) as connection:
        reading = asyncio.create_task(connection.repository(User).get_one("p", "s"))
        await turns()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert seen.attributes["error.type"] == "CancelledError"
    assert len(seen.points("db.client.operation.duration")) == 1


async def test_attempts_and_throttling_are_told_and_counted(seen: Seen) -> None:
    throttled = error_reply("ThrottlingException")
    async with connected(seen, throttled, lost_reply(), throttled, taking(1)) as connection:
        await connection.repository(User).get_one("p", "s")
    assert (seen.attributes["dynarepo.attempts"], seen.attributes["dynarepo.throttles"]) == (4, 2)
    about = SYSTEM | {"db.operation.name": "GetItem", "db.collection.name": "app"}
    assert seen.points("dynarepo.client.retries") == [(3, about)]
    assert seen.points("dynarepo.client.throttles") == [(2, about)]


async def test_the_duration_is_measured_in_the_buckets_of_the_conventions(seen: Seen) -> None:
    async with connected(seen, {}) as connection:
        await connection.repository(User).get_one("p", "s")
    metric = seen.metrics()["db.client.operation.duration"]
    (point,) = metric.data.data_points
    assert isinstance(point, HistogramDataPoint)
    assert metric.unit == "s"
    assert tuple(point.explicit_bounds) == (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
    assert dict(point.attributes or {}) == SYSTEM | {
        "db.operation.name": "GetItem",
        "db.collection.name": "app",
    }


async def test_consumed_capacity_is_counted_by_table_and_kind(seen: Seen) -> None:
    async with connected(seen, taking(0.5), taking(1), taking(3)) as connection:
        users = connection.repository(User)
        await users.get_one("p", "s")
        await users.get_one("p", "s")
        await users.save(USER)
    counted = {
        (about["db.operation.name"], about["dynarepo.capacity.kind"], about["db.collection.name"]): units
        for units, about in seen.points("dynarepo.client.consumed_capacity")
    }
    assert counted == {("GetItem", "read", "app"): 1.5, ("PutItem", "write", "app"): 3}


async def test_nothing_holds_a_value_of_an_item(seen: Seen) -> None:
    item = {name: {"S": SECRET} for name in ("pk", "sk", "name", "city")}
    page = {"Items": [item], "Count": 1, "ScannedCount": 1}
    refused = error_reply("ValidationException", message=SECRET)
    async with connected(seen, {"Item": item}, page, {}, refused, {"UnprocessedItems": {}}, {}) as connection:
        users = connection.repository(User)
        await users.get_one(SECRET, SECRET)
        await users.query_by_pk(SECRET, where=attr("name").eq(SECRET))
        await users.save(USER, where=attr("name").eq(SECRET))
        with pytest.raises(DynamoDBServiceError):
            await users.save(USER)
        await users.batch_write([USER, User(pk="p", sk="s")])
        await users.transact_write([TransactWriteItem.put(USER)])
    assert len(seen.spans) == 6
    assert SECRET not in "".join(span.to_json() for span in seen.spans)
    data = seen.metrics_of.get_metrics_data()
    assert data is not None
    assert SECRET not in data.to_json()


async def test_spans_hang_below_the_span_of_the_task_that_calls(seen: Seen) -> None:
    tracer = seen.tracers.get_tracer("application")
    async with connected(seen, *[{}] * 6) as connection:
        users = connection.repository(User)

        async def request(number: int) -> None:
            with tracer.start_as_current_span(f"request {number}"):
                await asyncio.gather(users.get_one("p", "s"), users.get_one("p", "t"))

        await asyncio.gather(*(request(number) for number in range(3)))
    parents = {span.context.span_id: span.name for span in seen.spans if span.parent is None and span.context}
    children = [parents[span.parent.span_id] for span in seen.spans if span.parent is not None]
    assert sorted(children) == sorted(f"request {number}" for number in range(3) for _ in range(2))


async def test_log_events_are_written_inside_the_span(seen: Seen) -> None:
    inside: list[bool] = []

    class Logger(RecordingLogger):
        def info(self, event: str, /, **fields: Any) -> None:
            inside.append(get_current_span().is_recording())

    config = DynamoDBConfig(table_name="app")
    async with DynamoDBConnection(
        config=config, logger=Logger(), transport=FakeTransport({}), telemetry=seen.telemetry
    ) as connection:
        await connection.repository(User).get_one("p", "s")
    assert inside == [True]
    assert "server.address" not in seen.attributes


async def test_the_server_is_the_one_that_is_asked(seen: Seen) -> None:
    async with FaultServer(success_reply({})) as server:
        config = config_for(server.url, table_name="app")
        async with DynamoDBConnection(
            config=config, logger=RecordingLogger(), telemetry=seen.telemetry
        ) as connection:
            await connection.repository(User).get_one("p", "s")
        address = f"http://{seen.attributes['server.address']}:{seen.attributes['server.port']}"
        assert address == server.url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "address", "port"),
    [
        ("https://dynamodb.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com", None),
        ("https://proxy.example:8443", "proxy.example", 8443),
        ("http://localhost", "localhost", 80),
    ],
)
async def test_a_port_is_told_unless_it_is_the_usual(
    seen: Seen, url: str, address: str, port: int | None
) -> None:
    async with connected(seen, {}, endpoint_url=url) as connection:
        await connection.repository(User).get_one("p", "s")
    assert (seen.attributes["server.address"], seen.attributes.get("server.port")) == (address, port)


async def test_a_span_that_nobody_records_is_not_described(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json, "dumps", None)
    telemetry = OpenTelemetry(meter_provider=seen.meters)
    async with DynamoDBConnection(
        config=DynamoDBConfig(table_name="app"),
        logger=RecordingLogger(),
        transport=FakeTransport(taking(1)),
        telemetry=telemetry,
    ) as connection:
        await connection.repository(User).get_one("p", "s")
    assert len(seen.points("db.client.operation.duration")) == 1


def test_without_the_package_it_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dynarepo._observability._instruments", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    with pytest.raises(ConfigurationError, match=r'pip install "dynarepo\[otel\]"'):
        OpenTelemetry()


def test_another_module_that_is_missing_is_not_taken_for_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dynarepo._observability._instruments", None)
    with pytest.raises(ModuleNotFoundError, match=r"dynarepo\._observability\._instruments"):
        OpenTelemetry()


def test_a_provider_is_no_telemetry(seen: Seen) -> None:
    telemetry: Any = seen.tracers
    with pytest.raises(ConfigurationError, match=r"telemetry= takes an OpenTelemetry\(\)"):
        DynamoDBConnection(
            config=DynamoDBConfig(table_name="app"), logger=RecordingLogger(), telemetry=telemetry
        )
