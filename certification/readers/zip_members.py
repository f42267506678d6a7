"""Lists zip archives from both sets of headers, and inflates members, within bounds.

The central directory is what most readers trust, the local headers what streaming ones do;
APPNOTE 6.3.10 asks them to agree, and an attacker makes them differ. Neither is trusted here.
"""

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from certification.readers.archive_listing import (
    ArchiveKind,
    ArchiveLimits,
    ArchiveListing,
    DamagedArchiveError,
    Member,
    refuse_bombs,
    refuse_collisions,
    safe_path,
)

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_TWO_SIZES = struct.Struct("<2Q")
_LOCAL_MAGIC = b"PK\x03\x04"
_MAX_COMMENT = 65_535
_NARROW_COUNT = 0xFFFF
_NARROW_SIZE = 0xFFFFFFFF
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DEFERRED_SIZES = 0x8
_UTF8 = 0x800
_ZIP64_FIELD = 0x0001
_UNICODE_PATH_FIELD = 0x7075
_STORED, _DEFLATED = 0, 8
_DESCRIPTOR_BYTES = 24
_CHUNK = 256 * 1024
_MCPB_SIGNATURE = b"MCPB_SIG_V1"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One record of the central directory."""

    raw: bytes
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    local: int
    mode: int
    extra: bytes

    @property
    def name(self) -> str:
        return self.raw.decode("utf-8" if self.flags & _UTF8 else "cp437", "replace")


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the central directory lies, and the number of bytes put before the archive."""

    count: int
    offset: int
    size: int
    shift: int
    end: int


def list_zip(source: BinaryIO, limits: ArchiveLimits) -> ArchiveListing:
    """Members and problems of a zip; reads headers only."""
    listing = ArchiveListing(ArchiveKind.ZIP)
    size = source.seek(0, 2)
    try:
        directory = _find_directory(source, size)
        entries = _entries(source, directory, limits)
        _judge_edges(source, size, directory, listing)
        _judge_entries(source, entries, directory, listing)
    except (DamagedArchiveError, struct.error) as fault:
        listing.refuse("corrupt", "", f"The zip is damaged: {fault}.")
        return listing
    refuse_bombs(listing, size, limits)
    return listing


def inflate(source: BinaryIO, member: Member) -> Iterator[bytes]:
    """The bytes of a member in chunks; raises DamagedArchiveError as soon as they are not as
    declared, so never yields more than `member.size` bytes."""
    done, crc = 0, 0
    for chunk in _inflated(source, member):
        done += len(chunk)
        if done > member.size:
            raise DamagedArchiveError(f"“{member.path}” is longer than it declares")
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if done != member.size:
        raise DamagedArchiveError(f"“{member.path}” is shorter than it declares")
    if crc != member.crc:
        raise DamagedArchiveError(f"“{member.path}” does not have the checksum it declares")


def _inflated(source: BinaryIO, member: Member) -> Iterator[bytes]:
    engine = zlib.decompressobj(-15)
    position, left = member.offset, member.compressed
    while left:
        source.seek(position)
        block = source.read(min(_CHUNK, left))
        if not block:
            raise DamagedArchiveError(f"“{member.path}” is cut short")
        position, left = position + len(block), left - len(block)
        if member.method == _STORED:
            yield block
            continue
        yield from _drained(engine, block, member.path)


def _drained(engine: "zlib._Decompress", block: bytes, path: str) -> Iterator[bytes]:
    try:
        while block:
            yield engine.decompress(block, _CHUNK)
            block = engine.unconsumed_tail
    except zlib.error as fault:
        raise DamagedArchiveError(f"“{path}” cannot be inflated") from fault


def _find_directory(source: BinaryIO, size: int) -> _Directory:
    tail_size = min(size, _END.size + _MAX_COMMENT)
    source.seek(size - tail_size)
    tail = source.read(tail_size)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise DamagedArchiveError("it has no end record")
    _, disk, start_disk, here, count, length, offset, comment = _END.unpack_from(tail, at)
    if disk or start_disk or here != count:
        raise DamagedArchiveError("it is spread over several disks")
    position = size - tail_size + at
    end = position + _END.size + comment
    wide = _wide_directory(source, position)
    if wide is not None:
        count, length, offset, position = wide
    elif count == _NARROW_COUNT or _NARROW_SIZE in {length, offset}:
        raise DamagedArchiveError("its 64-bit end record is missing")
    shift = position - length - offset
    if shift < 0:
        raise DamagedArchiveError("its central directory lies outside the file")
    return _Directory(count, offset + shift, length, shift, end)


