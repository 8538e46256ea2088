"""
Long replies, parsed piece by piece with the parser for whole ones.

A page is `{"Count":2,"Items":[{...},{...}],"ScannedCount":2}`, and a piece is some of the items. To find
where one may end, a pattern looks for what stands between two items and nowhere else: `},{"name":{`. What
stands between two elements of a stored list is `},{"S":"`, or another type's name; `M` alone has a map.
The pattern need not be right, because a piece that parses proves where it ended. JSON is read from left to
right, and what is read next depends on the brackets that are open, only. So if `[[piece]]` is a list of one
list, the parser of the whole text, which stands between two items where the piece begins, stands there
again where it ends; and inside it saw the same text, equally deep.

What is left, the text before the items and that behind the last piece, is parsed as one reply. A string in
the place of the pieces, longer than all else and so no part of it, proves that they are its items.

Wherever anything does not fit, the whole text is parsed in one, and what that gives or raises counts.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any, Final

from dynarepo._transport._json import loads

__all__ = ["LONG", "loads_in_pieces"]

#: The bytes from which on a reply is long.
LONG: Final = 128 * 1024
#: The bytes of a piece, which take about half a millisecond.
_PIECE: Final = 64 * 1024
#: Where the list may begin: the costs of a request may stand before it.
_MAX_HEAD: Final = 16 * 1024

_LIST: Final = re.compile(rb'"Items":\[(?=\{)')
_SEAM: Final = re.compile(rb'\},(?=\{"(?!M")[^"\\]+":\{)')


def loads_in_pieces(text: bytes, piece_bytes: int = _PIECE) -> Generator[None, None, Any]:
    """
    Read JSON text as `loads` does; between any two pieces it yields.

    Raises:
        ValueError: It is no such text.
    """
    start = _LIST.search(text, 0, _MAX_HEAD)
    if start is None:
        return loads(text)
    items: list[Any] = []
    at = start.end()
    while (seam := _SEAM.search(text, at + piece_bytes)) is not None:
        piece = _piece(text[at : seam.start() + 1])
        if piece is None:
            return loads(text)
        items += piece
        at = seam.end()
        yield
    reply = _around(text[: start.end()], items, text[at:])
    return loads(text) if reply is None else reply


def _piece(text: bytes) -> list[Any] | None:
    try:
        lists = loads(b"[[%b]]" % text)
    except ValueError:
        return None
    return lists[0] if len(lists) == 1 else None


def _around(head: bytes, items: list[Any], rest: bytes) -> dict[str, Any] | None:
    """Parse the reply around some items, and put them into it."""
    mark = len(head) + len(rest)
    try:
        reply: Any = loads(b'%b"%b",%b' % (head, b"-" * mark, rest))
    except ValueError:
        return None
    if not isinstance(reply, dict):
        return None
    last = reply.get("Items")
    if not isinstance(last, list) or not last or not isinstance(last[0], str) or len(last[0]) != mark:
        return None
    reply["Items"] = items + last[1:]
    return reply
