"""What the guide shows of the plugin, as the test file of a project."""

from __future__ import annotations

import re

import pytest

from dynarepo import DynamoDBConfig
from tests.docs.markdown import ROOT

pytest_plugins = ["pytester"]


def test_the_tests_in_the_guide_pass(pytester: pytest.Pytester, embedded_server: DynamoDBConfig) -> None:
    guide = (ROOT / "docs" / "testing.md").read_text()
    chapter = guide.partition("## The pytest plugin\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```python\n(.*?)^```", chapter, re.DOTALL | re.MULTILINE)
    shown = "\n".join(blocks)
    pytester.makeini("[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(shown)
    named = ("--dynamodb-endpoint", str(embedded_server.endpoint_url))
    result = pytester.runpytest_subprocess("--strict-markers", "--asyncio-mode=auto", *named)
    result.assert_outcomes(passed=len(re.findall(r"^(?:async )?def test_", shown, re.MULTILINE)))
