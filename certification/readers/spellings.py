"""What encoded passages of a text spell: a model decodes what a person reads over."""

import base64
import codecs
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

_MAX_RUNS = 64
_MIN_PLAIN = 12
_LONGEST = 60_000
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_:,;=-])"
    r"([A-Za-z0-9+/_-]{16,}+(?:(?:\\n|\s){1,3}+[A-Za-z0-9+/_-]{16,}+)*+={0,2}+)"
)
_HEX = re.compile(r"(?<![0-9a-zA-Z])(?:0x)?([0-9a-fA-F]{2}(?:[ :,]?+[0-9a-fA-F]{2}){15,}+)")
_ESCAPED = re.compile(
    r"(?:\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[0-7]{3}|%[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{2,6};){6}"
)
_CODE = re.compile(r"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})")
_BINARY = re.compile(r"(?<![01])((?:[01]{8}\s?+){8,}+)(?![01])")
_SPACED = re.compile(
    r"(?<!\w)(?:[^\W_]([ .\-_*|~+]{1,2}))(?:[^\W_][ .\-_*|~+]{1,4}){8,400}[^\W_](?!\w)"
)
_WORDLIKE = re.compile(
    r"(?<![a-z])[a-z]{2,}(?:['\u2019][a-z]*)?(?: [a-z~/.'_-]+){2,}", re.IGNORECASE
)
_LEET = str.maketrans("013457@$", "oieastas")
_LEET_WORD = re.compile(r"(?<![\w-])(?=\w*[a-z@$])(?=\w*[013457@$])[a-z0-9@$]{2,}(?![\w-])")
_WORD = re.compile(r"[^\W\d_]+")
_FEW, _SHORT = 2, 3
#: Enough of the vocabulary of orders to tell that a text reads as one when turned round.
_TELLING = (
    "ignore", "previous", "instruction", "secret", "password", "token", "https://", "upload",
    "the user", "system", "private", "credential", "api key",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a passage spells, how it was written, and where (index into the text)."""

    how: str
    start: int
    text: str
    whole: bool = False  # the whole text, turned


def spellings(text: str, lower: str) -> Iterator[Spelling]:
    """Everything that a text (given also in lower case) says in another writing."""
    for how, pattern, decode in _RUNS:
        for match, _ in zip(pattern.finditer(text), range(_MAX_RUNS), strict=False):
            plain = decode(match[1])
            if len(plain) >= _MIN_PLAIN and _WORDLIKE.search(plain):
                yield Spelling(how, match.start(), plain)
    if (escaped := _ESCAPED.search(text)) is not None:
        yield Spelling("escapes", escaped.start(), _unescaped(text), whole=True)
    yield from _turned(lower)
    leet = _LEET_WORD.findall(lower)
    if sum(len(word) > _SHORT for word in leet) > _FEW:
        yield Spelling(
            "leetspeak", 0, _LEET_WORD.sub(lambda m: m[0].translate(_LEET), lower), whole=True
        )
    for match, _ in zip(_SPACED.finditer(lower), range(_MAX_RUNS), strict=False):
        yield Spelling("spaced letters", match.start(), _joined(match[0], match[1]))


def _turned(lower: str) -> Iterator[Spelling]:
    for how, turn, words in _TURNED:
        if sum(word in lower for word in words) >= _FEW:
            yield Spelling(how, 0, turn(lower), whole=True)
            if turn is _reversed:
                yield Spelling(how, 0, _WORD.sub(lambda word: word[0][::-1], lower), whole=True)


def _rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


def _reversed(text: str) -> str:
    return text[::-1]


def _joined(run: str, gap: str) -> str:
    """Letters put together again; a longer gap than the usual one was a space."""
    letters = [re.sub(r"[ .\-_*|~+]", "", part) for part in re.split(re.escape(gap) + r"\s+", run)]
    return " ".join(letters)


def _base64(run: str) -> str:
    if run.islower() or run.isdigit():
        return ""
    data = re.sub(r"\\n|\s", "", run[:_LONGEST]).rstrip("=")
    whole = data[: len(data) - (len(data) % 4 == 1)]
    altchars = b"-_" if set("-_") & set(whole) else None
    plain = base64.b64decode(whole + "=" * (-len(whole) % 4), altchars=altchars)
    return plain.decode("utf-8", "replace")


def _hexadecimal(run: str) -> str:
    digits = re.sub(r"[ :,]", "", run[:_LONGEST])
    return bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("utf-8", "replace")


def _binary(run: str) -> str:
    bits = "".join(run[:_LONGEST].split())
    octets = [bits[at : at + 8] for at in range(0, len(bits) - 7, 8)]
    return bytes(int(octet, 2) for octet in octets).decode("utf-8", "replace")


def _unescaped(text: str) -> str:
    plain = html.unescape(unquote(text))
    return _CODE.sub(lambda match: chr(int(match[1] or match[2], 16)), plain)


#: How a whole text may be turned, and what telling words then look like.
_TURNED: tuple[tuple[str, Callable[[str], str], tuple[str, ...]], ...] = tuple(
    (how, turn, tuple(map(turn, _TELLING)))
    for how, turn in (("rot13", _rot13), ("reversed", _reversed))
)
_RUNS: tuple[tuple[str, "re.Pattern[str]", Callable[[str], str]], ...] = (
    ("base64", _BASE64, _base64),
    ("hexadecimal", _HEX, _hexadecimal),
    ("binary", _BINARY, _binary),
)
