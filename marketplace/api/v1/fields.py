"""HTTP header values, parsed strictly and in bounded time."""

import base64
import binascii
import re
from dataclasses import dataclass

from registry.domain.problems import Code, ProblemError

MAX_HEADER_CHARACTERS = 1024
_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII)
SHA256_BYTES = 32


class UnsatisfiableRangeError(ValueError):
    """A range that starts after the end: 416."""


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `start`; `length` is at least 1."""

    start: int
    length: int

    @property
    def last(self) -> int:
        """Position of the last byte."""
        return self.start + self.length - 1


def parse_range(header: str, size: int) -> Span | None:
    """The one range asked for of `size` bytes (RFC 9110, 14.1.2), or None for the whole.

    What is malformed, in another unit or asks for several ranges is ignored, as the RFC allows;
    raises UnsatisfiableRangeError.
    """
    match = _RANGE.fullmatch(header) if len(header) <= MAX_HEADER_CHARACTERS else None
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        start, last = max(0, size - int(match[2])), size - 1
    else:
        start, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < start:
            return None
    if start > last:
        raise UnsatisfiableRangeError
    return Span(start, last - start + 1)


def parse_content_digest(header: str) -> str:
    """The sha-256 of a Content-Digest header (RFC 9530) as sha256:<hex>; raises ProblemError."""
    if len(header) <= MAX_HEADER_CHARACTERS:
        for member in header.split(","):
            key, _, value = member.strip().partition("=")
            if key == "sha-256":
                return _digest(value)
    raise ProblemError(
        Code.INVALID, "Send the part's digest as `Content-Digest: sha-256=:<base64>:`."
    )


def _digest(value: str) -> str:
    encoded = value.removeprefix(":").removesuffix(":")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != SHA256_BYTES or value != f":{encoded}:":
        raise ProblemError(Code.INVALID, "The sha-256 in Content-Digest is not 32 bytes in base64.")
    return f"sha256:{raw.hex()}"
