"""Walks protocol buffer wire format without a schema, bounded by the enclosing message."""

from collections.abc import Iterator
from dataclasses import dataclass

from certification.readers.mapped import Buffer

MAX_VARINT = 10
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
#: A field of so many bytes at the most is read as text.
MAX_TEXT = 4096


class WireError(ValueError):
    """The bytes at the offset in the message are not wire format."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its number, a varint's value, and the bytes [start, end) of the rest."""

    number: int
    value: int
    start: int
    end: int
    sized: bool  # a string, bytes or a message

    def text(self, data: Buffer) -> str:
        """The field as text, bad UTF-8 replaced, cut at MAX_TEXT bytes."""
        cut = min(self.end, self.start + MAX_TEXT)
        return bytes(data[self.start : cut]).decode("utf-8", "replace")


def fields(data: Buffer, start: int, end: int) -> Iterator[Field]:
    """The fields of the message in [start, end) in order; raises WireError."""
    at = start
    while at < end:
        tag, at = _varint(data, at, end)
        number, wire = tag >> 3, tag & 7
        value, size = 0, 0
        begin = at
        if wire == _VARINT:
            value, at = _varint(data, at, end)
        elif wire == _BYTES:
            size, begin = _varint(data, at, end)
        elif wire in _WIDTHS:
            size = _WIDTHS[wire]
        else:
            raise WireError(f"wire type {wire} at byte {at}")
        if number == 0 or size > end - begin:
            raise WireError(f"field {number} at byte {at} does not fit its message")
        at = max(at, begin + size)
        yield Field(number, value, begin, begin + size, wire == _BYTES)


def _varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    value = 0
    for count in range(MAX_VARINT):
        if at + count >= end:
            break
        byte = data[at + count]
        value |= (byte & 0x7F) << (7 * count)
        if not byte & 0x80:
            return value, at + count + 1
    raise WireError(f"a number at byte {at} does not end")
