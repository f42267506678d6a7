import io
from dataclasses import replace
from pathlib import Path

import pytest

from certification.checks import archive_safety
from certification.checks.archive_safety import CHECK
from certification.intake import open_subject
from certification.pipeline import run_check
from certification.types import Level, Outcome, Tools
from tests.certification.checks.local_subject import checked, checked_path, rules
from tests.certification.readers.archive_maker import tar_of, zip_of

SKILL = b"---\nname: a\ndescription: b\n---\n"


def published(folder: Path, data: bytes) -> Path:
    path = folder / "package.zip"
    path.write_bytes(data)
    return path


def test_a_good_archive_passes_and_its_contents_are_evidence(tmp_path: Path) -> None:
    report = checked_path(CHECK, published(tmp_path, zip_of({"SKILL.md": SKILL})))
    assert report.outcome is Outcome.PASSED
    assert "SKILL.md" in str(report.result.evidence)


def test_an_escape_is_refused(tmp_path: Path) -> None:
    data = zip_of({"SKILL.md": SKILL, "../evil": b""})
    assert rules(checked_path(CHECK, published(tmp_path, data))) == {"escape": Level.ERROR}


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_of({"SKILL.md": SKILL}, 0))
    data[45] ^= 0xFF
    report = checked_path(CHECK, published(tmp_path, bytes(data)))
    assert rules(report) == {"corrupt": Level.ERROR}


def test_links_in_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "subject").mkdir()
    (tmp_path / "subject" / "link").symlink_to("/etc/passwd")
    assert rules(checked(CHECK, tmp_path, {"SKILL.md": SKILL})) == {"link": Level.ERROR}


def test_nested_archives_are_opened(tmp_path: Path) -> None:
    hostile = tar_of({"../evil": b""})
    nested = zip_of({"inner.tar": hostile, "plain.txt": b"x"})
    report = checked(CHECK, tmp_path, {"SKILL.md": SKILL, "outer.zip": nested, "no.tar": b"text"})
    assert rules(report) == {"escape": Level.ERROR}
    assert "outer.zip!/inner.tar" in report.result.findings[0].message
    damaged = bytearray(zip_of({"abc": b"hello" * 9}, 0))
    damaged[45] ^= 0xFF
    files: dict[str, str | bytes] = {"SKILL.md": SKILL, "a.zip": bytes(damaged)}
    assert rules(checked(CHECK, tmp_path / "b", files)) == {"corrupt": Level.ERROR}


def test_budgets_end_in_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"x"
    for _ in range(5):
        data = zip_of({"a.zip": data})
    assert checked(CHECK, tmp_path, {"a.zip": data}).outcome is Outcome.ERRORED
    monkeypatch.setattr(archive_safety, "MAX_ARCHIVES", 0)
    assert checked(CHECK, tmp_path / "b", {"a.zip": zip_of({"x": b""})}).outcome is Outcome.ERRORED


def test_archives_that_cannot_be_read_are_for_a_person(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"SKILL.md": SKILL, "a.7z": b"7z\xbc\xaf\x27\x1c" + bytes(9)}
    assert rules(checked(CHECK, tmp_path, files)) == {"opaque": Level.WARNING}


def test_model_files_are_listed_only(tmp_path: Path) -> None:
    buffer = io.BytesIO(zip_of({"m/data.pkl": b"", "m/version": b"3"}))
    assert checked(CHECK, tmp_path, {"m.pt": buffer.getvalue()}).outcome is Outcome.PASSED


def test_what_is_called_an_archive_and_is_none_is_not_listed(tmp_path: Path) -> None:
    text = tmp_path / "package.zip"
    text.write_text("not a zip")
    tree = tmp_path / "tree"
    tree.mkdir()
    with open_subject(tree, lenient=True) as subject:
        report = run_check(CHECK, replace(subject, archive=text), Tools())
    assert report.outcome is Outcome.PASSED
    assert report.result.evidence[0].content == []
