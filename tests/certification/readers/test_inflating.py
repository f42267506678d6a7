import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable

import pytest

from certification.readers import inflating
from certification.readers.inflating import Unpacker, inflated

CONTENT = bytes(range(256)) * 200 + bytes(100_000)


@pytest.mark.parametrize(
    ("packed", "opener"),
    [
        (zlib.compress(CONTENT), zlib.decompressobj),
        (gzip.compress(CONTENT), lambda: zlib.decompressobj(31)),
        (bz2.compress(CONTENT), bz2.BZ2Decompressor),
        (lzma.compress(CONTENT), lzma.LZMADecompressor),
    ],
)
@pytest.mark.parametrize(("block", "piece"), [(7, 1_000), (1 << 18, 64), (1 << 18, 1 << 24)])
def test_any_stream_in_any_pieces(
    monkeypatch: pytest.MonkeyPatch,
    packed: bytes,
    opener: Callable[[], Unpacker],
    block: int,
    piece: int,
) -> None:
    monkeypatch.setattr(inflating, "_BLOCK", block)
    monkeypatch.setattr(inflating, "_PIECE", piece)
    data = b"head" + packed + b"behind it"
    end = 4 + len(packed)
    assert inflated(opener(), data, 4, len(data), 1 << 20) == (CONTENT, end, True)
    content, _, whole = inflated(opener(), data, 4, len(data), 300)
    assert (content, whole) == (CONTENT[:300], False)
    content, _, whole = inflated(opener(), data, 4, end - 1, 1 << 20)
    assert CONTENT.startswith(content)
    assert not whole
