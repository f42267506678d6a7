"""Dumps of advisories: each layout, and each way to be broken."""

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from certification.readers import advisory_dumps
from certification.readers.advisory_dumps import DumpError, Entry, Unreadable, entries

RECORD = json.dumps({"id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z"}).encode()
YAML = b"id: PYSEC-2\nmodified: '2026-01-01T00:00:00Z'\n"
FILES = {"a/one.json": RECORD, "b/two.yaml": YAML, "b/.id-allocator": b"x", "c/bad.json": b"["}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("folder.json/"))
        link = tarfile.TarInfo("link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def spread(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    (path / "link.json").symlink_to("/etc/passwd")
    return path


@pytest.mark.parametrize(
    ("make", "name"), [(zipped, "all.zip"), (tarred, "db.tar.gz"), (spread, "folder")]
)
def test_every_layout_gives_the_same(tmp_path: Path, make, name: str) -> None:
    found = list(entries(make(tmp_path / name, FILES)))
    assert [(e.path, e.advisory.id) for e in found if isinstance(e, Entry)] == [
        ("a/one.json", "PYSEC-1"), ("b/two.yaml", "PYSEC-2"),
    ]  # fmt: skip
    (bad,) = [e for e in found if isinstance(e, Unreadable)]
    assert "bad.json" in bad.problem


def test_one_record_is_a_dump(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(RECORD)
    (entry,) = entries(tmp_path / "x.json")
    assert isinstance(entry, Entry)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"\xff", "UTF-8"), (b"{}", "no id"), (b"x" * 200, "larger")],
)
def test_a_record_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch, data, why) -> None:
    monkeypatch.setattr(advisory_dumps, "MAX_RECORD_BYTES", 100)
    (entry,) = entries(spread(tmp_path, {"x.json": data}))
    assert isinstance(entry, Unreadable)
    assert why in entry.problem


def test_what_is_no_dump_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(DumpError, match="neither"):
        list(entries(tmp_path / "x.txt"))


@pytest.mark.parametrize("make", [zipped, tarred])
def test_damage_is_refused(tmp_path: Path, make) -> None:
    data = {f"{n}.json": RECORD + bytes(range(256)) * 40 for n in range(9)}
    path = make(tmp_path / "dump", data)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 40] = bytes(40)
    path.write_bytes(whole)
    with pytest.raises(DumpError, match="damaged"):
        list(entries(path))


@pytest.mark.parametrize("bound", ["MAX_RECORDS", "MAX_TOTAL_BYTES"])
def test_number_and_size_are_bounded(tmp_path: Path, monkeypatch, bound: str) -> None:
    monkeypatch.setattr(advisory_dumps, bound, 1)
    with pytest.raises(DumpError, match="more records"):
        list(entries(spread(tmp_path, FILES)))


def test_a_cut_dump_is_refused(tmp_path: Path) -> None:
    path = tarred(tmp_path / "dump", {"x.json": os.urandom(90_000)})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DumpError, match="damaged"):
        list(entries(path))
