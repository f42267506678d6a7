"""Opens a file of any size as bytes that are read when they are looked at."""

import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Buffer = bytes | mmap.mmap

#: A search through a whole file holds about so much of it in memory at a time.
WINDOW = 32 * 1024 * 1024
#: A match that is longer than this may be missed where two windows meet.
_OVERLAP = 4 * 1024


#: A header may not ask for more than this at once.
MAX_READ = 1024 * 1024


@contextmanager
def mapped(path: Path) -> Iterator[Buffer]:
    """The content of `path`, read-only; raises OSError."""
    with path.open("rb") as source:
        if path.stat().st_size == 0:
            yield b""
            return
        with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


class Reader:
    """A buffer as a file, as far as tarfile needs one."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; raises ValueError for more than MAX_READ."""
        if not 0 <= size <= MAX_READ:
            raise ValueError("a header asks for too much memory")
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def tell(self) -> int:
        """The offset of the next byte."""
        return self._at

    def seek(self, position: int) -> int:
        """Go to an offset."""
        self._at = position
        return position


def find(data: Buffer, needle: bytes, start: int = 0) -> int:
    """As `bytes.find`, in constant memory."""
    for begin, end in _windows(data, start):
        at = data.find(needle, begin, end + len(needle) - 1)
        if at >= 0:
            return at
    return -1


def search(data: Buffer, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """As `pattern.finditer`, in constant memory; a match is of 4 KiB at most."""
    reached = 0
    for begin, end in _windows(data, 0):
        for match in pattern.finditer(data, max(begin, reached), end + _OVERLAP):
            if match.start() >= end:
                break
            reached = max(match.end(), match.start() + 1)
            yield match


def _windows(data: Buffer, start: int) -> Iterator[tuple[int, int]]:
    """(begin, end) of one piece after the other; what is behind is given back to the system."""
    for begin in range(start, len(data), WINDOW):
        try:
            yield begin, min(begin + WINDOW, len(data))
        finally:
            if isinstance(data, mmap.mmap) and not data.closed:
                page = begin - begin % mmap.PAGESIZE
                data.madvise(mmap.MADV_DONTNEED, page, min(WINDOW + begin, len(data)) - page)
