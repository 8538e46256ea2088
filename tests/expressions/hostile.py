"""Names that would do harm if they were pasted anywhere, and what a safe expression looks like."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any, Final

from dynarepo._wire import Payload

__all__ = ["HOSTILE", "RESERVED", "assert_safe"]

#: The words that DynamoDB refuses in expressions, as AWS lists them.
RESERVED: Final = (Path(__file__).parent / "reserved_words.txt").read_text().split()

_FRAGMENTS: Final = (
    "#", ":", ".", ",", "[", "]", "(", ")", "[0]", "[-1]", "[\u0663]", "=", "<>", "<", "<=", "+", "-", " ",
    "  ", "'", '"', "`", "\\", "/", "$", "{", "}", "%", "@", "!", "?", "*", ";", "--", "\0", "\n", "\r\n",
    "\t", "\x7f", "\x1b[2J", "#n0", ":v0", "#n1", ":v1", "#pk", " AND ", " OR ", " NOT ", " BETWEEN ",
    " IN ", " SET ", " ADD ", " REMOVE ", " DELETE ", "attribute_exists(pk)", "attribute_not_exists(#n0)",
    "size(text)", "list_append(a, b)", "contains(tags, :v0)", "begins_with(pk, :v0)",
    "if_not_exists(a, :v0)", "= :v0 OR :v0 = :v0", "pk", "sk", "x1", "a", "__class__", "__proto__",
    "constructor", "model_config", "\u00e9", "\uff21", "\u0430ge", "\u200b", "\u202e", "\u0301",
    "\U0001d41a", "\U0001f642", "\ufeff", "\ud800", "NULL", "true", "0", "1e9", "${jndi:ldap}", "{{7*7}}",
    "<script>", "../",
)  # fmt: skip

#: Alike to fields of the tests, to an eye or in Unicode, and paths to where there is nothing.
_ALIKE: Final = (
    "\u0430ge", "\uff41\uff47\uff45", "Age", "AGE", "age ", " age", "age\0", "age\u200b", "a\u0301ge",
    "note\n", "n\u043ete", "prefs ", "Prefs", "item_id#", ":item_id", "#item_id", "user\uff3fid", "tags[",
    "tags]", "tags[]", "line..text", ".line", "line.", "age.x", "age[0]", "tags.x", "line.missing",
    "line[0]", "listed.x", "note.x", "age" * 30_000, "." * 5_000, "[0]" * 2_000, "a[999999999]",
)  # fmt: skip


def _hostile(number: int) -> list[str]:
    """Make so many different names: all reserved words, and fragments put together."""
    drawn = random.Random(11)  # noqa: S311 - the same each time
    names = dict.fromkeys(["", *RESERVED, *map(str.lower, RESERVED), *map(str.title, RESERVED)])
    names |= dict.fromkeys([*_ALIKE, *_FRAGMENTS])
    names |= dict.fromkeys(a + b for a in RESERVED[:40] for b in (" = :v0", ".x", "[0]", "#n0", "\0"))
    while len(names) < number:
        names["".join(drawn.choices(_FRAGMENTS, k=drawn.randint(1, 6)))] = None
    return list(names)


HOSTILE: Final = _hostile(5_000)

_WORDS: Final = (
    "AND|OR|NOT|BETWEEN|IN|SET|REMOVE|ADD|DELETE|attribute_exists|attribute_not_exists|attribute_type|"
    "begins_with|contains|size|if_not_exists|list_append"
)
_TOKEN: Final = re.compile(rf"#n\d+|:v\d+|\[\d+\]|<>|<=|>=|[=<>(),.+-]|\b(?:{_WORDS})\b|\s+")
_PLACEHOLDER: Final = re.compile(r"[#:]\w+")
_CHARACTERS: Final = re.compile(r"[#:\w\s=<>,().\[\]+-]*", re.ASCII)


def assert_safe(payload: Payload) -> list[str]:
    """Check that expressions consist of placeholders, functions and keywords; give the names behind them."""
    texts: list[Any] = [text for member, text in payload.items() if member.endswith("Expression")]
    names: dict[str, str] = payload.get("ExpressionAttributeNames", {})
    used = {placeholder for text in texts for placeholder in _PLACEHOLDER.findall(text)}
    assert texts
    assert used == names.keys() | payload.get("ExpressionAttributeValues", {}).keys()
    for text in texts:
        assert _CHARACTERS.fullmatch(text)
        assert "".join(_TOKEN.findall(text)) == text
    return list(names.values())
