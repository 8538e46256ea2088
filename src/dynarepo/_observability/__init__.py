"""What others see of a call: wrappers around whoever carries it out."""

from __future__ import annotations

from dynarepo._observability._call import Call, Sender, Server
from dynarepo._observability._consumption import Consumption, consumed, entry_count, takes_write_units
from dynarepo._observability._events import LoggedSender
from dynarepo._observability._logger import Logger, check_logger
from dynarepo._observability._opentelemetry import OpenTelemetry
from dynarepo._observability._usage import Accounts, ConsumedUnits, Usage

__all__ = [
    "Accounts",
    "Call",
    "ConsumedUnits",
    "Consumption",
    "LoggedSender",
    "Logger",
    "OpenTelemetry",
    "Sender",
    "Server",
    "Usage",
    "check_logger",
    "consumed",
    "entry_count",
    "takes_write_units",
]
