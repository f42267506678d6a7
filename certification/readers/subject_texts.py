"""Reads the text files of a subject, and says which it could not."""

from collections.abc import Callable, Iterator
from pathlib import Path

from certification.readers.tree import read_part, text_of
from certification.types import Subject

MAX_FILES = 5_000


class TextFiles:
    """Iterates (path, text) of wanted files up to `limit` bytes; `skipped` names the others."""

    def __init__(self, subject: Subject, wanted: Callable[[str], bool], limit: int) -> None:
        self._subject = subject
        self._wanted = wanted
        self._limit = limit
        self.count = 0
        self.skipped: list[str] = []

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """One pass over the files in order."""
        for file in self._subject.files:
            if not self._wanted(file.path):
                continue
            content = self._content(file.path)
            if content is None or self.count >= MAX_FILES:
                self.skipped.append(file.path)
                continue
            self.count += 1
            yield file.path, content

    def _content(self, path: str) -> str | None:
        return file_text(self._subject.path(path), self._limit)


def file_text(where: Path, limit: int) -> str | None:
    """The text of one file of at most `limit` bytes; None when larger or not text."""
    return text_of(lambda size: read_part(where, size), limit)
