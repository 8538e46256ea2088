"""Spans and metrics for OpenTelemetry, where an application asks for them and has its API installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynarepo._observability._call import Sender, Server
from dynarepo.exceptions import ConfigurationError

if TYPE_CHECKING:  # an extra, imported for good in `OpenTelemetry`
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

__all__ = ["OpenTelemetry"]


class OpenTelemetry:
    """
    Makes a span of each call, and metrics, by OpenTelemetry's conventions for databases.

    No span, event or metric holds a value or a key of an item, or the text of an error. Needs the extra
    `otel`; what is done with spans and metrics is up to the SDK that the application sets up.

        DynamoDBConnection(config=config, logger=logger, telemetry=OpenTelemetry())
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        """
        Take the providers.

        Args:
            tracer_provider: Whose spans they are; without it, the global one's.
            meter_provider: Whose metrics they are; likewise.

        Raises:
            ConfigurationError: The package `opentelemetry-api` is not there.
        """
        try:
            from dynarepo._observability._instruments import Instruments  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "opentelemetry":
                raise
            raise ConfigurationError(
                'OpenTelemetry needs the extra `otel`: pip install "dynarepo[otel]"'
            ) from None
        self._instruments = Instruments(tracer_provider, meter_provider)

    def observed(self, sender: Sender, server: Server) -> Sender:
        """Give what makes spans and metrics of the calls through a sender; connections ask for it."""
        return self._instruments.observed(sender, server)
