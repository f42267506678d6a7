"""Opens package archives (zip, tar, tar.gz) without trusting a byte of them."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from certification.readers.archive_listing import (
    ArchiveKind,
    ArchiveLimits,
    ArchiveListing,
    DamagedArchiveError,
    Member,
)
from certification.readers.tar_members import extract, is_tar, list_tar
from certification.readers.zip_members import inflate, list_zip

DEFAULT_LIMITS = ArchiveLimits()
_MODEL_SUFFIXES = (
    ".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib", ".keras", ".npz", ".ptl", ".jit",
    ".model",
)  # fmt: skip
_TORCH_TAR = frozenset({"sys_info", "pickle", "storages", "tensors"})


def kind_of(source: BinaryIO) -> ArchiveKind | None:
    """The kind of archive these bytes are, by content; None for anything else."""
    source.seek(0)
    head = source.read(4)
    if head in {b"PK\x03\x04", b"PK\x05\x06"}:
        return ArchiveKind.ZIP
    if head[:2] == b"\x1f\x8b":
        return ArchiveKind.TAR_GZIP if is_tar(source, gzipped=True) else None
    return ArchiveKind.TAR if is_tar(source, gzipped=False) else None


def inspect(
    source: Path | BinaryIO, limits: ArchiveLimits = DEFAULT_LIMITS
) -> ArchiveListing | None:
    """Members and problems without unpacking; None when it is no archive. Raises OSError."""
    with _opened(source) as stream:
        match kind_of(stream):
            case None:
                return None
            case ArchiveKind.ZIP:
                return list_zip(stream, limits)
            case kind:
                return list_tar(stream, limits, gzipped=kind is ArchiveKind.TAR_GZIP)


def unpack(
    source: Path | BinaryIO, dest: Path, limits: ArchiveLimits = DEFAULT_LIMITS
) -> ArchiveListing | None:
    """Unpack below the empty folder `dest` when nothing is fatal; None when it is no archive.

    Writes regular files only, never through a link, and at most what the headers declared. A
    member that turns out damaged makes the listing unsafe and leaves `dest` partly filled.
    """
    with _opened(source) as stream:
        listing = inspect(stream, limits)
        if listing is None or not listing.safe:
            return listing
        try:
            for path, chunks in _contents(stream, listing, limits):
                listing.digests[path] = _write(dest / path, chunks)
        except DamagedArchiveError as fault:
            listing.refuse("corrupt", "", f"The archive is damaged: {fault}.")
    return listing


def read_member(source: BinaryIO, listing: ArchiveListing, member: Member, end: int) -> bytes:
    """The first `end` bytes of one member; raises DamagedArchiveError."""
    if listing.kind is ArchiveKind.TAR_GZIP:
        limits = DEFAULT_LIMITS
        for path, chunks in extract(source, limits, gzipped=True):
            if path == member.path:
                return _first(chunks, end)
        raise DamagedArchiveError(f"“{member.path}” is gone")
    if listing.kind is ArchiveKind.TAR:
        source.seek(member.offset)
        return source.read(min(end, member.size))
    return _first(inflate(source, member), end)


def is_package_archive(source: Path | BinaryIO, filename: str = "") -> bool:
    """Whether this archive wraps a package, rather than being a model file that is a zip or tar
    inside (torch, Keras, numpy)."""
    if filename.casefold().endswith(_MODEL_SUFFIXES):
        return False
    listing = inspect(source)
    return listing is not None and not _is_model(listing)


def _is_model(listing: ArchiveListing) -> bool:
    paths = [member.path for member in listing.members]
    names = {path.rsplit("/", 1)[-1] for path in paths}
    if listing.kind is not ArchiveKind.ZIP:
        return set(paths) >= _TORCH_TAR
    torch = "data.pkl" in names and bool({"version", "constants.pkl", "byteorder"} & names)
    keras = {"config.json", "metadata.json", "model.weights.h5"} <= set(paths)
    arrays = bool(paths) and all(path.endswith(".npy") for path in paths)
    return torch or keras or arrays


def _contents(
    stream: BinaryIO, listing: ArchiveListing, limits: ArchiveLimits
) -> Iterator[tuple[str, Iterator[bytes]]]:
    if listing.kind is not ArchiveKind.ZIP:
        gzipped = listing.kind is ArchiveKind.TAR_GZIP
        yield from extract(stream, limits, gzipped=gzipped)
        return
    for member in listing.members:
        yield member.path, inflate(stream, member)


def _write(target: Path, chunks: Iterable[bytes]) -> str:
    """Write a new file; returns the hexadecimal sha256 of what passed by."""
    hasher = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(target, flags, 0o644), "wb") as copy:
        for chunk in chunks:
            hasher.update(chunk)
            copy.write(chunk)
    return hasher.hexdigest()


def _first(chunks: Iterable[bytes], end: int) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) >= end:
            break
    return bytes(data[:end])


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield source
