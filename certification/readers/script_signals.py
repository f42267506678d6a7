"""What scripts and commands do, read from their text: enough to join them with what a skill says.

The rules are data: the pack `behaviour`."""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from certification import rulepacks
from certification.readers.folding import folded
from certification.readers.patience import Patience
from certification.readers.spellings import spellings
from certification.types import Level

PACK = "behaviour"


class Deed(StrEnum):
    """What a script does; the names are those of the pack."""

    READS = "reads"
    HARVESTS = "harvests"
    SENDS = "sends"
    FETCHES = "fetches"
    DECODES = "decodes"
    SHELLS = "shells"
    PERSISTS = "persists"
    DESTROYS = "destroys"
    BLINDS = "blinds"


@dataclass(frozen=True, slots=True)
class Done:
    """One thing a script does; `line` is 0-based."""

    deed: Deed
    line: int
    excerpt: str


#: The seam in "a" + "b".
_ADDED = re.compile(r"""(["'`])\s*\+\s*\1""")
_COMMENT = re.compile(r"(?m)^[ \t]*(?:#|//)[^\n]*$")
_EXCERPT = 160


def deeds_in(script: str) -> tuple[Done, ...]:
    """The first of every deed in a script's text, also in what its literals encode. Raises
    TooLongError."""
    patience = Patience()
    text = folded(_ADDED.sub("", _COMMENT.sub("", script)))
    found = _found(text, patience)
    for spelling in spellings(script, text):
        line = script.count("\n", 0, spelling.start)
        for done in _found(folded(spelling.text), patience).values():
            found.setdefault(done.deed, Done(done.deed, line, done.excerpt))
    return tuple(found.values())


def says(deed: Deed) -> str:
    """The deed as the end of a sentence that begins with the file's name."""
    return str(_data()[deed]["says"])


def alone(deed: Deed) -> Level | None:
    """How grave the deed is by itself."""
    level = _data()[deed].get("alone")
    return None if level is None else Level(level)


def _found(text: str, patience: Patience) -> dict[Deed, Done]:
    return {
        deed: Done(deed, text.count("\n", 0, match.start()), match[0][:_EXCERPT])
        for deed, patterns in _patterns().items()
        if (match := next((m for p in patterns for m in patience.finditer(p, text)), None))
    }


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(rulepacks.data(PACK, "scripts.toml").decode())


@cache
def _patterns() -> dict[Deed, tuple["re.Pattern[str]", ...]]:
    terms = tomllib.loads(rulepacks.data("intent", "terms.toml").decode())
    return {
        deed: tuple(
            re.compile(pattern.replace("%installers%", terms["installers"]))
            for pattern in _data()[deed]["patterns"]
        )
        for deed in Deed
    }