def _wide_directory(source: BinaryIO, position: int) -> tuple[int, int, int, int] | None:
    start = position - _END64_LOCATOR.size
    if start < 0:
        return None
    source.seek(start)
    magic, _, offset, _ = _END64_LOCATOR.unpack(source.read(_END64_LOCATOR.size))
    if magic != b"PK\x06\x07":
        return None
    at = start - _END64.size
    source.seek(max(at, 0))
    record = _END64.unpack(source.read(_END64.size))
    if record[0] != b"PK\x06\x06" or offset > at:
        raise DamagedArchiveError("its 64-bit end record is not where it should be")
    return record[7], record[8], record[9], at


def _entries(source: BinaryIO, directory: _Directory, limits: ArchiveLimits) -> list[_Entry]:
    if directory.count > limits.members:
        raise DamagedArchiveError(
            f"it has {directory.count} members, more than the {limits.members} allowed"
        )
    if directory.size > limits.directory_bytes:
        raise DamagedArchiveError("its central directory is too large")
    source.seek(directory.offset)
    data = source.read(directory.size)
    entries, position = [], 0
    for _ in range(directory.count):
        entry, position = _entry(data, position)
        entries.append(entry)
    if position != len(data):
        raise DamagedArchiveError("its central directory holds more than it counts")
    return entries


def _entry(data: bytes, position: int) -> tuple[_Entry, int]:
    fields = _CENTRAL.unpack_from(data, position)
    if fields[0] != b"PK\x01\x02":
        raise DamagedArchiveError("its central directory is not readable")
    name_size, extra_size, comment_size = fields[10:13]
    start = position + _CENTRAL.size
    raw = data[start : start + name_size]
    extra = data[start + name_size : start + name_size + extra_size]
    after = start + name_size + extra_size + comment_size
    if after > len(data):
        raise DamagedArchiveError("its central directory is cut short")
    entry = _Entry(
        raw=raw,
        flags=fields[3],
        method=fields[4],
        crc=fields[7],
        compressed=fields[8],
        size=fields[9],
        local=fields[16],
        mode=fields[15] >> 16,
        extra=extra,
    )
    return _widened(entry), after


