"""Inflates one compressed stream piece by piece, whatever stands behind it."""

from typing import Protocol

from certification.readers.mapped import Buffer

_BLOCK = 256 * 1024
_PIECE = 16 * 1024 * 1024


class Unpacker(Protocol):
    """What zlib, bz2 and lzma have in common."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What stood behind its end in the last input."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most `max_length` bytes; raises the errors of its library."""
        ...


def inflated(
    unpacker: Unpacker, data: Buffer, start: int, end: int, limit: int
) -> tuple[bytes, int, bool]:
    """At most `limit` bytes of the stream at `start`, the offset behind it, and whether it ended.

    Reads no byte from `end` on, and holds no more of the input than one block.
    """
    content = bytearray()
    at = start
    while not unpacker.eof and at < end and len(content) < limit:
        block = data[at : min(at + _BLOCK, end)]
        at += len(block)
        _drain(unpacker, block, content, limit)
    return bytes(content), at - len(unpacker.unused_data), unpacker.eof


def _drain(unpacker: Unpacker, block: bytes, content: bytearray, limit: int) -> None:
    """All that a block inflates to, up to the limit."""
    rest, full = block, True
    while (rest or full) and not unpacker.eof and len(content) < limit:
        room = min(limit - len(content), _PIECE)
        piece = unpacker.decompress(rest, room)
        content += piece
        rest = getattr(unpacker, "unconsumed_tail", b"")  # of zlib only; the others keep it
        full = len(piece) == room
