"""What others see of a call: wrappers around whoever carries it out."""

from __future__ import annotations

from dynarepo._observability._call import Call, Sender
from dynarepo._observability._events import LoggedSender
from dynarepo._observability._logger import Logger

__all__ = ["Call", "LoggedSender", "Logger", "Sender"]
