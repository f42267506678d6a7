"""A tree of files as recognition sees it, wherever the bytes are."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from certification.readers.archive import inspect, is_package_archive, read_member
from certification.readers.archive_listing import DamagedArchiveError, Problem
from certification.types import Level, SubjectFile
from registry.domain.identifiers import InvalidIdentifierError, check_path

MAX_FOLDER_FILES = 20_000


class FileTree(Protocol):
    """Relative POSIX paths with sizes, and bounded reads of them."""

    def files(self) -> tuple[SubjectFile, ...]:
        """Every regular file, in a stable order."""
        ...

    def read(self, path: str, limit: int, offset: int = 0) -> bytes:
        """At most `limit` bytes from `offset`; empty when that part cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class FolderTree:
    """Files below a folder on disk, as `walk` listed them."""

    root: Path
    listed: tuple[SubjectFile, ...]

    def files(self) -> tuple[SubjectFile, ...]:
        """As listed."""
        return self.listed

    def read(self, path: str, limit: int, offset: int = 0) -> bytes:
        """Reads the file without following a link at its end."""
        return read_part(self.root / path, limit, offset)


class StreamTree:
    """One file that is not an archive."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._file = SubjectFile(name, stream.seek(0, 2))

    def files(self) -> tuple[SubjectFile, ...]:
        """The one file."""
        return (self._file,)

    def read(self, path: str, limit: int, offset: int = 0) -> bytes:
        """A part of the one file."""
        self._stream.seek(offset)
        return self._stream.read(limit)


class ArchiveTree:
    """Members of a package archive, read in place; members with unsafe paths are left out."""

    def __init__(self, stream: BinaryIO) -> None:
        listing = inspect(stream)
        if listing is None:
            raise DamagedArchiveError("it is no archive")
        self._stream = stream
        self.listing = listing
        self._members = {member.path: member for member in listing.members}

    def files(self) -> tuple[SubjectFile, ...]:
        """Members with safe paths; of members with one path, the last."""
        return tuple(SubjectFile(m.path, m.size) for m in self._members.values())

    def read(self, path: str, limit: int, offset: int = 0) -> bytes:
        """Inflates up to the end of the part asked for."""
        try:
            data = read_member(self._stream, self.listing, self._members[path], offset + limit)
        except DamagedArchiveError:
            return b""
        return data[offset:]


@dataclass(frozen=True, slots=True)
class SubTree:
    """What lies below `folder` (ending in a slash) of another tree."""

    tree: FileTree
    folder: str

    def files(self) -> tuple[SubjectFile, ...]:
        """Files below the folder, with paths relative to it."""
        return tuple(
            SubjectFile(file.path.removeprefix(self.folder), file.size)
            for file in self.tree.files()
            if file.path.startswith(self.folder)
        )

    def read(self, path: str, limit: int, offset: int = 0) -> bytes:
        """A part of the file in the tree around it."""
        return self.tree.read(self.folder + path, limit, offset)


def tree_of(stream: BinaryIO, filename: str) -> FileTree:
    """One published file as a tree: the members of a package archive, else the file itself."""
    if is_package_archive(stream, filename):
        return ArchiveTree(stream)
    return StreamTree(stream, filename)


def read_part(path: Path, limit: int, offset: int = 0) -> bytes:
    """At most `limit` bytes of a regular file; raises OSError, also for a link or a device."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path.name} is not a regular file")
        stream.seek(offset)
        return stream.read(limit)


def walk(root: Path) -> tuple[tuple[SubjectFile, ...], tuple[Problem, ...]]:
    """Regular files below `root` in path order, following no link, and what else is there."""
    files: list[SubjectFile] = []
    problems: list[Problem] = []
    for folder, folders, names in os.walk(root):
        for name in sorted(folders):
            if (Path(folder) / name).is_symlink():
                names.append(name)
        for name in names:
            _visit(Path(folder) / name, root, files, problems)
        if len(files) > MAX_FOLDER_FILES:
            problems.append(_problem("count", "", f"It has more than {MAX_FOLDER_FILES} files."))
            break
    return tuple(sorted(files, key=lambda file: file.path)), tuple(problems)


def _visit(path: Path, root: Path, files: list[SubjectFile], problems: list[Problem]) -> None:
    relative = path.relative_to(root).as_posix()
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        problems.append(_problem("link", relative, f"“{relative}” is a symbolic link."))
        return
    if not stat.S_ISREG(status.st_mode):
        problems.append(_problem("device", relative, f"“{relative}” is not a regular file."))
        return
    try:
        check_path(relative)
    except InvalidIdentifierError as fault:
        problems.append(_problem("path", relative, str(fault)))
    files.append(SubjectFile(relative, status.st_size))


def _problem(code: str, path: str, message: str) -> Problem:
    return Problem(code, Level.ERROR, path, message)


def text_of(read: Callable[[int], bytes], limit: int) -> str | None:
    """The whole text of a file of at most `limit` bytes; None when larger or not text."""
    data = read(limit + 1)
    if len(data) > limit or b"\0" in data[:4096]:
        return None
    return data.decode("utf-8", "replace")
