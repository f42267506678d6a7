"""Declared licences and licence texts."""

from pathlib import Path

import pytest

from certification.checks.licences import CHECK
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, rules

APACHE = (Path(__file__).resolve().parents[3] / "LICENSE").read_bytes()


def skill(licence: str) -> bytes:
    stated = f"license: {licence}\n" if licence else ""
    return f"---\nname: thing\ndescription: Counts words.\n{stated}---\nCount.\n".encode()


def test_a_licence_of_the_text_beside_it_passes(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"SKILL.md": skill("MIT OR Apache-2.0"), "LICENSE": APACHE}
    report = checked(CHECK, tmp_path, files)
    assert report.outcome is Outcome.PASSED
    seen = {evidence.name: evidence.content for evidence in report.result.evidence}
    texts = {"LICENSE": "Apache-2.0"}
    assert seen["licences"] == {"declared": "MIT OR Apache-2.0", "texts": texts}


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", {"contradiction": Level.WARNING}),
        ("GPL-3.0-or-later", {"contradiction": Level.WARNING}),
        ("do what you like", {"unknown": Level.NOTE}),
        ("", {"none": Level.NOTE}),
    ],
)
def test_what_does_not_agree_is_found(
    tmp_path: Path, licence: str, expected: dict[str, Level]
) -> None:
    files: dict[str, str | bytes] = {"SKILL.md": skill(licence), "LICENSE": APACHE}
    assert rules(checked(CHECK, tmp_path, files)) == expected


def test_neither_licence_nor_text_is_not_applicable(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"SKILL.md": skill("")})
    assert report.outcome is Outcome.NOT_APPLICABLE


def test_a_corrupt_text_is_no_licence(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"SKILL.md": skill("MIT"), "LICENSE": b"\xff\x00" * 500}
    report = checked(CHECK, tmp_path, files)
    assert report.outcome is Outcome.PASSED
    seen = {evidence.name: evidence.content for evidence in report.result.evidence}
    assert seen["licences"] == {"declared": "MIT", "texts": {"LICENSE": ""}}
