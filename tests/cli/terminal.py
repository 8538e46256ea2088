"""A real terminal, by tmux: what is typed into it, and what it shows."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.cli.calling import ROOT, until

__all__ = ["TMUX", "Terminal", "opened_terminal"]

TMUX = shutil.which("tmux")


class Terminal:
    """A shell in a window of its own server, so that no other is touched."""

    def __init__(self, folder: Path, environment: Mapping[str, str], cwd: Path) -> None:
        start = folder / "start.sh"
        start.write_text("PS1='$ '\n")  # which a shell need not take from its environment
        own = {"TMUX_TMPDIR": str(folder), "TERM": "xterm-256color", "ENV": str(start)}
        self._environment = {**environment, **own}
        for name in ("TMUX", "COLUMNS", "LINES"):  # which the runner of the tests may have
            self._environment.pop(name, None)
        self._name = uuid4().hex[:8]
        self._run("-f", "/dev/null", "new-session", "-d", "-x", "180", "-y", "50", "-c", str(cwd), "/bin/sh")

    def type(self, *args: object) -> None:
        """Type a command, and Return."""
        self.send(shlex.join(map(str, args)), "Enter")

    def send(self, *keys: str) -> None:
        """Press keys."""
        self._run("send-keys", *keys)

    def shows(self, text: str) -> str:
        """Wait until a text can be seen, and give all that can."""
        until(f"{text!r} in\n{self.screen()}", lambda: text in self.screen())
        return self.screen()

    def screen(self) -> str:
        """Give what can be seen, lines that were too long put together."""
        return self._run("capture-pane", "-p", "-J")

    def history(self) -> str:
        """Give what can be seen and what was scrolled away, in the same way."""
        return self._run("capture-pane", "-p", "-J", "-S", "-")

    def close(self) -> None:
        """End the shell, and the server with it."""
        self._run("kill-server")

    def _run(self, *args: str) -> str:
        run = subprocess.run(
            [str(TMUX), "-L", self._name, *args],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return run.stdout


@contextmanager
def opened_terminal(environment: Mapping[str, str], cwd: Path = ROOT) -> Iterator[Terminal]:
    """Open a terminal in a folder, and close it in the end."""
    # Not in pytest's folder: the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="tmux") as folder:
        terminal = Terminal(Path(folder), environment, cwd)
        try:
            yield terminal
        finally:
            terminal.close()
