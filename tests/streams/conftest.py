"""The stream of each test."""

from __future__ import annotations

import pytest

from tests.streams.scripted_stream import ScriptedStream


@pytest.fixture
def stream() -> ScriptedStream:
    return ScriptedStream()
