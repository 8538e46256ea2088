"""`python -m dynarepo.cli` is the command `dynarepo`."""

from __future__ import annotations

from dynarepo.cli import main

if __name__ == "__main__":
    main()
