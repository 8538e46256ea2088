"""
Runs tests against one changed module, many times, in little time.

Each judgement is a process of its own, forked from one that has imported what the tests need and nothing of
this project. There the module is loaded with its change, from memory: no file is touched. Its tests run until
the first that fails: those that are about the module, then the others, and the fastest of them first.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

import pytest
from hypothesis import Phase, settings

from integration.mutation.targets import Target

__all__ = ["Baseline", "Judgement", "Verdict", "baseline", "judge", "preload"]

_SLOW_TO_IMPORT: Final = (
    "aioboto3",
    "anyio.pytest_plugin",
    "cryptography.hazmat.primitives.ciphers.aead",
    "httpx",
    "moto.server",
    "pydantic",
    "structlog",
)
_OPTIONS: Final = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    # Hypothesis is imported before pytest could rewrite its assertions, which nobody needs here.
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)
#: They take a third of the time; without them mutants can only be spared.
_LEFT_OUT: Final = (
    "tests/codec/test_views_property.py",
    "tests/pages/test_cursors.py::test_of_50_000_tampered_cursors_none_is_accepted_rq122",
    "tests/pages/test_encryption.py::test_the_package_alone_imports_no_cryptography",
)
#: Where Hypothesis keeps a test's own settings.
_SETTINGS: Final = "_hypothesis_internal_use_settings"
_EXAMPLES: Final = 20
_MEMORY: Final = 4 << 30
_PATIENCE: Final = 3.0
_TOLERANCE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02


class Verdict(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class Baseline:
    """How long the tests take on the code as it is."""

    durations: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """One module with one change, as `source` gives it."""

    target: Target
    source: Callable[[], str]
    baseline: Baseline


def preload() -> None:
    """Import what each judgement would have to import again."""
    for name in _SLOW_TO_IMPORT:
        import_module(name)
    if "dynarepo" in sys.modules:
        raise RuntimeError("the project is imported already, so that no change of a module would be seen")
    gc.freeze()


def baseline(tests: Sequence[Path], report: Path) -> Baseline:
    """Run the tests on the code as it is; they must pass."""
    started = time.monotonic()
    process = os.fork()
    if not process:
        _leave(lambda: _tests(tests, _Durations(report)), output=report.with_suffix(".txt"))
    _, status = os.waitpid(process, 0)
    if status:
        raise RuntimeError(
            f"{[*map(str, tests)]} fail without a change:\n{_read(report.with_suffix('.txt'))}"
        )
    return Baseline(json.loads(_read(report)), time.monotonic() - started)


def judge(judgements: Sequence[Judgement], workers: int) -> Iterator[tuple[int, Verdict]]:
    """Give the verdicts as they come, each with the index of its judgement."""
    waiting = list(enumerate(judgements))[::-1]
    running: dict[int, tuple[int, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                index, judgement = waiting.pop()
                limit = judgement.baseline.seconds * _PATIENCE + _TOLERANCE_SECONDS
                running[_start(judgement)] = index, time.monotonic() + limit
            yield from _ended(running)
            time.sleep(_POLL_SECONDS)
    finally:
        for process in running:
            _end(process)


def _ended(running: dict[int, tuple[int, float]]) -> Iterator[tuple[int, Verdict]]:
    for process, (index, limit) in list(running.items()):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            del running[process]
            _end_group(process)
            yield index, Verdict.KILLED if status else Verdict.SURVIVED
        elif time.monotonic() > limit:
            del running[process]
            _end(process)
            yield index, Verdict.TIMEOUT


def _start(judgement: Judgement) -> int:
    process = os.fork()
    if not process:
        _leave(lambda: _judged(judgement), output=Path(os.devnull))
    return process


def _judged(judgement: Judgement) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sys.meta_path.insert(0, _Finder(judgement.target.module, judgement.source()))
    gc.disable()
    plugin = _FastestFirst(judgement.baseline.durations)
    first, tests = judgement.target.first, judgement.target.tests
    return _tests((first,), plugin) or _tests(tests, plugin, but=(str(first),))


def _tests(tests: Sequence[Path], plugin: object, *, but: Sequence[str] = ()) -> int:
    left_out = [f"--deselect={name}" for name in (*_LEFT_OUT, *but)]
    return int(pytest.main([*_OPTIONS, *left_out, *map(str, tests)], plugins=[plugin, _FewExamples()]))


def _leave(work: Callable[[], int], *, output: Path) -> None:
    """End this process by what the work returns, whatever it leaves behind."""
    code = 1
    try:
        os.setsid()
        file = os.open(output, os.O_RDWR | os.O_CREAT, 0o600)
        for stream in (0, 1, 2):
            os.dup2(file, stream)
        code = work()
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end(process: int) -> None:
    _end_group(process)
    os.waitpid(process, 0)


def _end_group(process: int) -> None:
    # What a test started is in the group of the process that ran it.
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


def _read(path: Path) -> str:
    return path.read_text(errors="replace")


class _Finder(MetaPathFinder):
    """Finds one module with another source than its file's."""

    def __init__(self, module: str, source: str) -> None:
        self._module = module
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._source)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, source: str) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        # Past the cache of compiled files, which is the unchanged module's.
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _FewExamples:
    """
    Hypothesis draws less than the tests ask for, and shrinks no failure.

    That can only spare a mutant, never kill one, and takes a fifth of the time.
    """

    def pytest_sessionstart(self) -> None:
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", settings.get_profile("project"), phases=phases)
        settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            given = getattr(item.obj, _SETTINGS, None)
            if given is not None:
                setattr(item.obj, _SETTINGS, settings(given, max_examples=min(given.max_examples, _EXAMPLES)))


class _Durations:
    def __init__(self, report: Path) -> None:
        self._report = report
        self._seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        self._report.write_text(json.dumps(self._seconds))


class _FastestFirst:
    def __init__(self, durations: Mapping[str, float]) -> None:
        self._durations = durations

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: self._durations.get(item.nodeid, 0.0))
