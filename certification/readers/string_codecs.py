"""Undoes the encodings that hide strings in program code, within bounds."""

import base64
import binascii
import codecs
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote_to_bytes

MAX_STRING = 65_536
MAX_ELEMENTS = 20_000


@dataclass(frozen=True, slots=True)
class Folded:
    """A literal value as text (bytes as Latin-1). `hidden` says that an encoding had to be undone
    to read it; parts that are not literal are left out."""

    text: str
    hidden: bool = False


def joined(parts: Iterable[Folded | None], separator: str = "") -> Folded | None:
    """The parts that are known, in a row; None when none is."""
    known = [part for part in islice(parts, MAX_ELEMENTS) if part is not None]
    if not known:
        return None
    return Folded(separator.join(p.text for p in known), any(p.hidden for p in known))


def decoded(codec: str, text: str) -> str | None:
    """The text (bytes as Latin-1) that an encoding of this name hides; None when it is none."""
    undo = _CODECS.get(codec)
    if undo is None:
        return None
    try:
        return undo(text[:MAX_STRING].encode("latin-1", "replace")).decode("latin-1")
    except (ValueError, zlib.error):
        return None


def _base64(data: bytes) -> bytes:
    return base64.b64decode(data.translate(bytes.maketrans(b"-_", b"+/")) + b"==")


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, MAX_STRING)


def _rotated(data: bytes) -> bytes:
    return codecs.decode(data.decode("latin-1"), "rot13").encode("latin-1")


_CODECS: dict[str, Callable[[bytes], bytes]] = {
    "base64": _base64,
    "base64url": _base64,
    "base32": base64.b32decode,
    "base16": base64.b16decode,
    "base85": base64.b85decode,
    "ascii85": base64.a85decode,
    "hex": binascii.unhexlify,
    "hex_codec": binascii.unhexlify,
    "zlib": _inflated,
    "rot13": _rotated,
    "rot_13": _rotated,
    "url": unquote_to_bytes,
}
