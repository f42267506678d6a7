"""Opens a file of any size as bytes that are read when they are looked at."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Buffer = bytes | mmap.mmap


@contextmanager
def mapped(path: Path) -> Iterator[Buffer]:
    """The content of `path`, read-only; raises OSError."""
    with path.open("rb") as source:
        if path.stat().st_size == 0:
            yield b""
            return
        with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data
