"""Gives the members of a zip as both of its directories describe them, whatever the flags say.

Where the strict reader refuses, a loader may still open: checksums, encryption and reserved
flags are not believed here, and what can be inflated is given. APPNOTE.TXT 6.3.10, 4.3 and 4.4.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from certification.readers.inflating import inflated
from certification.readers.mapped import Buffer, find

_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_LOCAL_SIZE = 30
_CENTRAL_SIZE = 46
_END_SEARCH = 66 * 1024
_STORED, _DEFLATED = 0, 8
_UNSET = 0xFFFFFFFF
_ZIP64 = 1
_MAX_NAME = 300


@dataclass(frozen=True, slots=True)
class Member:
    """One member: `content` is the offset of its packed bytes; `size` is their number, or 0
    when only the deflated content itself knows."""

    name: str
    method: int
    content: int
    size: int

    @property
    def stored(self) -> bool:
        """Whether the content stands in the file as it is."""
        return self.method == _STORED

    def read(self, data: Buffer, limit: int) -> tuple[bytes, str]:
        """The content, cut at `limit` bytes, and what was wrong with it or ""."""
        if self.stored:
            raw = bytes(data[self.content : self.content + min(self.size, limit)])
            return raw, "" if len(raw) == self.size else "is cut short or over the limit"
        if self.method != _DEFLATED:
            return b"", f"uses compression method {self.method}, which is not opened"
        end = min(self.content + self.size, len(data)) if self.size else len(data)
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            raw, _, whole = inflated(unpacker, data, self.content, end, max(limit, 1))
        except zlib.error as fault:
            return b"", f"does not inflate ({fault})"
        return raw, "" if whole else "is cut short or over the limit"


def opens_as_zip(data: Buffer) -> bool:
    """Whether a zip starts here, or ends here as readers that search from the end find it."""
    if data[:4] in {_LOCAL, _END}:
        return True
    return data.rfind(_END, max(0, len(data) - _END_SEARCH)) >= 0 and find(data, _LOCAL) >= 0


def members(data: Buffer, most: int) -> Iterator[Member]:
    """At most `most` + 1 members of each directory; those both agree on come once."""
    seen: set[Member] = set()
    for source in (_by_central(data), _by_local(data)):
        for count, member in enumerate(source):
            if count > most:
                break
            if member not in seen:
                seen.add(member)
                yield member


def _by_central(data: Buffer) -> Iterator[Member]:
    base = max(find(data, _LOCAL), 0)
    at = find(data, _CENTRAL)
    while 0 <= at <= len(data) - _CENTRAL_SIZE:
        method, packed, unpacked, name_size, extra_size, offset = struct.unpack_from(
            "<10xH8xIIHH10xI", data, at
        )
        name_at = at + _CENTRAL_SIZE
        name = data[name_at : name_at + name_size].decode("utf-8", "replace")
        extra = data[name_at + name_size : name_at + name_size + extra_size]
        packed, offset = _wide(extra, unpacked=unpacked, packed=packed, offset=offset)
        for start in dict.fromkeys((offset, offset + base)):
            if data[start : start + 4] == _LOCAL and start <= len(data) - _LOCAL_SIZE:
                sizes = struct.unpack_from("<HH", data, start + 26)
                yield Member(name[:_MAX_NAME], method, start + _LOCAL_SIZE + sum(sizes), packed)
        at = find(data, _CENTRAL, name_at + name_size)


def _by_local(data: Buffer) -> Iterator[Member]:
    at = find(data, _LOCAL)
    while 0 <= at <= len(data) - _LOCAL_SIZE:
        method, packed, unpacked, name_size, extra_size = struct.unpack_from("<8xH8xIIHH", data, at)
        start = at + _LOCAL_SIZE + name_size
        name = data[at + _LOCAL_SIZE : start].decode("utf-8", "replace")
        extra = data[start : start + extra_size]
        packed, _ = _wide(extra, unpacked=unpacked, packed=packed, offset=0)
        if packed or method == _DEFLATED:
            yield Member(name[:_MAX_NAME], method, start + extra_size, packed)
        at = find(data, _LOCAL, start + extra_size)


def _wide(extra: bytes, *, unpacked: int, packed: int, offset: int) -> tuple[int, int]:
    """Packed size and offset, from the zip64 field where the 32-bit ones are unset."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == _ZIP64:
            words = [
                int.from_bytes(extra[n : n + 8], "little")
                for n in range(at + 4, min(at + 4 + size, len(extra)) - 7, 8)
            ]
            unset = [unpacked == _UNSET, packed == _UNSET, offset == _UNSET]
            wide = dict(zip([n for n, missing in enumerate(unset) if missing], words, strict=False))
            packed, offset = wide.get(1, packed), wide.get(2, offset)
        at += 4 + size
    return packed, offset
