import io
import stat
import struct
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest

from certification.readers.archive import inspect, is_package_archive, kind_of, read_member, unpack
from certification.readers.archive_listing import (
    ArchiveKind,
    ArchiveLimits,
    ArchiveListing,
    DamagedArchiveError,
)
from tests.certification.readers.archive_maker import special, tar_of, tar_with, zip_of, zip_with

GOOD = {"a.txt": b"alpha" * 100, "b/c.txt": b"gamma"}


def listed(data: bytes, limits: ArchiveLimits | None = None) -> ArchiveListing:
    listing = inspect(io.BytesIO(data), limits or ArchiveLimits())
    assert listing is not None
    return listing


def codes(data: bytes, limits: ArchiveLimits | None = None) -> set[str]:
    return {problem.code for problem in listed(data, limits).problems}


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (zip_of(GOOD), ArchiveKind.ZIP),
        (zip_of(GOOD, zipfile.ZIP_STORED), ArchiveKind.ZIP),
        (tar_of(GOOD), ArchiveKind.TAR),
        (tar_of(GOOD, "w:gz"), ArchiveKind.TAR_GZIP),
    ],
)
def test_round_trip(data: bytes, kind: ArchiveKind, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(data)
    listing = unpack(path, tmp_path / "out")
    assert listing is not None
    assert listing.kind is kind
    assert listing.safe
    assert not listing.problems
    for name, content in GOOD.items():
        assert (tmp_path / "out" / name).read_bytes() == content
        member = next(m for m in listing.members if m.path == name)
        assert read_member(io.BytesIO(data), listing, member, 3) == content[:3]


@pytest.mark.parametrize("data", [b"", b"plain text", b"\x1f\x8bnot gzip", b"\x1f\x8b\x08\0"])
def test_other_bytes_are_no_archive(data: bytes, tmp_path: Path) -> None:
    assert kind_of(io.BytesIO(data)) is None
    assert inspect(io.BytesIO(data)) is None
    assert unpack(io.BytesIO(data), tmp_path) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../evil", "escape"),
        ("/etc/passwd", "escape"),
        ("a\\..\\b", "escape"),
        ("a\\b", "path"),
        ("C:/x", "path"),
        ("x\u202ey", "path"),
        ("a/" * 30 + "b", "path"),
    ],
)
def test_unsafe_paths_are_refused(name: str, code: str, tmp_path: Path) -> None:
    for data in (zip_of({name: b"x"}), tar_of({name: b"x"}), tar_of({name: b"x"}, "w:gz")):
        assert code in codes(data)
        listing = unpack(io.BytesIO(data), tmp_path / "out")
        assert listing is not None
        assert not listing.safe
        assert not (tmp_path / "out").exists()


def test_links_and_devices_are_refused() -> None:
    assert codes(zip_with((special("l", stat.S_IFLNK | 0o777), b"/etc"))) == {"link"}
    assert codes(zip_with((special("d", stat.S_IFCHR | 0o777), b""))) == {"device"}
    assert codes(tar_with(link("l", "/etc"))) == {"link"}
    assert codes(tar_with(link("l", "a", tarfile.LNKTYPE))) == {"link"}
    assert codes(tar_with(link("f", "", tarfile.FIFOTYPE))) == {"device"}
    assert codes(tar_with(link("s", "", tarfile.GNUTYPE_SPARSE))) & {"sparse", "corrupt"}


def test_members_that_collide_are_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = zip_with((zipfile.ZipInfo("a"), b"1"), (zipfile.ZipInfo("a"), b"2"))
    assert codes(twice) == {"duplicate"}
    assert codes(zip_of({"A.txt": b"", "a.TXT": b""})) == {"collision"}
    assert codes(zip_of({"e\u0301": b"", "\u00e9": b""})) == {"duplicate"}
    assert codes(tar_of({"a": b"", "a/b": b""})) == {"collision"}


def test_folders_and_dot_prefixes_are_normal() -> None:
    folder = tarfile.TarInfo("./d")
    folder.type = tarfile.DIRTYPE
    top = tarfile.TarInfo("./")
    top.type = tarfile.DIRTYPE
    listing = listed(tar_with((top, b""), (folder, b""), (tarfile.TarInfo("./d/x"), b"1")))
    assert [member.path for member in listing.members] == ["d/x"]
    assert listing.safe
    assert listed(zip_of({"d/": b"", "d/x": b"1"})).safe
    assert codes(zip_of({"d/": b"data"})) == {"disagreement"}


def test_bombs_are_refused_by_size_ratio_and_count() -> None:
    zeros = {"zeros": bytes(20 * 1024**2)}
    assert codes(zip_of(zeros)) == {"bomb"}
    assert codes(tar_of(zeros, "w:gz")) & {"bomb", "corrupt"}
    assert codes(zip_of(GOOD), ArchiveLimits(total_bytes=10)) == {"bomb"}
    assert "corrupt" in codes(zip_of(GOOD), ArchiveLimits(members=1))
    assert "corrupt" in codes(tar_of(GOOD), ArchiveLimits(members=1))
    assert "corrupt" in codes(zip_of(GOOD), ArchiveLimits(directory_bytes=8))
    small = ArchiveLimits(ratio_floor_bytes=1024, ratio=2, members=1)
    assert "corrupt" in codes(tar_of({"zeros": bytes(10**6)}, "w:gz"), small)


