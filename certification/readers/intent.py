"""What a text asks a model to do, as signals, and which of them together work against its user."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from certification.readers.folding import folded
from certification.readers.intent_rules import (
    PACK,
    Rule,
    Signal,
    alone,
    candidates,
    languages,
    pairs,
)
from certification.readers.patience import Patience
from certification.readers.spellings import spellings
from certification.readers.unicode_text import visible
from certification.types import Level

__all__ = ["PACK", "Intent", "Signal", "gravest", "intents_in", "names_private_data"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a passage asks: the signals, gravest first, how grave that is, the line it stands in
    (0-based, from the start of the text), and the words."""

    signals: tuple[Signal, ...]
    level: Level
    line: int
    excerpt: str


@dataclass(frozen=True, slots=True)
class _Hit:
    signal: Signal
    start: int
    end: int


_MAX_HITS, _MAX_NEIGHBOURS = 40, 120
_QUOTES = frozenset("\"'`\u00ab\u300c\u2039")
_PAIRED = '"`'
_QUOTED = re.compile(r"[\"'`*\u00bb\u300d\u203a]")
_VALUE = re.compile(r"(?:[\"']\s*:|[\w\"']\s*=)\s*[\"'][^\"']{0,12}$")
_CLOSING = 90
_AROUND = 240
#: Words of a text that talks about orders to models instead of giving one.
_TALKING = re.compile(
    r"\b(?:such as|for example|e\.g\.|phrases?|patterns?|injections?|jailbreaks?|detect\w*"
    r"|attack(?:s|ers?)?|attempts?|malicious|adversarial|suspicious|red flags?|block(?:s|ed)?"
    r"|reject\w*|refus\w*|filter\w*|scan\w*|lint\w*|checks? (?:for|a|whether)|look(?:s|ing)? for"
    r"|like|threats?|payloads?|exploits?|vulnerab\w*|anti-?patterns?|rationali[sz]ations?"
    r"|excuses?|warning signs?)\b"
)
_DENIED = re.compile(
    r"\b(?:never|not|don't|dont|cannot|can't|avoid|without|nor|no|prevents?|blocks?|rejects?"
    r"|detects?|flags?|forbids?|refuses? to|stop|instead of|rather than|against|could|might|would"
    r"|(?:attackers?|adversar\w+|malware|malicious \w+)(?: can| may| will)?)[ \t]+"
    r"(?:ever |be |to |even |blindly |just |simply |directly |try to |attempt to |you )*[`'\"*]*$"
)
_DENYING_START = re.compile(
    r"(?:^|[.!?;:][ \t]|[\n|])[\s\-*+>#\d.)|`\[\]]*"
    r"(?:[\u274c\u2717\u2718\U0001f6ab\u26d4]|never|do not|don't|avoid|must not|bad:|wrong:)(?!\w)"
    r"(?![^.\n]{0,4}\b(?:forget|fail|hesitate|skip|omit|neglect|mind|worry|stop|wait|miss|let|ask"
    r"|tell|mention)\b)[^.!?;\n|]{0,160}$"
)

#: What an encoded text may well name without being an order.
_WEAK = frozenset(
    {
        Signal.COVERT, Signal.TRIGGER, Signal.PRIVATE, Signal.KEYS, Signal.ROUTINE, Signal.TRUST,
        Signal.COERCE, Signal.UPLOAD, Signal.DEMAND, Signal.SLOT, Signal.ADDRESS,
        Signal.COMMENT, Signal.CONTENTS,
    }
)  # fmt: skip


def intents_in(
    text: str, *, tool: bool = False, patience: Patience | None = None
) -> tuple[Intent, ...]:
    """What the text asks, the gravest of every passage. `tool`: it is part of a tool's definition
    or a string in code, where less is usual than in prose. Raises TooLongError."""
    patience = patience or Patience()
    plain = folded(text)
    found = _intents(plain, _hits(plain, patience, tool=tool), tool=tool)
    known = {signal for intent in found for signal in intent.signals}
    readable = visible(text)
    for spelling in spellings(readable, plain):
        inner = folded(spelling.text)
        hits = _hits(inner, patience, tool=tool)
        told = [
            signal
            for intent in _intents(inner, hits, tool=tool, all_alone=not spelling.whole)
            for signal in intent.signals
            if signal not in known
        ]
        if told:
            line = readable.count("\n", 0, spelling.start)
            said = (Signal.DECODE, *dict.fromkeys(told))
            found.append(Intent(said, Level.ERROR, line, inner[:_AROUND]))
    return tuple(found)