def _widened(entry: _Entry) -> _Entry:
    """The entry with sizes and offset taken from its zip64 field where the short ones say so."""
    wide = _extra(entry.extra).get(_ZIP64_FIELD, b"")
    values = iter(struct.unpack(f"<{len(wide) // 8}Q", wide[: len(wide) // 8 * 8]))
    size, compressed, local = (
        next(values, _NARROW_SIZE) if short == _NARROW_SIZE else short
        for short in (entry.size, entry.compressed, entry.local)
    )
    return replace(entry, size=size, compressed=compressed, local=local)


def _extra(data: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    position = 0
    while position + 4 <= len(data):
        kind, length = struct.unpack_from("<2H", data, position)
        fields.setdefault(kind, data[position + 4 : position + 4 + length])
        position += 4 + length
    return fields


def _judge_edges(
    source: BinaryIO, size: int, directory: _Directory, listing: ArchiveListing
) -> None:
    if directory.shift:
        listing.doubt("prepended", "", f"{directory.shift} bytes stand before the archive.")
    if directory.end == size:
        return
    source.seek(directory.end)
    if source.read(len(_MCPB_SIGNATURE)) == _MCPB_SIGNATURE:
        return
    listing.doubt("trailing", "", f"{size - directory.end} bytes stand after the archive.")


def _judge_entries(
    source: BinaryIO, entries: list[_Entry], directory: _Directory, listing: ArchiveListing
) -> None:
    extents: list[tuple[int, int, str]] = []
    folders: list[str] = []
    for entry in entries:
        start = entry.local + directory.shift
        data_start = _judge_local(source, entry, start, listing)
        end = data_start + entry.compressed
        if end > directory.offset:
            raise DamagedArchiveError(f"“{entry.name[:120]}” reaches into the central directory")
        extents.append((start, end, entry.name))
        _admit(entry, data_start, listing, folders)
    refuse_collisions(listing, folders)
    _judge_extents(source, sorted(extents), directory, listing)


def _admit(entry: _Entry, data_start: int, listing: ArchiveListing, folders: list[str]) -> None:
    """Add the entry to the listing, or say why it may not be there."""
    name = entry.name
    path = safe_path(listing, name.removesuffix("/"))
    kind = stat.S_IFMT(entry.mode)
    if kind == stat.S_IFLNK:
        listing.refuse("link", name, f"“{name}” is a symbolic link.")
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        listing.refuse("device", name, f"“{name}” is a device or another special file.")
    elif path is not None and name.endswith("/"):
        folders.append(path)
        if entry.size:
            listing.refuse("disagreement", name, f"The folder “{name}” holds data.")
    elif path is not None:
        _admit_file(entry, path, data_start, listing)


def _admit_file(entry: _Entry, path: str, data_start: int, listing: ArchiveListing) -> None:
    if entry.flags & _ENCRYPTED:
        listing.refuse("encrypted", path, f"“{path}” is encrypted and cannot be examined.")
    elif entry.method not in {_STORED, _DEFLATED}:
        listing.refuse("method", path, f"“{path}” is packed with method {entry.method}.")
    elif entry.method == _STORED and entry.size != entry.compressed:
        listing.refuse("disagreement", path, f"“{path}” is stored with two different sizes.")
    other = _extra(entry.extra).get(_UNICODE_PATH_FIELD, b"")[5:]
    if other and other != entry.raw:
        listing.refuse("disagreement", path, f"“{path}” has a second, different name.")
    listing.members.append(
        Member(path, entry.size, entry.compressed, data_start, entry.method, entry.crc)
    )


def _judge_local(source: BinaryIO, entry: _Entry, start: int, listing: ArchiveListing) -> int:
    """Compare the local header with the central one; the offset of the data behind it."""
    source.seek(start)
    header = source.read(_LOCAL.size)
    fields = _LOCAL.unpack(header)
    if fields[0] != _LOCAL_MAGIC:
        raise DamagedArchiveError(f"“{entry.name[:120]}” has no local header")
    name_size: int = fields[9]
    extra_size: int = fields[10]
    raw, extra = source.read(name_size), source.read(extra_size)
    crc, compressed, size = fields[6:9]
    wide = _extra(extra).get(_ZIP64_FIELD, b"")
    if len(wide) >= _TWO_SIZES.size and _NARROW_SIZE in {size, compressed}:
        size, compressed = _TWO_SIZES.unpack_from(wide)
    deferred = bool(fields[2] & _DEFERRED_SIZES)
    pairs = ((crc, entry.crc), (compressed, entry.compressed), (size, entry.size))
    differing = [name for name, bad in (
        ("name", raw != entry.raw),
        ("method", fields[3] != entry.method),
        ("flags", (fields[2] ^ entry.flags) & (_ENCRYPTED | _DEFERRED_SIZES)),
        ("size or checksum", any(a != b and not (deferred and a == 0) for a, b in pairs)),
    ) if bad]  # fmt: skip
    if differing:
        listing.refuse(
            "disagreement",
            entry.name,
            f"The two headers of “{entry.name[:120]}” disagree on {', '.join(differing)}.",
        )
    return start + _LOCAL.size + name_size + extra_size


def _judge_extents(
    source: BinaryIO,
    extents: list[tuple[int, int, str]],
    directory: _Directory,
    listing: ArchiveListing,
) -> None:
    reached = directory.shift
    for start, end, name in [*extents, (directory.offset, directory.offset, "")]:
        if start < reached:
            listing.refuse("overlap", name, f"“{name}” shares bytes with another member.")
        elif start - reached > _DESCRIPTOR_BYTES:
            source.seek(reached)
            gap = start - reached
            if gap > _CHUNK or _LOCAL_MAGIC in source.read(gap):
                listing.refuse("hidden", "", "Something is hidden from the central directory.")
        reached = max(reached, end)
