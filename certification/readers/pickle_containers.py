"""Finds every pickle in a file, by content: bare, concatenated, compressed, in zip, tar or numpy.

Two views of a zip are followed, the central directory and the local headers, because loaders
differ in which they believe. Sizes, counts and depth are bounded; what exceeds a bound or
cannot be opened is reported as not examined, never left out.
"""

import ast
import base64
import binascii
import bz2
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO

from certification.readers.inflating import Unpacker, inflated
from certification.readers.lenient_zip import Member, members, opens_as_zip
from certification.readers.mapped import MAX_READ, Buffer, Reader
from certification.readers.pickle_trace import Trace
from certification.readers.pickles import trace

MAX_DEPTH = 5
MAX_MEMBERS = 20_000
MAX_STREAMS = 64
MAX_UNPACKED = 256 * 1024 * 1024
MAX_NUMPY_HEADER = 64 * 1024
#: Value of the first pickle of a file by torch.save before its zip format.
TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_TORCH_STREAMS = 5
_PICKLE_SUFFIXES = frozenset({
    ".ckpt", ".cloudpickle", ".dill", ".joblib", ".mdl", ".p", ".pdopt", ".pdparams", ".pickle",
    ".pk", ".pkl", ".pt", ".pt2", ".pth", ".sav",
})  # fmt: skip
_WHITESPACE = b" \t\r\n\x00"
_BOM = b"\xef\xbb\xbf"
_MARKS_OF_OTHERS = (b"\x89HDF", b"GGUF", b"\x1c\x00\x00\x00TFL3", b"\x7fELF", b"%PDF", b"\x89PNG")
_UNSUPPORTED = (
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"\x28\xb5\x2f\xfd", "zstandard stream"),
    (b"\x04\x22\x4d\x18", "LZ4 stream"),
)
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_OLD_JOBLIB_LENGTH = 21
_OLD_JOBLIB = b"ZF0x"  # joblib before 0.10: a padded hexadecimal length, then zlib
_TAR_MAGIC_AT = 257
_GZIP_WINDOW = 31
_PROTO = 0x80
_GLANCE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Stream:
    """One pickle stream. `path` names the file and, after `!`, the way into it; offsets in
    `trace` count from the start of the innermost container member. `note` is empty, or why
    the stream is not where a loader of its format would look."""

    path: str
    trace: Trace
    note: str = ""
    torchscript: bool = False
    plain: bool = False  # a second reading of joblib's array bytes as instructions


@dataclass(slots=True)
class Examined:
    """All streams of one file, and what of it could not be examined and why."""

    streams: list[Stream] = field(default_factory=list)
    unexamined: list[str] = field(default_factory=list)
    members: int = 0
    unpacked: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    depth: int = 0
    torchscript: bool = False

    @property
    def claims_pickle(self) -> bool:
        return PurePosixPath(self.path.rpartition("!")[2]).suffix.lower() in _PICKLE_SUFFIXES

    def inside(self, name: str, *, torchscript: bool = False) -> "_Place":
        return _Place(f"{self.path}!{name}", self.depth + 1, torchscript)


def examine(data: Buffer, path: str) -> Examined:
    """Every pickle stream in `data`, the content of the file called `path`; never raises on
    content."""
    found = Examined()
    _look(data, _Place(path), found)
    return found


def may_hold_pickles(data: Buffer, path: str) -> bool:
    """Whether `examine` is worth asking: a container, a pickle, or a name that claims one."""
    head = bytes(data[:_GLANCE])
    packed = (*_PACKED, b"\x93NUMPY", b"\x5d\x00\x00", b"x", _OLD_JOBLIB)
    if not head:
        return False
    if head.startswith((*packed, b"\x80", *(mark for mark, _ in _UNSUPPORTED))):
        return True
    if head[_TAR_MAGIC_AT:].startswith(b"ustar") or opens_as_zip(data):
        return True
    return _Place(path).claims_pickle or _acts(trace(data, _first_byte(data)))


def _acts(seen: Trace) -> bool:
    return bool(seen.globals) and (seen.stopped or bool(seen.calls))


def _look(data: Buffer, place: _Place, found: Examined) -> None:
    head = bytes(data[:512])
    if place.depth > MAX_DEPTH:
        found.unexamined.append(f"{place.path}: nested deeper than {MAX_DEPTH} containers")
        return
    if opens_as_zip(data):
        _look_into_zip(data, place, found)
    if head.startswith(b"PK\x03\x04"):
        return  # as a pickle it would begin with a persistent id, which loaders refuse
    if head.startswith(b"\x93NUMPY"):
        _look_into_numpy(data, place, found)
    elif head[_TAR_MAGIC_AT:].startswith(b"ustar"):
        _look_into_tar(data, place, found)
    elif not _decompressed(data, head, place, found):
        _look_for_streams(data, place, found)


