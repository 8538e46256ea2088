"""
Print the command that README.md gives under a marker, so that what is documented is what runs.

    python3 .ci/readme_command.py tests

The command is the fenced code block after `<!-- command: tests -->`, without prompts.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def readme_command(name: str) -> str:
    """Return the command under `<!-- command: name -->`."""
    fence = rf"<!-- command: {name} -->\s*```[a-z]*\n(.+?)^```"
    block = re.search(fence, README.read_text(), re.DOTALL | re.MULTILINE)
    if block is None:
        sys.exit(f"README.md has no code block after <!-- command: {name} -->")
    return re.sub(r"^\$ ", "", block[1], flags=re.MULTILINE).strip()


if __name__ == "__main__":
    print(readme_command(*sys.argv[1:]))