def gravest(intents: "tuple[Intent, ...]") -> Level | None:
    """The level of the gravest of them; None when there is none."""
    levels = {intent.level for intent in intents}
    return next((level for level in (Level.ERROR, Level.WARNING) if level in levels), None)


def names_private_data(text: str) -> bool:
    """Whether the text names a place where secrets are kept."""
    return any(hit.signal is Signal.SOURCE for hit in _hits(folded(text), Patience(), tool=False))


def _hits(plain: str, patience: Patience, *, tool: bool) -> list[_Hit]:
    found: list[_Hit] = []
    counts: Counter[int] = Counter()
    for language in languages():
        if language.cue is not None and language.cue.search(plain) is None:
            continue
        for rule, match in candidates(language, plain, patience):
            if (tool or not rule.tools) and counts[id(rule)] < _MAX_HITS and _said(rule, match):
                counts[id(rule)] += 1
                found.append(_Hit(rule.signal, match.start(), match.end()))
    return sorted(found, key=lambda hit: hit.start)


def _said(rule: Rule, match: "re.Match[str]") -> bool:
    return not (rule.spoken and _talked_about(match)) and not (rule.denied and _taken_back(match))


def _talked_about(match: "re.Match[str]") -> bool:
    """A phrase in quotes, beside words about such phrases, is an example."""
    plain = match.string
    before = plain[max(0, match.start() - _AROUND) : match.start()].rpartition("\n")[2]
    after = plain[match.end() : match.end() + _CLOSING].partition("\n")[0]
    if _VALUE.search(before):
        return False
    opened = before[-1:] in _QUOTES or any(before.count(quote) % 2 for quote in _PAIRED)
    if not opened or _QUOTED.search(after) is None:
        return False
    around = plain[max(0, match.start() - _AROUND) : match.start()]
    return _TALKING.search(around + after) is not None


def _taken_back(match: "re.Match[str]") -> bool:
    before = match.string[max(0, match.start() - 170) : match.start()]
    return _DENIED.search(before[-60:]) is not None or _DENYING_START.search(before) is not None


def _intents(plain: str, hits: list[_Hit], *, tool: bool, all_alone: bool = False) -> list[Intent]:
    """Every two hits that go together, and those that say enough alone; with `all_alone` every
    one that is no common word."""
    found = [
        _intent(plain, pair.level, one, other)
        for one, other in _neighbours(hits)
        if (pair := pairs().get(frozenset({one.signal, other.signal}))) is not None
        and (tool or not pair.tools)
        and _near(plain, one, other, pair.within)
    ]
    paired = {intent.line for intent in found}
    for hit in hits:
        level = alone().get(hit.signal)
        if level is None and all_alone and hit.signal not in _WEAK:
            level = Level.WARNING
        if level is not None:
            intent = _intent(plain, level, hit)
            if intent.line not in paired:
                found.append(intent)
    return found


def _neighbours(hits: list[_Hit]) -> Iterator[tuple[_Hit, _Hit]]:
    """Each hit with the few after it, so that the work grows with the text only."""
    for index, one in enumerate(hits):
        for other in hits[index + 1 : index + 1 + _MAX_NEIGHBOURS]:
            yield one, other


def _near(plain: str, one: _Hit, other: _Hit, limit: int) -> bool:
    """Whether little is written between the two; blank space does not count."""
    first, second = sorted((one, other), key=lambda hit: hit.start)
    if second.start < first.end:
        return True
    between = plain[first.end : second.start]
    return limit > 0 and (
        len(between) <= limit or len("".join(between[: limit * 40].split())) <= limit
    )


def _intent(plain: str, level: Level, *hits: _Hit) -> Intent:
    start = min(hit.start for hit in hits)
    start += len(plain[start:]) - len(plain[start:].lstrip())
    signals = tuple(dict.fromkeys(hit.signal for hit in hits))
    end = max(hit.end for hit in hits)
    return Intent(signals, level, plain.count("\n", 0, start), plain[start : min(end, start + 600)])
