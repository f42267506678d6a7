import struct
from pathlib import Path

import pytest

from certification.checks.gguf_structure import CHECK
from certification.readers import gguf
from certification.readers.gguf import GgufError, read
from tests.certification.checks.model_subject import Outcome, report_on, rules


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, *, shape: tuple[int, ...] = (8,), kind: int = 0, offset: int = 0) -> bytes:
    sizes = b"".join(struct.pack("<Q", n) for n in shape)
    return text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", kind, offset)


def build(pairs: list[bytes], tensors: list[bytes], *, data: int = 64, version: int = 3) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs))
    body = head + b"".join(pairs) + b"".join(tensors)
    return body + bytes(-len(body) % 32) + bytes(data)


ARRAY = struct.pack("<IQ", 8, 1) + text("t")
GOOD = build(
    [
        pair("general.architecture", 8, text("llama")),
        pair("tokenizer.chat_template", 8, text("{{ x }}")),
        pair("numbers", 9, struct.pack("<IQI", 4, 1, 7)),
        pair("tokens", 9, ARRAY),
        pair("flag", 7, b"\x01"),
    ],
    [tensor("a"), tensor("b", offset=32)],
)


def test_a_sound_file_passes(tmp_path: Path) -> None:
    assert report_on(CHECK, tmp_path, {"m.dat": GOOD}).outcome is Outcome.PASSED
    assert report_on(CHECK, tmp_path, {"README": b"x"}).outcome is Outcome.NOT_APPLICABLE
    assert read(GOOD).templates == {"tokenizer.chat_template": "{{ x }}"}


def test_a_file_cut_anywhere_is_refused() -> None:
    for cut in range(len(GOOD)):
        with pytest.raises(GgufError):
            read(GOOD[:cut])


DEEP = struct.pack("<IQ", 9, 1) * 6
BAD = {
    "magic": b"nope",
    "many": b"GGUF" + struct.pack("<IQQ", 3, 1 << 40, 0),
    "twice": build([pair("a", 7, b"\0")] * 2, []),
    "truth": build([pair("a", 7, b"\x05")], []),
    "kind": build([pair("a", 99, b"")], []),
    "alignment": build([pair("general.alignment", 4, struct.pack("<I", 3))], []),
    "text": build([pair("a", 8, struct.pack("<Q", 1 << 50))], []),
    "deep": build([pair("a", 9, DEEP)], []),
    "long": build([pair("a", 9, struct.pack("<IQ", 8, 1 << 40))], []),
    "dimensions": build([], [tensor("a", shape=(1,) * 5)]),
    "names": build([], [tensor("a"), tensor("a", offset=32)]),
    "overlap": build([], [tensor("a", shape=(16,)), tensor("b", offset=32)]),
    "unaligned": build([], [tensor("a", offset=3)]),
    "outside": build([], [tensor("a", shape=(999,))]),
}


@pytest.mark.parametrize("case", BAD)
def test_every_breach_is_an_error(case: str, tmp_path: Path) -> None:
    report = report_on(CHECK, tmp_path, {"README": b"x", "m.gguf": BAD[case]})
    assert rules(report) == {("malformed", "error")}


def test_what_is_not_supported_is_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf, "MAX_TEXT", 8)
    long = build([pair("a", 8, text("x" * 9))], [])
    for content in (build([], [], version=1), build([], [tensor("a", kind=77)]), long):
        report = report_on(CHECK, tmp_path, {"m.gguf": content})
        assert report.outcome is Outcome.ERRORED


def test_block_types_are_whole_blocks() -> None:
    assert gguf.read(build([], [tensor("a", shape=(32,), kind=2)])).tensors[0].end == 18
