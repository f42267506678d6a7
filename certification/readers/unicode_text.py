"""Characters that a person does not see and a model reads, with what they spell."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_TAG_BASE = 0xE0000
_FLAG = "\U0001f3f4"
_CANCEL = "\U000e007f"
_REGION = re.compile(r"[a-z]{2}[a-z0-9]{1,3}", re.ASCII)
_ZWNJ, _ZWJ, _ZWSP = "\u200c", "\u200d", "\u200b"
_OVERRIDES = frozenset("\u202d\u202e")
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS = frozenset("\u200e\u200f\u061c")
_ESCAPES = re.compile(r"\x1b\[([0-9;]*)m|\x1b[\[\]P^_]|\x9b")
_CONCEAL = frozenset({"8", "08"})
_HIDDEN = re.compile(
    "[\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_GAP = re.compile(r"(?:[ \t\u3000]{200,}|(?:[ \t]*+\r?\n){40,}+)")
#: Scripts that are written with joiners or without spaces, by the start of a character's name.
_JOINED = (
    "ARABIC", "SYRIAC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU",
    "KANNADA", "MALAYALAM", "SINHALA", "MONGOLIAN", "TIBETAN", "THAI", "LAO", "KHMER", "MYANMAR",
    "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "NKO", "BALINESE", "JAVANESE",
)  # fmt: skip
_LONG_RUN = 8
_BITS = 8


class Hiding(StrEnum):
    TAGS = "tags"
    SELECTORS = "variation-selectors"
    BITS = "zero-width-bits"
    OVERRIDE = "bidi-override"
    DIRECTION = "bidi"
    SPLIT = "split-word"
    INVISIBLE = "invisible"
    CONCEALED = "ansi-concealed"
    ESCAPE = "ansi-escape"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Hidden:
    """One hidden thing: where (index into the text), how many characters, what it spells."""

    hiding: Hiding
    start: int
    length: int
    spells: str = ""


def hidden_in(text: str) -> list[Hidden]:
    """Everything hidden, in order; what writing systems and emoji need is left out."""
    found = [hidden for match in _HIDDEN.finditer(text) if (hidden := _judge(text, match))]
    for match in _ESCAPES.finditer(text):
        concealed = bool(_CONCEAL & set((match[1] or "").split(";")))
        kind = Hiding.CONCEALED if concealed else Hiding.ESCAPE
        found.append(Hidden(kind, match.start(), len(match[0])))
    found += [
        Hidden(Hiding.GAP, match.start(), len(match[0]))
        for match in _GAP.finditer(text)
        if match.end() < len(text)
    ]
    return sorted(found, key=lambda hidden: hidden.start)


def visible(text: str) -> str:
    """The text as a model may understand it: tags decoded, other hidden characters removed."""
    decoded = re.sub("[\U000e0020-\U000e007e]", lambda m: chr(ord(m[0]) - _TAG_BASE), text)
    return _ESCAPES.sub("", _HIDDEN.sub("", decoded))


def _judge(text: str, match: "re.Match[str]") -> Hidden | None:
    run, start = match[0], match.start()
    before = text[start - 1 : start]
    after = text[match.end() : match.end() + 1]
    found = _long(run, start, before)
    if found is not None or _flagged(run, before):
        return found
    if set(run) & _DIRECTIONS:
        return _direction(text, match)
    if _needed(run, start, before, after):
        return None
    word = before.isascii() and after.isascii() and before.isalpha() and after.isalpha()
    return Hidden(Hiding.SPLIT if word else Hiding.INVISIBLE, start, len(run))


def _long(run: str, start: int, before: str) -> Hidden | None:
    """Runs that carry a message of their own."""
    tags = [c for c in run if "\U000e0020" <= c <= "\U000e007e"]
    if tags and not _flagged(run, before):
        return Hidden(Hiding.TAGS, start, len(run), "".join(chr(ord(c) - _TAG_BASE) for c in tags))
    selectors = [value for c in run if (value := _selector(c)) is not None]
    if len(selectors) > 1:
        spelt = bytes(selectors).decode("utf-8", "replace")
        return Hidden(Hiding.SELECTORS, start, len(run), spelt)
    if len(run) >= _LONG_RUN:
        return Hidden(Hiding.BITS, start, len(run), _bits(run))
    return None


def _flagged(run: str, before: str) -> bool:
    """A flag of a region, such as Scotland's, is a black flag and tags."""
    if before != _FLAG or not run.endswith(_CANCEL):
        return False
    return _REGION.fullmatch("".join(chr(ord(c) & 0x7F) for c in run[:-1])) is not None


def _selector(char: str) -> int | None:
    """The byte a variation selector can carry."""
    if "\ufe00" <= char <= "\ufe0f":
        return ord(char) - 0xFE00
    if "\U000e0100" <= char <= "\U000e01ef":
        return ord(char) - 0xE0100 + 16
    return None


def _bits(run: str) -> str:
    """The text when two zero-width characters stand for 0 and 1; empty otherwise."""
    signs = sorted(set(run))
    if len(signs) != len(("0", "1")):
        return ""
    digits = "".join(str(signs.index(c)) for c in run)
    octets = [digits[i : i + _BITS] for i in range(0, len(digits) - _BITS + 1, _BITS)]
    return bytes(int(octet, 2) for octet in octets).decode("utf-8", "replace")


def _direction(text: str, match: "re.Match[str]") -> Hidden | None:
    if set(match[0]) & _OVERRIDES:
        return Hidden(Hiding.OVERRIDE, match.start(), len(match[0]))
    line_start = text.rfind("\n", 0, match.start()) + 1
    line_end = text.find("\n", match.end())
    line = text[line_start : line_end if line_end >= 0 else len(text)][:10_000]
    if any(unicodedata.bidirectional(c) in {"R", "AL"} for c in line):
        return None
    return Hidden(Hiding.DIRECTION, match.start(), len(match[0]))


def _needed(run: str, start: int, before: str, after: str) -> bool:
    """Whether the writing system, an emoji or a byte order mark explains a short run."""
    mark = set(run) <= _MARKS or (run == "\ufeff" and start == 0)
    selects = _selector(run[0]) is not None and run[1:] in {"", _ZWJ} and bool(before.strip())
    emoji = _ZWJ in run and unicodedata.category(before or " ") in {"So", "Sk", "Mn"}
    return mark or selects or emoji or _joins(before) or _joins(after)


def _joins(char: str) -> bool:
    return bool(char) and unicodedata.name(char, "").startswith(_JOINED)
