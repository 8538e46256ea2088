"""
The checks as CI runs them: `nox` for all, `nox -s lint` for one, `nox -s integration -- --backend dynoxide`.

A Python that is not installed is named as skipped in nox's closing list.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.16"
nox.options.default_venv_backend = "venv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False  # CI must tell by `--error-on-missing-interpreters`
nox.options.reuse_existing_virtualenvs = True

PROJECT = nox.project.load_toml("pyproject.toml")["project"]
PYTHONS = nox.project.python_versions({"project": PROJECT})
PIPELINES_BACKENDS = ("embedded", "dynamodb-local")
TESTS = ("python", "-m", "pytest", "--numprocesses=auto")
ALL_PROCESSES_AGREE = {"PYTHONHASHSEED": "0"}  # on the names of cases that show a set


def _find_pythons_of_pyenv() -> None:
    """Let nox find the interpreters that pyenv installed and did not activate."""
    installed = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in PYTHONS:
        for python in installed.glob(f"{version}.*/bin/python{version}"):
            if not _runs(f"python{version}"):
                os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ['PATH']}"


def _runs(python: str) -> bool:
    # Being on PATH is not enough: pyenv puts shims there which stand for no interpreter.
    try:
        return not subprocess.run([python, "--version"], capture_output=True, check=False).returncode
    except OSError:
        return False


_find_pythons_of_pyenv()


@nox.session
def lint(session: nox.Session) -> None:
    """Rules, format, layers."""
    session.install(*_requirements("dev", "ruff", "import-linter"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", env={"PYTHONPATH": "src"})


@nox.session
def types(session: nox.Session) -> None:
    """Two type checkers."""
    session.install("-e", ".[dev]")
    session.run("mypy")
    session.run("pyright")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests on each Python."""
    session.install("-e", ".[test]")
    session.run(*TESTS, *session.posargs, env=ALL_PROCESSES_AGREE)


@nox.session
def lowest(session: nox.Session) -> None:
    """The tests on the lowest versions that pyproject.toml allows."""
    extras = ("cli", "crypto", "fastapi", "local", "otel", "parquet")
    allowed = [*PROJECT["dependencies"], *(line for name in extras for line in _extra(name))]
    session.install("-e", ".[test]", *(line.replace(">=", "==") for line in allowed))
    session.run(*TESTS, *session.posargs, env=ALL_PROCESSES_AGREE)


@nox.session(default=False)
def newest(session: nox.Session) -> None:
    """The tests on the newest aiobotocore, which the newest aioboto3 does not ask for; pip says so."""
    session.install("-e", ".[test]")
    session.install("--upgrade", "aiobotocore")
    session.run("python", "-m", "pip", "list")
    session.run(*TESTS, *session.posargs, env=ALL_PROCESSES_AGREE)


@nox.session
def integration(session: nox.Session) -> None:
    """The integration suite, but for what has a session of its own; the backend is chosen behind `--`."""
    session.install("-e", ".[test]")
    elsewhere = [f"--ignore=integration/{name}" for name in ("reliability", "distributed")]
    session.run("python", "-m", "pytest", "integration", *elsewhere, *session.posargs)


@nox.session
def reliability(session: nox.Session) -> None:
    """Faults between repository and server, and a table of them; less with `RELIABILITY_PROFILE=short`."""
    session.install("-e", ".[test]")
    table = Path(session.create_tmp(), "reliability.md").resolve()
    environment = {"RELIABILITY_TABLE": str(table)}
    session.run("python", "-m", "pytest", "integration/reliability", *session.posargs, env=environment)
    session.log(f"the table is in {table}")


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Changes that the tests must notice, made in a copy; which modules, or `--again`, behind `--`."""
    session.install("-e", ".[test]", "mutmut==3.8.1")
    scores = str(Path("integration/mutation/scores.json").resolve())
    with tempfile.TemporaryDirectory() as copy:
        _copy_checkout(Path(copy))
        environment = {"PYTHONPATH": str(Path(copy, "src"))}
        with session.chdir(copy):
            command = ("python", "-m", "integration.mutation", scores, *session.posargs)
            session.run(*command, env=environment)


@nox.session
def pipelines(session: nox.Session) -> None:
    """The example application over HTTP and in a browser; on two servers, or the backend behind `--`."""
    session.install("-e", ".[browser,examples,test]")
    chosen = [session.posargs] if session.posargs else [["--backend", name] for name in PIPELINES_BACKENDS]
    for arguments in chosen:
        session.run("python", "-m", "pytest", "integration/pipelines", *arguments)


@nox.session
def distributed(session: nox.Session) -> None:
    """The example of a scan on several processes."""
    session.install("-e", ".[distributed,test]")
    session.run("python", "-m", "pytest", "integration/distributed", *session.posargs)


@nox.session(default=False)
def benchmark(session: nox.Session) -> None:
    """Operations beside other clients, and at scale; what to measure is chosen behind `--`."""
    session.install("-e", ".[benchmark]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(python=PYTHONS[0])
def guard(session: nox.Session) -> None:
    """That no operation became much more costly; no timed test. The committed counts are of this Python."""
    session.install("-e", ".")
    session.run("python", "-m", "benchmarks", "guard", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """The documentation site, built strictly into build/site, and a picture of it if there is a browser."""
    session.install("-e", ".[site]")
    session.run("python", ".ci/site_pages.py", "build/site-pages")
    session.run("zensical", "build", "--strict", "--clean")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        session.log("no chromium, and so no picture")
        return
    session.run("python", ".ci/site_picture.py", browser, "build/site", "build/site.png")


@nox.session(default=False)
def terminal(session: nox.Session) -> None:
    """The command line's guide at a real terminal, and what it showed in build/terminal.txt; needs tmux."""
    session.install("-e", ".[cli,local]")
    session.run("python", ".ci/terminal_session.py", "build", env={"PYTHONPATH": "."})


@nox.session(python=False)
def quickstart(session: nox.Session) -> None:
    """The README's quickstart, word for word, in a copy of the checkout."""
    command = session.run(sys.executable, ".ci/readme_command.py", "quickstart", silent=True)
    with tempfile.TemporaryDirectory() as copy:
        _copy_checkout(Path(copy))
        with session.chdir(copy):
            session.run("bash", "-euo", "pipefail", "-c", str(command))


@nox.session(reuse_venv=False)
def build(session: nox.Session) -> None:
    """The tests on the built wheel, where there is no src/ to import by mistake."""
    with tempfile.TemporaryDirectory() as wheels, tempfile.TemporaryDirectory() as copy:
        session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, ".")
        (wheel,) = Path(wheels).glob("*.whl")
        session.install(f"{wheel}[test]")
        _copy_checkout(Path(copy))
        shutil.rmtree(Path(copy, "src"))
        with session.chdir(copy):
            session.run(*TESTS, *session.posargs, env=ALL_PROCESSES_AGREE)


def _requirements(extra: str, *names: str) -> list[str]:
    return [line for line in _extra(extra) if line.startswith(names)]


def _extra(name: str) -> list[str]:
    return list(PROJECT["optional-dependencies"][name])


def _copy_checkout(target: Path) -> None:
    # What git tracks or would add, and so nothing of an environment or a cache.
    listing = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        if Path(name).is_file():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, copy)
