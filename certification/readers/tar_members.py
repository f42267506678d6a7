"""Lists and reads tar archives, plain or gzipped, in one forward pass within bounds."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
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

_BLOCK = 512
_CHUNK = 256 * 1024
#: tarfile reads a whole extended header at once: no honest one is larger than this.
_MAX_READ = 1024 * 1024
_FAULTS = (
    tarfile.TarError, DamagedArchiveError, EOFError, OSError, ValueError, OverflowError,
    IndexError, RecursionError, zlib.error,
)  # fmt: skip


class _Metered:
    """A forward view on a tar stream that ends when the byte budget does."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, budget: int) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; raises DamagedArchiveError for absurd requests."""
        if not 0 <= size <= _MAX_READ:
            raise DamagedArchiveError("a header asks for too much memory")
        return self._stream.read(size)

    def tell(self) -> int:
        """Offset in the unpacked stream."""
        return self._stream.tell()

    def seek(self, position: int) -> int:
        """Move within the budget."""
        if position > self._budget:
            raise DamagedArchiveError(f"it unpacks to more than {self._budget} bytes")
        return self._stream.seek(position)


def is_tar(source: BinaryIO, *, gzipped: bool) -> bool:
    """Whether the first block is a tar header with the right checksum."""
    source.seek(0)
    try:
        if gzipped:
            with gzip.GzipFile(fileobj=source) as stream:
                block = stream.read(_BLOCK)
        else:
            block = source.read(_BLOCK)
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except _FAULTS:
        return False
    return True


def list_tar(source: BinaryIO, limits: ArchiveLimits, *, gzipped: bool) -> ArchiveListing:
    """Members and problems of a tar; a gzipped one is inflated as it is walked, never kept."""
    listing = ArchiveListing(ArchiveKind.TAR_GZIP if gzipped else ArchiveKind.TAR)
    size = source.seek(0, 2)
    folders: list[str] = []
    try:
        with _opened(source, _budget(size, limits, gzipped=gzipped), gzipped=gzipped) as archive:
            for count, info in enumerate(archive, start=1):
                if count > limits.members:
                    raise DamagedArchiveError(f"it has more than {limits.members} members")
                _admit(info, listing, folders)
            _judge_tail(archive, listing)
    except _FAULTS as fault:
        listing.refuse("corrupt", "", f"The tar is damaged: {fault}.")
    refuse_collisions(listing, folders)
    refuse_bombs(listing, size, limits)
    return listing


def extract(
    source: BinaryIO, limits: ArchiveLimits, *, gzipped: bool
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """(path, chunks) of each regular file in order; each must be drained before the next.

    Raises DamagedArchiveError. Paths are as in the listing, which must have been safe.
    """
    size = source.seek(0, 2)
    try:
        with _opened(source, _budget(size, limits, gzipped=gzipped), gzipped=gzipped) as archive:
            for info in archive:
                if info.isreg():
                    yield _plain(info.name), _chunks(archive, info)
    except _FAULTS as fault:
        raise DamagedArchiveError(f"the tar is damaged: {fault}") from fault


def _chunks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    try:
        stream = archive.extractfile(info)
        while stream and (chunk := stream.read(_CHUNK)):
            yield chunk
    except _FAULTS as fault:
        raise DamagedArchiveError(f"the tar is damaged: {fault}") from fault


@contextmanager
def _opened(source: BinaryIO, budget: int, *, gzipped: bool) -> Iterator[tarfile.TarFile]:
    source.seek(0)
    stream = gzip.GzipFile(fileobj=source) if gzipped else source
    # Headers are streamed through the meter, so nothing beyond the budget is ever inflated.
    with tarfile.open(fileobj=_Metered(stream, budget), mode="r:") as archive:  # type: ignore[call-overload]
        yield archive


def _budget(size: int, limits: ArchiveLimits, *, gzipped: bool) -> int:
    """Bytes of the tar stream itself: its files, a header and padding for each."""
    if not gzipped:
        return size
    inflated = max(limits.ratio_floor_bytes, limits.ratio * size)
    return min(limits.total_bytes, inflated) + 4 * _BLOCK * limits.members


def _judge_tail(archive: tarfile.TarFile, listing: ArchiveListing) -> None:
    """Read on to the end, where gzip has its checksum: a block of zeros must follow the last
    member, and nothing but zeros may follow that."""
    stream = archive.fileobj
    if stream.tell() - archive.offset < _BLOCK:
        listing.doubt("cut", "", "The tar has no end mark: it may have been cut short.")
    while block := stream.read(_CHUNK):
        stream.seek(stream.tell())  # the meter's budget holds here too
        if block.strip(b"\0"):
            listing.doubt("trailing", "", "Bytes stand after the end of the tar.")
            return


def _admit(info: tarfile.TarInfo, listing: ArchiveListing, folders: list[str]) -> None:
    name = _plain(info.name)
    if info.isdir() and name in {"", "."}:
        return
    path = safe_path(listing, name)
    if info.issym() or info.islnk():
        listing.refuse("link", name, f"“{name}” is a link to “{info.linkname[:120]}”.")
    elif info.isdir():
        folders.append(name)
    elif info.sparse is not None or info.type == tarfile.GNUTYPE_SPARSE:
        listing.refuse("sparse", name, f"“{name}” is a sparse file.")
    elif not info.isreg():
        listing.refuse("device", name, f"“{name}” is a device or another special file.")
    elif path is not None:
        listing.members.append(Member(path, info.size, info.size, info.offset_data))


def _plain(name: str) -> str:
    """`./a/` and `a` are the same member."""
    while name.startswith("./"):
        name = name[2:]
    return name.rstrip("/")