def _decompressed(data: Buffer, head: bytes, place: _Place, found: Examined) -> bool:
    for mark, what in _UNSUPPORTED:
        if head.startswith(mark):
            found.unexamined.append(f"{place.path}: {what}, which is not opened")
            return True
    for content in _unpack(data, head, place, found):
        _look(content, place.inside("content"), found)
        return True
    return False


def _unpack(data: Buffer, head: bytes, place: _Place, found: Examined) -> Iterator[bytes]:
    if _unpacker(head) is None:
        return
    limit = max(MAX_UNPACKED - found.unpacked, 1)
    claimed = head.startswith(_PACKED) or place.claims_pickle
    try:
        content, whole = _decompress(data, head, limit)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as fault:
        if claimed:
            found.unexamined.append(f"{place.path}: broken compression ({fault})")
            yield b""
        return
    if not whole and (claimed or content):
        found.unexamined.append(f"{place.path}: compression is cut short or over the limit")
    found.unpacked += len(content)
    yield content


def _decompress(data: Buffer, head: bytes, limit: int) -> tuple[bytes, bool]:
    """All streams that stand one after another, as loaders read them; whether they all end."""
    pieces: list[bytes] = []
    at = _OLD_JOBLIB_LENGTH if head.startswith(_OLD_JOBLIB) else 0
    unpacker = _unpacker(head)
    whole = True
    while unpacker is not None and limit > 0 and len(pieces) < MAX_STREAMS:
        content, at, whole = inflated(unpacker, data, at, len(data), limit)
        pieces.append(content)
        limit -= len(content)
        unpacker = _unpacker(data[at : at + 512]) if whole else None
    return b"".join(pieces), whole and unpacker is None


def _unpacker(head: bytes) -> Unpacker | None:
    """The opener of a gzip, bzip2, xz, lzma or zlib stream; None if it is none."""
    opener: Unpacker | None = None
    if head.startswith(b"\x1f\x8b"):
        opener = zlib.decompressobj(_GZIP_WINDOW)
    elif head.startswith(b"BZh"):
        opener = bz2.BZ2Decompressor()
    elif head.startswith((b"\xfd7zXZ\x00", b"\x5d\x00\x00")):
        opener = lzma.LZMADecompressor()
    elif head.startswith(_OLD_JOBLIB) or (
        head[:1] == b"\x78" and int.from_bytes(head[:2], "big") % 31 == 0
    ):
        opener = zlib.decompressobj()
    return opener


def _look_into_zip(data: Buffer, place: _Place, found: Examined) -> None:
    inside = list(members(data, MAX_MEMBERS))
    torchscript = any("/code/" in f"/{member.name}" for member in inside)
    for member in inside:
        found.members += 1
        if found.members > MAX_MEMBERS:
            found.unexamined.append(f"{place.path}: more than {MAX_MEMBERS} members")
            return
        _look_into_member(data, member, place.inside(member.name, torchscript=torchscript), found)


def _look_into_member(data: Buffer, member: Member, place: _Place, found: Examined) -> None:
    if member.stored:
        # Weights are stored, and may be larger than memory: they are read only if they look
        # like more than numbers.
        end = min(member.content + member.size, len(data))
        seen = trace(data, member.content, end)
        if not may_hold_pickles(member.read(data, _GLANCE)[0], place.path) and not _acts(seen):
            return
        content, trouble = member.read(data, MAX_UNPACKED)
        trouble = trouble if place.claims_pickle else ""
    else:
        content, trouble = member.read(data, MAX_UNPACKED - found.unpacked)
        found.unpacked += len(content)
    if trouble:
        found.unexamined.append(f"{place.path}: {trouble}")
    _look(content, place, found)


