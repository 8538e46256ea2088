"""The picture for the README, as SVG without script; it follows the reader's light or dark colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from benchmarks.clients import OURS
from benchmarks.results import Comparison

__all__ = ["picture"]

_PANELS: Final = (("get", "Get one item"), ("put", "Save one item"), ("query", "Query 100 items"))
_AT_ONCE: Final = 32
_WIDTH: Final = 860
_LABELS: Final = 230
_BAR: Final = 14
_STEP: Final = 21
_STYLE: Final = """
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 13px; }
.quiet { fill: #59636e; }
.peer { fill: #9aa4af; }
.ours { fill: #1f6feb; }
.own { font-weight: 600; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.quiet { fill: #9198a1; }
.peer { fill: #656c76; }
.ours { fill: #4493f8; }
}
"""


def picture(run: Comparison) -> str:
    """Draw the process time of three operations, client by client, each panel on a scale of its own."""
    parts: list[str] = []
    top = 62
    for operation, title in _PANELS:
        bars = _bars(run, operation)
        if bars:
            parts.append(_panel(title, bars, top))
            top += 40 + _STEP * len(bars)
    head = (
        '<text class="title" x="12" y="22">Processor time of the client for each operation, in µs; '
        "less is better</text>"
        f'<text class="quiet" x="12" y="40">{_AT_ONCE} calls at once, {escape(_where(run))}</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" '
        f'height="{top}" role="img" aria-label="Processor time for each operation, by client">'
        f"<style>{_STYLE}</style>{head}{''.join(parts)}</svg>\n"
    )


def _where(run: Comparison) -> str:
    known = [str(run.machine[name]) for name in ("python", "cpu", "date") if name in run.machine]
    return ", ".join(known)


def _bars(run: Comparison, operation: str) -> list[tuple[str, float, bool]]:
    if operation not in run.rows or str(_AT_ONCE) not in run.rows[operation]:
        return []
    found = []
    for client, about in run.clients.items():
        cpu = run.best(operation, _AT_ONCE, client, "cpu_us")
        if cpu is not None:
            form = "" if about["form"] == "Pydantic" else f" ({about['form']})"
            found.append((about["name"].replace("`", "") + form, cpu, client == OURS))
    return sorted(found, key=lambda bar: bar[1])


def _panel(title: str, bars: Sequence[tuple[str, float, bool]], top: int) -> str:
    most = max(bar[1] for bar in bars)
    parts = [f'<text class="quiet" x="12" y="{top + 8}">{escape(title)}</text>']
    for number, (name, cpu, is_ours) in enumerate(bars):
        y = top + 18 + _STEP * number
        width = max(cpu / most * (_WIDTH - _LABELS - 90), 1)
        own = " own" if is_ours else ""
        parts.append(
            f'<text class="name{own}" x="{_LABELS}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="{"ours" if is_ours else "peer"}" x="{_LABELS + 8}" y="{y}" width="{width:.1f}" '
            f'height="{_BAR}" rx="2"/>'
            f'<text class="figure{own}" x="{_LABELS + 14 + width:.1f}" y="{y + 11}">{cpu:,.0f}</text>'
        )
    return "".join(parts)