def test_a_tar_header_cannot_ask_for_much_memory() -> None:
    huge = tarfile.TarInfo("././@LongLink")
    huge.type, huge.size = tarfile.GNUTYPE_LONGNAME, 1024**3
    assert codes(huge.tobuf(tarfile.GNU_FORMAT) + bytes(1024)) == {"corrupt"}


def test_cut_archives_are_damaged() -> None:
    for data in (tar_of(GOOD)[:700], tar_of(GOOD, "w:gz")[:-20], zip_of(GOOD)[:-4]):
        assert codes(data) == {"corrupt"}


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


def test_headers_that_disagree_are_refused() -> None:
    data = zip_of({"abc": b"hello"}, zipfile.ZIP_STORED)
    central = data.index(b"PK\x01\x02")
    assert codes(patched(data, 30, b"xyz")) == {"disagreement"}
    assert codes(patched(data, 8, b"\x08")) == {"disagreement"}
    assert codes(patched(data, 22, b"\x01")) == {"disagreement"}
    assert codes(patched(data, central + 24, b"\x09")) == {"disagreement"}
    encrypted = patched(patched(data, 6, b"\x01"), central + 8, b"\x01")
    assert codes(encrypted) == {"encrypted"}
    strange = patched(patched(data, 8, b"\x0c"), central + 10, b"\x0c")
    assert codes(strange) == {"method"}


def test_a_second_name_is_refused() -> None:
    info = zipfile.ZipInfo("abc")
    info.extra = struct.pack("<2HBL", 0x7075, 8, 1, 0) + b"xyz"
    assert codes(zip_with((info, b"1"))) == {"disagreement"}
    info = zipfile.ZipInfo("abc")
    info.extra = struct.pack("<2HBL", 0x7075, 8, 1, 0) + b"abc"
    assert codes(zip_with((info, b"1"))) == set()


def test_what_stands_around_the_archive_is_said() -> None:
    data = zip_of(GOOD)
    assert codes(data[:4] + data) & {"prepended", "hidden"}
    assert codes(data + b"tail") == {"trailing"}
    assert codes(data + b"MCPB_SIG_V1" + bytes(20)) == set()


def test_hidden_and_overlapping_members_are_refused() -> None:
    data = zip_of({"aa": b"1" * 100, "bb": b"2" * 100}, zipfile.ZIP_STORED)
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    end = data.index(b"PK\x05\x06")
    hidden = data[:first] + data[second:end] + data[end:]
    at = hidden.index(b"PK\x05\x06")
    hidden = patched(hidden, at + 8, struct.pack("<2HL", 1, 1, end - second))
    assert codes(hidden) == {"hidden"}
    overlap = patched(data, second + 42, struct.pack("<L", 0))
    assert {"overlap", "disagreement"} <= codes(overlap)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (4, b"\x01"),  # another disk
        (16, b"\xff\xff\xff\x7f"),  # a directory outside the file
        (8, b"\xff\xff\xff\xff"),  # 64-bit counts without their record
        (8, b"\x01\x00\x01\x00"),  # fewer members than there are
        (8, b"\x03\x00\x03\x00"),  # more members than there are
    ],
)
def test_a_wrong_end_record_is_damage(at: int, value: bytes) -> None:
    data = zip_of(GOOD)
    end = data.index(b"PK\x05\x06")
    assert codes(patched(data, end + at, value)) == {"corrupt"}


def test_wrong_offsets_are_damage() -> None:
    data = zip_of({"abc": b"hello"}, zipfile.ZIP_STORED)
    central = data.index(b"PK\x01\x02")
    assert codes(patched(data, central + 42, b"\x05")) == {"corrupt"}
    assert codes(patched(data, central + 20, b"\xff")) >= {"corrupt"}
    assert codes(patched(data, central, b"XX")) == {"corrupt"}
    assert codes(patched(data, central + 32, b"\xff")) == {"corrupt"}


def test_64_bit_archives_are_read() -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as archive,
        archive.open(zipfile.ZipInfo("big"), "w", force_zip64=True) as member,
    ):
        member.write(b"data")
    assert listed(buffer.getvalue()).safe
    wide = bytearray(zip_of({"a": b"1"}, zipfile.ZIP_STORED))
    end = wide.index(b"PK\x05\x06")
    count, size, offset = 1, end - wide.index(b"PK\x01\x02"), wide.index(b"PK\x01\x02")
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    assert listed(bytes(wide[:end]) + record + locator + tail).safe
    broken = record.replace(b"PK\x06\x06", b"XXXX")
    assert codes(bytes(wide[:end]) + broken + locator + tail) == {"corrupt"}


