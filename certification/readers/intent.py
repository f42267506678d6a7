"""What a text asks a model to do, as signals: precedence, concealment, sources, sinks, consent."""

import base64
import binascii
import re
import tomllib
import unicodedata
from enum import StrEnum
from pathlib import Path

from certification.readers.unicode_text import visible


class Signal(StrEnum):
    OVERRIDE = "claims precedence over other instructions"
    CONCEAL = "asks to keep something from the user"
    SOURCE = "names private data"
    SINK = "sends data away"
    CONSENT = "goes around the user's consent"
    EXECUTE = "runs downloaded code"
    PERSIST = "changes settings or memory that outlive the task"
    DECODE = "hides text in an encoding"
    GRANT = "grants itself every permission"
    LOOK_ALIKE = "takes a name that looks like another"
    WITHHELD = "asks for secrets as a tool's parameter"


_HOMOGLYPHS = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0455\u04bb\u0501\u051b\u0261\u03bf\u03b1\u0458",
    "aeopcxyishdlgoaj",
)
_ENCODED = re.compile(
    r"(?<![A-Za-z0-9+/:,;=])(?:0x)?((?:[0-9a-f]{2}){16,2000}|[A-Za-z0-9+/]{24,4000}={0,2})(?![A-Za-z0-9+/])"
)
_WORDLIKE = re.compile(r"[a-z]{2,}(?:['\u2019]?[a-z]*)(?: [a-z~/.'_-]+){3,}", re.IGNORECASE)
_QUOTES = frozenset("\"'`\u201c\u2018\u00ab\u300c")

_RULES = tomllib.loads(Path(__file__).with_name("intent_patterns.toml").read_text("utf-8"))
_COMPILED = {
    signal: tuple(re.compile(p, re.IGNORECASE) for p in _RULES[signal.name.casefold()]["patterns"])
    for signal in Signal
    if signal.name.casefold() in _RULES
}
_ROLE_TOKENS = re.compile(r"<\|?(?:im_start|system|start_header_id)\|?>|\[/?INST\]|<<SYS>>")
#: Phrases that a text may quote in order to talk about them.
_SPOKEN = frozenset({Signal.OVERRIDE, Signal.CONCEAL, Signal.CONSENT})


#: Two of these in one passage work against the user.
_PAIRS = (
    frozenset({Signal.SOURCE, Signal.SINK}),
    frozenset({Signal.OVERRIDE, Signal.SOURCE}),
    frozenset({Signal.OVERRIDE, Signal.SINK}),
    frozenset({Signal.OVERRIDE, Signal.CONCEAL}),
    frozenset({Signal.OVERRIDE, Signal.CONSENT}),
    frozenset({Signal.OVERRIDE, Signal.EXECUTE}),
    frozenset({Signal.CONCEAL, Signal.SOURCE}),
    frozenset({Signal.CONCEAL, Signal.SINK}),
    frozenset({Signal.CONCEAL, Signal.EXECUTE}),
    frozenset({Signal.CONCEAL, Signal.PERSIST}),
    frozenset({Signal.CONSENT, Signal.EXECUTE}),
    frozenset({Signal.CONSENT, Signal.PERSIST}),
    frozenset({Signal.EXECUTE, Signal.PERSIST}),
)
#: Each of these by itself deserves a look.
ALONE = (
    Signal.OVERRIDE,
    Signal.CONCEAL,
    Signal.WITHHELD,
    Signal.DECODE,
    Signal.PERSIST,
    Signal.EXECUTE,
    Signal.GRANT,
    Signal.LOOK_ALIKE,
)


def normalised(text: str) -> str:
    """NFKC, hidden characters decoded or dropped, Cyrillic and Greek look-alikes folded."""
    return unicodedata.normalize("NFKC", visible(text)).translate(_HOMOGLYPHS)


def signals_in(text: str) -> frozenset[Signal]:
    """Signals in a normalised passage. A phrase that stands in quotes is talked about, not said,
    and a chat template has to write role tokens."""
    said = _ROLE_TOKENS.sub("", text) if "{%" in text else text
    found = {
        signal
        for signal, patterns in _COMPILED.items()
        if any(_said(said, signal, pattern) for pattern in patterns)
    }
    for hidden in decoded(text):
        inner = {s for s, patterns in _COMPILED.items() if any(p.search(hidden) for p in patterns)}
        found |= inner | {Signal.DECODE} if inner else set()
    return frozenset(found)


def pair_in(found: frozenset[Signal]) -> frozenset[Signal] | None:
    """Two signals that together work against the user, if they are among these."""
    return next((pair for pair in _PAIRS if pair <= found), None)


def _said(text: str, signal: Signal, pattern: "re.Pattern[str]") -> bool:
    return any(
        signal not in _SPOKEN or text[match.start() - 1 : match.start()] not in _QUOTES
        for match in pattern.finditer(text)
    )


def decoded(text: str) -> list[str]:
    """What base64 and hexadecimal runs in the text spell, where that is English-like text."""
    return [plain for match in _ENCODED.finditer(text) if (plain := _plain(match[1]))]


def _plain(run: str) -> str:
    try:
        if re.fullmatch(r"[0-9a-fA-F]+", run):
            data = bytes.fromhex(run)
        else:
            data = base64.b64decode(run + "=" * (-len(run) % 4))
        plain = data.decode()
    except (ValueError, binascii.Error):
        return ""
    return plain if _WORDLIKE.search(plain) else ""
