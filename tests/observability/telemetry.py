"""What an application's OpenTelemetry SDK was given, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    InMemoryMetricReader,
    Metric,
    NumberDataPoint,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dynarepo import (
    OpenTelemetry,
)

__all__ = ["Seen"]


@dataclass
class Seen:
    """What an application's SDK was given."""

    spans_of: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    metrics_of: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans_of))
        self.meters = MeterProvider([self.metrics_of])

    @property
    def telemetry(self) -> OpenTelemetry:
        return OpenTelemetry(tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.spans_of.get_finished_spans()

    @property
    def span(self) -> ReadableSpan:
        (span,) = self.spans
        return span

    @property
    def attributes(self) -> Mapping[str, Any]:
        return dict(self.span.attributes or {})

    def metrics(self) -> dict[str, Metric]:
        data = self.metrics_of.get_metrics_data()
        return {
            metric.name: metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name: str) -> list[tuple[float, dict[str, Any]]]:
        """Give value and attributes of what was measured; of a histogram, the sum."""
        metric = self.metrics().get(name)
        return [
            (point.value if isinstance(point, NumberDataPoint) else point.sum, dict(point.attributes or {}))
            for point in (metric.data.data_points if metric else ())
            if isinstance(point, NumberDataPoint | HistogramDataPoint)
        ]
