"""The rules of the pack `intent` (`certification/rules/intent/`), made ready to be matched fast."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from certification import rulepacks
from certification.readers.folding import unaccented
from certification.readers.patience import Patience
from certification.types import Level

PACK = "intent"


class Signal(StrEnum):
    """Each with what is said of a text that has it."""

    OVERRIDE = "claims precedence over other instructions"
    CONCEAL = "asks to keep something from the user"
    COVERT = "works out of sight"
    SOURCE = "names private data"
    PRIVATE = "names secrets"
    KEYS = "names passwords or keys"
    SINK = "sends data away"
    UPLOAD = "uploads files"
    EXFIL = "sends secrets away"
    CONSENT = "goes around the user's consent"
    TRUST = "declares something trusted from now on"
    FATIGUE = "wears the user's consent out"
    EXECUTE = "runs downloaded code"
    FETCH = "follows instructions that are fetched later"
    PERSIST = "changes memory that outlives the task"
    STARTUP = "makes code run at every start"
    OVERSIGHT = "switches off what watches over the agent"
    GRANT = "grants itself every permission"
    AUTHORITY = "claims to speak for someone in authority"
    COERCE = "threatens that nothing works otherwise"
    SHADOW = "directs how other tools are used"
    WITHHELD = "asks for secrets or the conversation as a tool's parameter"
    REVEAL = "asks for the system prompt"
    DROP = "sends things to a certain person or machine"
    COMMENT = "stands in a comment"
    CONTENTS = "wants what is in a file"
    LURE = "talks the user into giving a secret away"
    DEMAND = "makes a condition of it"
    SLOT = "wants it in a parameter"
    ADDRESS = "names an address"
    TRIGGER = "waits for a certain moment"
    ROUTINE = "is to be done with every task"
    DESTROY = "deletes data"
    RUIN = "destroys, locks up or wears out what belongs to the user"
    BACKDOOR = "leaves a way in"
    BIAS = "bends results for or against somebody"
    SPREAD = "spreads to other people or files, or moves money"
    DECODE = "hides text in an encoding"
    LOOK_ALIKE = "takes a name that looks like another"


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern of a signal, and how what it matches is to be taken."""

    signal: Signal
    pattern: "re.Pattern[str]"
    spoken: bool = False
    denied: bool = False
    tools: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two signals, how grave they are together, and how many characters may lie between."""

    level: Level
    within: int
    tools: bool


@dataclass(frozen=True, slots=True)
class Language:
    """The rules of one language: by the first letters of the word they begin with, and those that
    begin with anything. `cue` has to be in a text before they are tried."""

    cue: "re.Pattern[str] | None"
    by_word: dict[str, tuple[Rule, ...]]
    anywhere: tuple[Rule, ...]


_NEAR = {Level.ERROR: 450, Level.WARNING: 220}
_WORD = re.compile(r"\b[a-z0-9]{2,3}")
_KEY = 3
_TERM = re.compile(r"%([a-z]+)%")
_LITERAL = re.compile(r"[a-z0-9]*")


def candidates(
    language: Language, plain: str, patience: Patience
) -> Iterator[tuple[Rule, "re.Match[str]"]]:
    """Every match of every rule in a folded text; raises TooLongError."""
    for word in _WORD.finditer(plain):
        patience.check()
        for key in {word[0], word[0][: _KEY - 1]}:
            for rule in language.by_word.get(key, ()):
                match = rule.pattern.match(plain, word.start())
                if match is not None:
                    yield rule, match
    for rule in language.anywhere:
        for match in patience.finditer(rule.pattern, plain):
            yield rule, match


@cache
def languages() -> tuple[Language, ...]:
    """English, which is always tried, and the others."""
    about = _data("signals.toml")["signal"]
    english = _language(None, [rule for name in about for rule in _rules(name, about[name], about)])
    others = (
        _language(
            re.compile(entries["cue"]),
            [
                rule
                for name, entry in entries.items()
                if name != "cue"
                for rule in _rules(name, entry, about)
            ],
        )
        for entries in _data("languages.toml").values()
    )
    return (english, *others)


@cache
def alone() -> dict[Signal, Level]:
    """Signals that say enough by themselves."""
    entries = _data("signals.toml")["signal"].items()
    return {
        Signal[name.upper()]: Level(entry["alone"]) for name, entry in entries if "alone" in entry
    }


@cache
def pairs() -> dict[frozenset[Signal], Pair]:
    """Each two signals that say more together; the graver entry where there are two."""
    entries = sorted(_data("signals.toml")["pairs"], key=lambda entry: entry["level"] == "error")
    return {
        frozenset(Signal[name.upper()] for name in pair): Pair(
            Level(entry["level"]),
            int(entry.get("within", _NEAR[Level(entry["level"])])),
            bool(entry.get("tools")),
        )
        for entry in entries
        for pair in entry["of"]
    }


@cache
def _data(file: str) -> dict[str, Any]:
    return tomllib.loads(rulepacks.data(PACK, file).decode())


def _rules(name: str, entry: dict[str, Any], about: dict[str, Any]) -> list[Rule]:
    flags = about[name]
    return [
        Rule(
            Signal[name.upper()],
            re.compile(_expanded(pattern)),
            spoken=bool(flags.get("spoken")),
            denied=bool(flags.get("denied")),
            tools=bool(flags.get("tools")),
        )
        for pattern in entry["patterns"]
    ]


def _expanded(pattern: str) -> str:
    """The pattern with its terms written out; a term may hold others."""
    terms: dict[str, str] = _data("terms.toml")
    while _TERM.search(pattern):
        pattern = _TERM.sub(lambda match: terms[match[1]], pattern)
    return unaccented(pattern)


def _language(cue: "re.Pattern[str] | None", rules: list[Rule]) -> Language:
    by_word: dict[str, tuple[Rule, ...]] = {}
    anywhere = []
    for rule in rules:
        keys = _beginnings(rule.pattern.pattern)
        for key in keys or ():
            by_word[key] = (*by_word.get(key, ()), rule)
        if keys is None:
            anywhere.append(rule)
    return Language(cue, by_word, tuple(anywhere))


def _beginnings(source: str) -> frozenset[str] | None:
    """The first two or three letters of whatever the pattern matches, when it can only begin with
    a word; else None."""
    parts = [
        _leading(part.removeprefix(r"\b")) if part.startswith(r"\b") else None
        for part in _alternatives(source)
    ]
    return _union(parts)


def _leading(source: str) -> frozenset[str] | None:
    if source.startswith("(?:"):
        end = _closing(source)
        inner = [_leading(part) for part in _alternatives(source[len("(?:") : end])]
        rest = source[end + 1 :]
        if rest.startswith("?"):
            inner.append(_leading(rest[1:]))
        return None if rest.startswith(("*", "{")) else _union(inner)
    literal = _LITERAL.match(source)
    letters = literal[0] if literal else ""
    if source[len(letters) :].startswith(("?", "*", "{")):
        letters = letters[:-1]
    return frozenset({letters[:_KEY]}) if len(letters) >= _KEY - 1 else None


def _union(parts: list[frozenset[str] | None]) -> frozenset[str] | None:
    known = [part for part in parts if part is not None]
    return frozenset().union(*known) if len(known) == len(parts) else None


def _alternatives(source: str) -> list[str]:
    """The pattern split at its outermost bars."""
    parts, start, depth, at = [], 0, 0, 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = source.index("]", at + 2)
        elif char == "|" and depth == 0:
            parts.append(source[start:at])
            start = at + 1
        depth += (char == "(") - (char == ")")
        at += 1
    return [*parts, source[start:]]


def _closing(source: str) -> int:
    """Where the group that the pattern begins with ends."""
    depth = at = 0
    while True:
        char = source[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = source.index("]", at + 2)
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at
        at += 1