def test_wide_fields_of_a_member_are_read() -> None:
    data = zip_of({"abc": b"hello"}, zipfile.ZIP_STORED)
    central, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    field = struct.pack("<2H2Q", 1, 16, 5, 5)
    local = patched(patched(data[:central], 18, b"\xff" * 8), 28, b"\x14\0") + b""
    local = local[:33] + field + local[33:]
    record = patched(patched(data[central:end], 20, b"\xff" * 8), 30, b"\x14\0") + field
    tail = patched(data[end:], 12, struct.pack("<2L", len(record), len(local)))
    assert listed(local + record + tail).safe


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_members_are_refused_while_unpacking(method: int, tmp_path: Path) -> None:
    data = zip_of({"abc": b"hello world" * 20}, method)
    broken = patched(data, 45, b"\xff\xff\xff")
    listing = unpack(io.BytesIO(broken), tmp_path / "out")
    assert listing is not None
    assert {problem.code for problem in listing.problems} == {"corrupt"}


@pytest.mark.parametrize("size", [b"\x04", b"\x06"])
def test_a_lie_about_the_size_is_found(size: bytes, tmp_path: Path) -> None:
    data = zip_of({"abc": b"hello"})
    central = data.index(b"PK\x01\x02")
    lying = patched(patched(data, 22, size), central + 24, size)
    listing = unpack(io.BytesIO(lying), tmp_path / "out")
    assert listing is not None
    assert not listing.safe


def test_reading_a_member_that_is_gone_says_so() -> None:
    listing = listed(tar_of(GOOD, "w:gz"))
    with pytest.raises(DamagedArchiveError):
        read_member(io.BytesIO(tar_of({"z": b""}, "w:gz")), listing, listing.members[0], 1)
    zipped = listed(zip_of(GOOD))
    with pytest.raises(DamagedArchiveError):
        read_member(io.BytesIO(b""), zipped, zipped.members[0], 1)
    with pytest.raises(DamagedArchiveError):
        read_member(io.BytesIO(b"no gzip"), listing, listing.members[0], 1)


def test_padding_between_members_is_normal_until_it_is_large() -> None:
    data = zip_of({"a": b"1"}, zipfile.ZIP_STORED)
    central = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    for gap, expected in ((64, set()), (300_000, {"hidden"})):
        padded = data[:central] + bytes(gap) + data[central:]
        offset = struct.pack("<L", central + gap)
        assert codes(patched(padded, end + gap + 16, offset)) == expected


def test_folders_in_a_tar_are_passed_over(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("d")
    folder.type = tarfile.DIRTYPE
    data = tar_with((folder, b""), (tarfile.TarInfo("d/x"), b"1"))
    listing = unpack(io.BytesIO(data), tmp_path / "out")
    assert listing is not None
    assert listing.safe
    assert (tmp_path / "out/d/x").read_bytes() == b"1"


def test_bytes_after_the_end_of_a_tar_are_said() -> None:
    assert codes(tar_of(GOOD) + b"tail") == {"trailing"}
    assert codes(tar_of({"a": b"alpha"})[:1024]) == {"cut"}
    assert codes(tar_of({"a": b"alpha"})[:1100]) == {"cut"}
    assert codes(tar_of({"a": b"alpha"})[:1536]) == set()
    assert codes(tar_of(GOOD, "w:gz") + tar_of(GOOD, "w:gz")) == {"trailing"}


def test_a_64_bit_record_out_of_place_or_short_of_its_start_is_damage() -> None:
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0)
    assert codes(tail) == set()
    name = b"PK\x01\x02" + bytes(24) + b"\xff\xff" + bytes(16)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(name), 0, 0)
    assert codes(b"PK\x03\x04" + name + end) == {"corrupt", "prepended"} - {"prepended"}


def test_model_files_are_not_packages() -> None:
    torch = zip_of({"m/data.pkl": b"", "m/version": b"3"})
    keras = zip_of({"config.json": b"", "metadata.json": b"", "model.weights.h5": b""})
    assert not is_package_archive(io.BytesIO(torch), "model.zip")
    assert not is_package_archive(io.BytesIO(keras), "model.zip")
    assert not is_package_archive(io.BytesIO(zip_of({"a.npy": b""})), "a")
    assert not is_package_archive(io.BytesIO(zip_of(GOOD)), "a.PT")
    old = dict.fromkeys(("sys_info", "pickle", "storages", "tensors"), b"")
    assert not is_package_archive(io.BytesIO(tar_of(old)), "a.tar")
    assert not is_package_archive(io.BytesIO(b"text"), "a.zip")
    assert is_package_archive(io.BytesIO(zip_of(GOOD)), "a.zip")


def test_a_member_that_is_no_deflate_stream_is_damaged(tmp_path: Path) -> None:
    data = bytearray(zip_of(GOOD))
    start = 30 + len("a.txt")
    data[start : start + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "archive").write_bytes(data)
    listing = unpack(tmp_path / "archive", tmp_path / "out")
    assert listing is not None
    assert "cannot be inflated" in listing.problems[0].message
