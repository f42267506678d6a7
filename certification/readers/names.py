"""How near two names are to the eye and to a hurried hand."""

import re
from enum import StrEnum
from functools import lru_cache

from certification.readers.folding import skeleton

#: Names this short are near each other by chance.
_SHORT, _LONG = 6, 11
_SEPARATORS = re.compile(r"[-_.\s]+")
_SEEN = str.maketrans({"1": "l", "i": "l", "0": "o", "5": "s", "3": "e"})
_LETTERS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
#: What is added to a known name to pass for the real one, and what says only what sort it is.
_BOASTS = frozenset(
    {"official", "original", "real", "verified", "secure", "safe", "trusted", "genuine"}
)
_SORTS = frozenset(
    {"mcp", "server", "skill", "skills", "plugin", "agent", "ai", "tool", "tools"} | {"py", "js"}
)


class Likeness(StrEnum):
    LOOKS = "looks the same as"
    SEPARATED = "is told only by its separators from"
    TYPED = "is one slip of the finger away from"
    BOASTS = "adds a word of trust to"


def likeness(name: str, known: str) -> Likeness | None:
    """How `name` may be taken for `known`; None when it may not, or is that very name."""
    if name == known:
        return None
    if _seen(name) == _seen(known):
        same = _SEPARATORS.sub("", name) == _SEPARATORS.sub("", known)
        return Likeness.SEPARATED if same else Likeness.LOOKS
    words, others = set(_words(name)), set(_words(known))
    if words - others and words - others <= _BOASTS | _SORTS and others <= words:
        return Likeness.BOASTS if (words - others) & _BOASTS else None
    return Likeness.TYPED if _slip(_bare(name), _bare(known)) else None


def distance(one: str, other: str, limit: int) -> int:
    """Damerau-Levenshtein distance (optimal string alignment), or limit + 1 when it is more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        after = [i]
        for j, letter in enumerate(other, 1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (char != letter))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == letter:
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        if min(after) > limit:
            return limit + 1
        before, row = row, after
    return min(row[-1], limit + 1)


def _slip(one: str, other: str) -> bool:
    """One slip in a name of some length, two in a long one; numbers are told apart on purpose."""
    shorter = min(len(one), len(other))
    if shorter < _SHORT or re.sub(r"\d", "", one) == re.sub(r"\d", "", other):
        return False
    limit = 2 if shorter >= _LONG else 1
    if len(set(one) ^ set(other)) > 2 * limit:
        return False
    return distance(one, other, limit) <= limit


@lru_cache(maxsize=4_096)  # each known name is compared with every other
def _seen(name: str) -> str:
    seen = _SEPARATORS.sub("", skeleton(name)).translate(_SEEN)
    for pair, letter in _LETTERS:
        seen = seen.replace(pair, letter)
    return seen


@lru_cache(maxsize=4_096)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word for word in _SEPARATORS.split(skeleton(name)) if word)


def _bare(name: str) -> str:
    """The name without what says only what sort of thing it is."""
    return "".join(word for word in _words(name) if word not in _SORTS)
