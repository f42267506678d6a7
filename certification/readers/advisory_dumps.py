"""Dumps of OSV records: a zip of JSON (osv.dev), a tar or folder of YAML (pypa/advisory-database).

Hostile as any download: entries are read one by one, bounded in size and number, and never
unpacked to disk.
"""

import hashlib
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import BadGzipFile
from pathlib import Path

from certification.readers.components import LockError
from certification.readers.lock_text import json_table, yaml_table
from certification.readers.osv import Advisory, AdvisoryError, advisory_from

MAX_RECORDS = 1_000_000
MAX_RECORD_BYTES = 4 * 1024 * 1024
MAX_TOTAL_BYTES = 16 * 1024 * 1024 * 1024
_SUFFIXES = (".json", ".yaml", ".yml")


class DumpError(Exception):
    """What was given is no dump of advisories; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a dump: its path there, the hexadecimal sha256 of its bytes, what it says."""

    path: str
    sha256: str
    advisory: Advisory


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot be read, and a sentence why."""

    path: str
    problem: str


def entries(dump: Path) -> Iterator[Entry | Unreadable]:
    """Every record of a zip, a tar, a folder or one file; raises DumpError and OSError."""
    total = 0
    for number, (path, data) in enumerate(_files(dump)):
        total += len(data)
        if number >= MAX_RECORDS or total > MAX_TOTAL_BYTES:
            raise DumpError("The dump holds more records than are taken.")
        yield _entry(path, data)


def _entry(path: str, data: bytes) -> Entry | Unreadable:
    if len(data) > MAX_RECORD_BYTES:
        return Unreadable(path, f"{path} is larger than a record may be.")
    try:
        parse = json_table if path.endswith(".json") else yaml_table
        advisory = advisory_from(parse(path, data.decode("utf-8")))
    except UnicodeDecodeError:
        return Unreadable(path, f"{path} is not UTF-8 text.")
    except (LockError, AdvisoryError) as fault:
        return Unreadable(path, f"{path}: {fault}")
    return Entry(path, hashlib.sha256(data).hexdigest(), advisory)


def _files(dump: Path) -> Iterator[tuple[str, bytes]]:
    if dump.is_dir():
        yield from _in_folder(dump)
    elif zipfile.is_zipfile(dump):
        yield from _in_zip(dump)
    elif tarfile.is_tarfile(dump):
        yield from _in_tar(dump)
    elif dump.name.endswith(_SUFFIXES):
        with dump.open("rb") as stream:
            yield dump.name, stream.read(MAX_RECORD_BYTES + 1)
    else:
        raise DumpError(f"{dump.name} is neither a zip, a tar, a folder nor an OSV record.")


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(_SUFFIXES) and path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                yield path.relative_to(folder).as_posix(), stream.read(MAX_RECORD_BYTES + 1)


def _in_zip(dump: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(dump) as archive:
            for info in archive.infolist():
                if info.filename.endswith(_SUFFIXES):
                    with archive.open(info) as stream:
                        yield info.filename, stream.read(MAX_RECORD_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as fault:
        raise DumpError(f"{dump.name} is damaged or encrypted: {str(fault)[:100]}.") from fault


def _in_tar(dump: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(dump) as archive:
            for info in archive:
                if info.isfile() and info.name.endswith(_SUFFIXES):
                    with archive.extractfile(info) or io.BytesIO() as stream:
                        yield info.name, stream.read(MAX_RECORD_BYTES + 1)
            _expect_the_end(archive, dump.name)
    except (tarfile.TarError, zlib.error, EOFError, BadGzipFile) as fault:
        raise DumpError(f"{dump.name} is damaged: {str(fault)[:100]}.") from fault


def _expect_the_end(archive: tarfile.TarFile, name: str) -> None:
    """tarfile takes a broken header for the end; the true one is a block of zeros."""
    stream = archive.fileobj
    stream.seek(archive.offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise DumpError(f"{name} is damaged: it has no end.")
