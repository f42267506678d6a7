import mmap
import re
from pathlib import Path

import pytest

from certification.readers import mapped as module
from certification.readers.mapped import MAX_READ, Reader, find, mapped, search

CONTENT = b"ab" * 5_000 + b"needle" + b"ab" * 5_000 + b"needle"


def test_a_file_is_mapped_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    for content in (CONTENT, b""):
        (tmp_path / "x").write_bytes(content)
        with mapped(tmp_path / "x") as data:
            assert bytes(data) == content


@pytest.mark.parametrize("window", [mmap.PAGESIZE, 10_003, 1 << 20])
def test_searching_by_windows_finds_what_searching_at_once_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(module, "WINDOW", window)
    (tmp_path / "x").write_bytes(CONTENT)
    pattern = re.compile(rb"b(?:needle|a)|$")
    with mapped(tmp_path / "x") as data:
        for start in (0, 1, 9_999, 10_000, 10_001, 20_006, len(CONTENT)):
            assert find(data, b"needle", start) == CONTENT.find(b"needle", start)
        assert find(data, b"absent") == -1
        found = [match.span() for match in search(data, pattern)]
        assert found == [m.span() for m in pattern.finditer(CONTENT) if m.start() < len(CONTENT)]
    assert find(CONTENT, b"needle", 20_000) == CONTENT.rfind(b"needle")


def test_a_reader_gives_no_more_than_it_may() -> None:
    reader = Reader(b"abcdef")
    assert (reader.read(2), reader.tell(), reader.seek(4)) == (b"ab", 2, 4)
    assert reader.read(MAX_READ) == b"ef"
    for size in (-1, MAX_READ + 1):
        with pytest.raises(ValueError, match="too much memory"):
            reader.read(size)
