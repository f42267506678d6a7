"""The shape of API tokens: `assay_<secret><checksum>`, recognisable by secret scanners."""

import hashlib
import secrets
import string
import zlib
from enum import StrEnum

PREFIX = "assay_"
SECRET_CHARACTERS = 38
CHECKSUM_CHARACTERS = 6
_ALPHABET = string.digits + string.ascii_letters


class Scope(StrEnum):
    """What a token may be used for, on top of what its user may do."""

    READ = "read"
    PUBLISH = "publish"
    INSTALL = "install"
    REVIEW = "review"


def generate() -> str:
    """A fresh token with some 226 bits of entropy and a CRC32 checksum in base 62."""
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_CHARACTERS))
    return f"{PREFIX}{secret}{_checksum(secret)}"


def well_formed(text: str) -> bool:
    """Whether the prefix, length and checksum fit; a cheap test before any look-up."""
    body = text.removeprefix(PREFIX)
    if body == text or len(body) != SECRET_CHARACTERS + CHECKSUM_CHARACTERS:
        return False
    secret, checksum = body[:SECRET_CHARACTERS], body[SECRET_CHARACTERS:]
    return body.isascii() and body.isalnum() and checksum == _checksum(secret)


def digest(token: str) -> str:
    """What is stored: the sha256 hex. The entropy makes a slow hash pointless."""
    return hashlib.sha256(token.encode()).hexdigest()


def _checksum(secret: str) -> str:
    number = zlib.crc32(secret.encode())
    characters = ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, remainder = divmod(number, len(_ALPHABET))
        characters = _ALPHABET[remainder] + characters
    return characters