def _look_into_tar(data: Buffer, place: _Place, found: Examined) -> None:
    try:
        with tarfile.open(fileobj=Reader(data), mode="r:") as archive:  # type: ignore[call-overload]
            for entry in archive:
                found.members += 1
                if found.members > MAX_MEMBERS:
                    found.unexamined.append(f"{place.path}: more than {MAX_MEMBERS} members")
                    return
                source = archive.extractfile(entry) if entry.isreg() else None
                if source is not None:
                    content = _content(source, max(MAX_UNPACKED - found.unpacked, 0))
                    found.unpacked += len(content)
                    inner = place.inside(entry.name[:200])
                    if len(content) < entry.size:
                        found.unexamined.append(f"{inner.path}: is cut short or over the limit")
                    _look(content, inner, found)
    except (tarfile.TarError, OSError, EOFError, ValueError) as fault:
        found.unexamined.append(f"{place.path}: broken tar archive ({fault})")


def _content(source: IO[bytes], limit: int) -> bytes:
    """At most `limit` bytes, asked for piece by piece."""
    pieces = iter(lambda: source.read(min(limit - source.tell(), MAX_READ)), b"")
    return b"".join(pieces)


def _look_into_numpy(data: Buffer, place: _Place, found: Examined) -> None:
    """An array of objects is a pickle after the header (NEP 1)."""
    width = 2 if data[6:7] == b"\x01" else 4
    size = min(int.from_bytes(data[8 : 8 + width], "little"), MAX_NUMPY_HEADER)
    start = 8 + width + size
    try:
        header = ast.literal_eval(bytes(data[8 + width : start]).decode("latin-1").strip())
        described = repr(header["descr"])
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError) as fault:
        found.unexamined.append(f"{place.path}: unreadable numpy header ({type(fault).__name__})")
        described = "O"
    if "O" in described:
        _follow(data, start, place, found)


def _look_for_streams(data: Buffer, place: _Place, found: Examined) -> None:
    start = _first_byte(data)
    first = trace(data, start)
    if not _is_pickle(data, first, start, place):
        return
    if start:
        found.streams.append(Stream(place.path, first, "bytes stand before it", place.torchscript))
    else:
        _follow(data, 0, place, found, first)


def _first_byte(data: Buffer) -> int:
    head = bytes(data[:64])
    rest = head.removeprefix(_BOM).lstrip(_WHITESPACE)
    return len(head) - len(rest)


def _is_pickle(data: Buffer, first: Trace, start: int, place: _Place) -> bool:
    """A file is a pickle if it says so in name, or reads as one, or does something as one."""
    if not len(data) or bytes(data[:8]).startswith(_MARKS_OF_OTHERS):
        return bool(first.calls)
    if place.claims_pickle and place.depth == 0 and not opens_as_zip(data):
        return True
    return _acts(first) or (first.stopped and data[start] == _PROTO)


def _follow(
    data: Buffer, start: int, place: _Place, found: Examined, first: Trace | None = None
) -> None:
    """The stream at `start` and those after it."""
    current = first or trace(data, start)
    legacy = current.stopped and current.result == TORCH_MAGIC
    for count in range(1, MAX_STREAMS + 1):
        extra = count > (_TORCH_STREAMS if legacy else 1)
        note = "it follows the end of another pickle" if extra else ""
        _keep(data, current, place, found, note)
        if not current.stopped or current.end >= len(data):
            return
        if legacy and count == _TORCH_STREAMS:
            return  # storages follow: raw numbers that no loader runs
        current = trace(data, current.end)
        if not current.calls and not current.globals and not legacy:
            found.unexamined.append(f"{place.path}: bytes after the pickle at {current.start}")
            return
    found.unexamined.append(f"{place.path}: more than {MAX_STREAMS} streams")


def _keep(data: Buffer, kept: Trace, place: _Place, found: Examined, note: str) -> None:
    found.streams.append(Stream(place.path, kept, note, place.torchscript))
    if kept.inline_arrays:
        plain = trace(data, kept.start, arrays=False)
        found.streams.append(Stream(place.path, plain, torchscript=place.torchscript, plain=True))
    for offset, payload in kept.payloads:
        _look_into_payload(payload, place.inside(f"constant at {offset}"), found)


def _look_into_payload(payload: bytes | str, place: _Place, found: Examined) -> None:
    """A pickle kept as a constant of a pickle, bare or as hexadecimal or base64 text."""
    if place.depth > MAX_DEPTH:
        found.unexamined.append(f"{place.path}: nested deeper than {MAX_DEPTH} containers")
        return
    content = payload if isinstance(payload, bytes) else _decoded(payload)
    inner = trace(content)
    if inner.globals or inner.payloads:
        _keep(content, inner, place, found, "it is hidden in a constant of another pickle")


def _decoded(text: str) -> bytes:
    try:
        if text.startswith("80"):
            return bytes.fromhex(text)
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
