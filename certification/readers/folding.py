"""Folds a text to what it says, whichever characters it is written with."""

import re
import unicodedata

from certification.readers.unicode_text import visible

#: Letters of other scripts, and small capitals, that look like the Latin letter below each.
_LOOKS = (
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0455\u04bb\u0501\u051b\u0261\u03bf\u03b1\u0458"
    "\u0440\u0432\u043d\u043c\u0442\u043a\u03c1\u03bd\u03c5\u03b9\u03ba\u03c4\u0585\u057d\u0570\u0578"
    "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18"
    "\u0280\ua731\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22\u0131\u0251\u0525\u04cf\u04cd\u044c\u051d\u0475"
    "\u03f2\u03f3\u0237\u217c\u0493\u03b3\u03b5\u03b7"
)
_LATIN = "aeopcxyishdlgoajpbhmtkpvuiktouhnabcdefghijklmnoprstuvwyziaplibwvcjjlfyen"
_LETTERS = dict(zip(map(ord, _LOOKS), _LATIN, strict=True))
_WORD = re.compile(r"[^\W\d_]++")
_LATIN_LETTER = re.compile(r"[a-z]")
_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+|[\u064b-\u0655\u0670\u0640]+")
_PLAIN_QUOTES = str.maketrans(
    "\u2018\u2019\u201b\u02bc\u00b4\u201c\u201d\u201e\u2013\u2014", "'''''\"\"\"--"
)
_ACCENTED = {
    code: base[0]
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00), *range(0x622, 0x627))
    if len(base := unicodedata.normalize("NFD", chr(code))) > 1
}


def folded(text: str) -> str:
    """NFKC, lower case, no accents on Latin letters, hidden characters decoded or dropped, and
    words that only look Latin made so. Lines stay lines."""
    plain = unaccented(visible(unicodedata.normalize("NFKC", text)).casefold())
    if plain.isascii():
        return plain
    mostly_latin = len(_LATIN_LETTER.findall(plain[:20_000])) * 2 > len(plain[:20_000])
    return _WORD.sub(lambda match: _latin(match[0], whole=mostly_latin), plain)


def unaccented(text: str) -> str:
    """NFKC without accents on Latin and vowel signs on Arabic letters; plain quotes and dashes."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).translate(_PLAIN_QUOTES).translate(_ACCENTED)
    return _MARKS.sub("", plain)


def skeleton(word: str) -> str:
    """A name as the eye takes it: folded, every look-alike made Latin."""
    return folded(word).translate(_LETTERS)


def _latin(word: str, *, whole: bool) -> str:
    """The word with look-alikes replaced, when it mixes scripts, or wholly looks Latin in a Latin
    text; else as it is, for Russian is not English in disguise."""
    if word.isascii():
        return word
    latin = word.translate(_LETTERS)
    if latin.isascii() and (whole or _LATIN_LETTER.search(word)):
        return latin
    return word
