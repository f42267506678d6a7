import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

import pytest

from certification.readers import lenient_zip, pickle_containers
from certification.readers.pickle_containers import examine, may_hold_pickles
from tests.certification.readers import pickle_assembler as asm


def tarred(name: str, content: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
        archive.addfile(tarfile.TarInfo("link"))
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    return sink.getvalue()


def imports(content: bytes, path: str = "thing") -> set[str]:
    return {str(g) for s in examine(content, path).streams for g in s.trace.globals}


FORMS = {
    "bare": asm.evil(),
    "zip": asm.zipped({"archive/data.pkl": asm.evil()}),
    "deflated": asm.zipped({"a": asm.evil()}, method=zipfile.ZIP_DEFLATED),
    "zip in zip": asm.zipped({"inner.bin": asm.zipped({"x": asm.evil()})}),
    "prefixed": b"\x7fELF" + bytes(60) + asm.zipped({"data.pkl": asm.evil()}),
    "tar": tarred("model.pkl", asm.evil()),
    "gzip": gzip.compress(asm.evil()),
    "gzip twice": gzip.compress(asm.evil()[:4]) + gzip.compress(asm.evil()[4:]),
    "bzip2": bz2.compress(asm.evil()),
    "xz": lzma.compress(asm.evil()),
    "lzma": lzma.compress(asm.evil(), format=lzma.FORMAT_ALONE),
    "zlib": zlib.compress(asm.evil()),
    "joblib 0.9": b"ZF0x0000000000000000\n"[:21] + zlib.compress(asm.evil()),
    "tar.gz": gzip.compress(tarred("model.pkl", asm.evil())),
    "npy": asm.npy("'|O'", asm.evil()),
    "npy fields": asm.npy("[('a', '|O')]", asm.evil()),
    "npz": asm.zipped({"a.npy": asm.npy("'|O'", asm.evil())}),
    "second": asm.data() + asm.evil(),
    "legacy": asm.TORCH_MAGIC + asm.evil(),
    "after space": b"\n \t" + asm.evil(),
    "after mark": b"\xef\xbb\xbf" + asm.evil(),
    "constant": asm.proto() + asm.raw(asm.evil()) + b".",
    "constant in constant": asm.proto() + asm.raw(asm.proto() + asm.raw(asm.evil()) + b".") + b".",
    "hexadecimal": asm.proto() + asm.text(asm.evil().hex()) + b".",
    "base64": asm.proto() + asm.text("gASMAm9zjAZzeXN0ZW2TKIwCaWR0Ui4=") + b".",
    "gguf by name": b"GGUFx" + asm.zipped({"m": asm.evil()}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_pickle_is_found_whatever_it_is_wrapped_in(form: str) -> None:
    assert "os.system" in imports(FORMS[form])
    assert may_hold_pickles(FORMS[form], "thing.pkl")


def test_text_and_other_formats_are_no_pickles() -> None:
    for content in (b"", b"# A readme\n", b"cost\nof\nliving\n", b"\x89HDF\r\n", b"(a) first\n"):
        found = examine(content, "README")
        assert found.streams == []
        assert found.unexamined == []
        assert not may_hold_pickles(content, "README")


def test_a_name_that_claims_a_pickle_is_examined() -> None:
    assert may_hold_pickles(b"hello", "model.pkl")
    assert len(examine(b"hello", "model.pkl").streams) == 1


def test_a_plain_pickle_without_imports_counts_by_its_header() -> None:
    assert len(examine(asm.proto() + b"}.", "x").streams) == 1
    assert examine(b"N.", "x").streams == []


@pytest.mark.parametrize("mark", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd"])
def test_unsupported_containers_are_said(mark: bytes) -> None:
    assert "not opened" in examine(mark + b"rest", "model").unexamined[0]
    assert may_hold_pickles(mark, "model")


def test_broken_containers_are_said() -> None:
    assert "compression" in examine(b"\x1f\x8b\x08\x00broken-stream", "x").unexamined[0]
    assert "broken" in examine(b"\x1f\x8b\xff\xff\xff\xff", "x").unexamined[0]
    assert "compression" in examine(b"x\x9cbroken", "x.pkl").unexamined[0]
    assert examine(b"x\x9c\xff\xff\xff\xff", "x").unexamined == []
    assert "tar" in examine(tarred("m", asm.evil())[:520], "x").unexamined[0]
    assert "numpy" in examine(b"\x93NUMPY\x01\x00\x02\x00{}" + asm.evil(), "x").unexamined[0]


def test_a_numeric_array_holds_no_pickle() -> None:
    found = examine(asm.npy("'<f8'", asm.evil()), "x.npy")
    assert found.streams == []
    wide = asm.npy("'<f8'", b"").replace(b"\x01\x00", b"\x02\x00", 1)
    assert examine(wide[:10] + b"\x00\x00" + wide[10:], "x").unexamined == []


def test_streams_that_follow_are_marked() -> None:
    notes = [s.note for s in examine(asm.data() + asm.data(), "x").streams]
    assert notes == ["", "it follows the end of another pickle"]
    assert examine(asm.data() + b"rest", "x").unexamined
    many = examine(asm.data() * (pickle_containers.MAX_STREAMS + 1), "x")
    assert "streams" in many.unexamined[0]


def test_legacy_torch_is_five_streams_and_storages() -> None:
    content = asm.TORCH_MAGIC + asm.data() * 4 + b"\xff\xfe storages"
    found = examine(content, "m.pth")
    assert len(found.streams) == 5
    assert {s.note for s in found.streams} == {""}
    assert found.unexamined == []


def test_arrays_in_a_stream_are_also_read_as_instructions() -> None:
    hidden = asm.evil()[2:]
    stream = asm.joblib_array(
        code="i1", shape=b"K" + bytes([len(hidden)]) + b"\x85", content=hidden
    )
    found = examine(stream, "m.joblib")
    assert [s.plain for s in found.streams] == [False, True]
    assert "os.system" in {str(g) for g in found.streams[1].trace.globals}


def test_bounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = asm.evil()
    for _ in range(pickle_containers.MAX_DEPTH + 1):
        nested = asm.zipped({"a.pkl": nested})
    assert any("deeper" in reason for reason in examine(nested, "x").unexamined)
    inner = asm.evil()
    for _ in range(pickle_containers.MAX_DEPTH + 1):
        inner = asm.proto() + asm.raw(inner) + b"."
    assert any("deeper" in reason for reason in examine(inner, "x").unexamined)
    monkeypatch.setattr(pickle_containers, "MAX_MEMBERS", 1)
    both = {"a.pkl": asm.evil(), "b.pkl": asm.evil(), "c.pkl": asm.evil()}
    assert any("members" in reason for reason in examine(asm.zipped(both), "x").unexamined)
    assert any("members" in r for r in examine(tarred("a", asm.evil()), "x").unexamined)
    monkeypatch.setattr(pickle_containers, "MAX_UNPACKED", 20)
    assert any("over the limit" in r for r in examine(gzip.compress(asm.evil()), "x").unexamined)
    tarball = tarred("a", asm.evil())
    monkeypatch.setattr(pickle_containers, "MAX_MEMBERS", 9)
    assert any("over the limit" in r for r in examine(tarball, "x").unexamined)
    deflated = asm.zipped({"a.pkl": asm.evil() * 9}, method=zipfile.ZIP_DEFLATED)
    assert any("over the limit" in r for r in examine(deflated, "x").unexamined)


def test_stored_weights_are_not_read_and_torchscript_is_known() -> None:
    content = asm.zipped({"m/data/0": bytes(100), "m/code/x.py": b"#", "m/data.pkl": asm.data()})
    found = examine(content, "m.pt")
    assert {s.torchscript for s in found.streams} == {True}
    assert {s.path for s in found.streams} == {"m.pt!m/data.pkl"}


def test_a_late_call_in_a_stored_member_is_not_missed() -> None:
    late = b"V" + b"a" * 70_000 + b"\n0" + asm.imported("os", "system") + b")R."
    assert "os.system" in imports(asm.zipped({"m/data/0": late}), "m.pt")
    assert may_hold_pickles(late, "notes")


def test_text_that_only_looks_like_an_encoded_pickle() -> None:
    assert len(examine(asm.proto() + asm.text("8004zzzzzz") + b".", "x").streams) == 1


def test_members_are_read_despite_flags_and_lies() -> None:
    content = bytearray(asm.zipped({"a.pkl": asm.evil()}))
    content[6] |= 1
    assert "os.system" in imports(bytes(content))
    odd = content.replace(b"\x00\x00" + content[10:12], b"\x63\x00" + content[10:12])
    assert any("method 99" in r for r in examine(bytes(odd), "x").unexamined)
    deflated = asm.zipped({"a.pkl": asm.evil()}, method=zipfile.ZIP_DEFLATED)
    start = 30 + len("a.pkl")
    broken = deflated[:start] + b"\xff\xff" + deflated[start + 2 :]
    assert any("inflate" in r for r in examine(broken, "x").unexamined)
    cut = asm.zipped({"a.pkl": asm.evil()})[: 30 + 5 + 10]
    assert any("cut short" in r for r in examine(cut, "x").unexamined)


def test_zip64_sizes_are_believed() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive, archive.open("a.pkl", "w", force_zip64=True) as f:
        f.write(asm.evil())
    listed = list(lenient_zip.members(sink.getvalue(), 10))
    assert {m.size for m in listed} == {len(asm.evil())}
    assert lenient_zip._wide(b"\x01\x00\x18\x00" + bytes(range(24)), unpacked=0xFFFFFFFF,
                             packed=0xFFFFFFFF, offset=0xFFFFFFFF)[1] > 0  # fmt: skip
    assert lenient_zip._wide(b"\x07\x00\x00\x00", unpacked=1, packed=2, offset=3) == (2, 3)
    wild = asm.zipped({"a": b"x"}).replace(b"\0\0\0\0a", b"\xf0\xf0\0\0a")
    assert [m.name for m in lenient_zip.members(wild, 9)] == ["a"]
    assert list(lenient_zip.members(sink.getvalue() * 3, 0))
