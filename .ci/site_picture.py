"""
Serve a built site on loopback, and let a browser take a picture of its first page.

    python3 .ci/site_picture.py chromium build/site build/site.png
"""

from __future__ import annotations

import functools
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of single requests."""


def take_picture(browser: str, site: str, picture: Path) -> None:
    """Show the first page in a browser without a window."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1400")
        url = f"http://127.0.0.1:{server.server_port}/"
        command = (browser, *options, f"--screenshot={picture.resolve()}", url)
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        server.shutdown()
    if not picture.is_file():
        sys.exit(f"{browser} took no picture")


if __name__ == "__main__":
    take_picture(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
