"""What DynamoDB leaves of an item for a projection expression."""

from __future__ import annotations

from collections.abc import Iterable

from dynarepo._codec._paths import Path
from dynarepo._wire import WireItem

__all__ = ["project"]


def project(item: WireItem, paths: Iterable[Path]) -> WireItem:
    """Keep what stands at the paths: nested ones keep their nesting, those that lead nowhere vanish."""
    kept: WireItem = {}
    for path in paths:
        _keep(kept, item, path)
    return kept


def _keep(kept: WireItem, item: WireItem, path: Path) -> None:
    step, rest = str(path[0]), path[1:]
    if step not in item:
        return
    if not rest:
        kept[step] = item[step]
        return
    inside: WireItem = kept.get(step, {"M": {}})["M"]
    _keep(inside, item[step].get("M", {}), rest)
    if inside:
        kept[step] = {"M": inside}
