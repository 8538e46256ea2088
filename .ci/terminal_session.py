"""
Play the guide to the command line at a real terminal, and write down all that it showed.

    PYTHONPATH=. python3 .ci/terminal_session.py build

A server is in one window. In the other are typed the commands of docs/command-line.md, each of which must end
with what the guide says, and then what the guide cannot show: questions, bars, and Ctrl-C. `terminal.txt` is
everything in its order, and `terminal-*.txt` are screens with a bar at work.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from tests.cli.calling import ROOT, until
from tests.cli.terminal import TMUX, Terminal, opened_terminal

GUIDE = (ROOT / "docs" / "command-line.md").read_text()
MODULE = re.compile(r"^```python\n(# shop\.py\n.*?)^```", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(.*?)\n```", re.DOTALL | re.MULTILINE)
ITEM = '{"pk": "CUSTOMER#c&", "customer_id": "c&", "number": &, "total": &.5, "status": "open"}'
EXPORT = "dynarepo export all.jsonl --table orders --segments 1 --page-size 10 --read-units 6"
ASKS = r"\? \[y/N\]:"
BAR = r" of about \d+ items \d+/s "
UNITS = r"[\d.]+ (read|write) units"


class Window:
    """A terminal where each step has to show what its pattern says."""

    def __init__(self, name: str, terminal: Terminal, written: list[tuple[str, str]]) -> None:
        self._name = name
        self._terminal = terminal
        self._written = written
        self._noted = ""
        until(f"a prompt in {name}", lambda: self._new() == "$")

    def run(self, line: str, shows: str = "") -> None:
        """Type a line and wait for the next prompt; check how that ends which stands before it."""
        self.press(line, "Enter", shows=shows)

    def press(self, *keys: str, shows: str) -> None:
        """Press keys instead."""
        self._terminal.send(*keys)
        until(f"a prompt after {keys}", lambda: self._new().endswith(("\n$", "^C$")))
        _, _, printed = self.note().removesuffix("$").partition("\n")
        if re.search(rf"^{shows}\n?\Z" if shows else r"\A\Z", printed, re.MULTILINE) is None:
            sys.exit(f"{keys} must end with\n{shows}\nand shows\n{printed}")

    def start(self, line: str, shows: str) -> str:
        """Type a line, wait for what can be seen while it runs, and give the screen."""
        self._terminal.send(line, "Enter")
        until(f"{shows} after {line}", lambda: re.search(shows, self._new()) is not None)
        return self._terminal.screen()

    def note(self) -> str:
        """Write down what is new, and give it."""
        new = self._new()
        self._noted += new
        if new:
            self._written.append((self._name, new))
        return new

    def _new(self) -> str:
        lines = (line.rstrip() for line in self._terminal.history().splitlines())
        return "\n".join(lines).rstrip("\n").removeprefix(self._noted)


def play(server: Window, user: Window, build: Path) -> None:
    """Do all that the guide tells, and what it cannot show."""
    server.start("dynarepo local shop:Order --table orders --port 0", "export AWS_SECRET_ACCESS_KEY=.")
    for line in re.findall("^export .+$", server.note(), re.MULTILINE):
        user.run(line)
    user.run("dynarepo tables list", "orders")
    for answer, shows in (("n", "dynarepo: nothing was done"), ("y", "deleted orders")):  # the guide makes it
        user.start("dynarepo tables delete orders", f"Delete table orders{ASKS}")
        user.press(answer, "Enter", shows=shows)
    for section in GUIDE.split("\n## ")[1:]:
        blocks = CONSOLE.findall(section)
        if blocks:
            user.run("# " + section.splitlines()[0])
        for block in blocks:
            for command in block.removeprefix("$ ").split("\n$ "):
                line, _, shows = command.partition("\n")
                user.run(line, re.escape(shows))
    play_many(user, build)
    server.press("C-c", shows=r"\^C")
    server.run('echo "exit code $?"', "exit code 0")


def play_many(user: Window, build: Path) -> None:
    """Move enough items for bars to be seen, and for Ctrl-C to come in between."""
    user.run("# Many more items")
    user.run(f"seq 600 | sed 's/.*/{ITEM}/' > many.jsonl")
    user.start("dynarepo import many.jsonl --table orders --write-units 4", ASKS)
    build.joinpath("terminal-import.txt").write_text(user.start("y", rf" \d+{BAR}"))
    user.press(shows=rf"imported 600 items of many\.jsonl: {UNITS}")
    user.run("dynarepo scan --table orders --limit 2 --json", r"\{.+\}\n\{.+\}")
    build.joinpath("terminal-export.txt").write_text(user.start(EXPORT, rf" \d\d\d{BAR}"))
    user.press("C-c", shows="dynarepo: interrupted: the same command goes on where this one ended")
    user.run('echo "exit code $?"', "exit code 130")
    user.run("ls all.jsonl*", r"all\.jsonl\.partial +all\.jsonl\.state")
    user.run(EXPORT, rf"exported 602 items to all\.jsonl, \d+ of them by this run: {UNITS}")
    user.run("sort -u all.jsonl | wc -l", "602")
    user.start("dynarepo copy archive --table orders", ASKS)
    user.press("y", "Enter", shows=rf"copied 602 items: {UNITS}, {UNITS}")
    user.run("dynarepo count --table archive", "602")
    user.run('dynarepo get nobody 1 --table nowhere || echo "exit code $?"', r"dynarepo: .+\nexit code 1")
    user.start("dynarepo tables delete orders", f"Delete table orders, .+{ASKS}")
    user.press("y", "Enter", shows="deleted orders")
    user.run("dynarepo tables list", "archive\nwatched")


def main(build: Path) -> None:
    """Open the windows, and write what they showed even where a step failed."""
    if TMUX is None:
        sys.exit("tmux is not installed: apt-get install tmux")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which closes the windows
    build.mkdir(parents=True, exist_ok=True)
    written: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.joinpath("shop.py").write_text(MODULE.findall(GUIDE)[0])
        # A home without settings of AWS, and no proxies.
        environment = {"PATH": os.environ["PATH"], "HOME": name, "LC_ALL": "C.UTF-8"}
        with opened_terminal(environment, folder) as first, opened_terminal(environment, folder) as second:
            server, user = Window("window 1", first, written), Window("window 2", second, written)
            try:
                play(server, user, build)
            finally:
                user.note()
                server.note()
                parts = groupby(written, key=itemgetter(0))
                shown = (f"=== {window}\n\n{''.join(text for _, text in texts)}\n" for window, texts in parts)
                build.joinpath("terminal.txt").write_text("\n".join(shown))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
