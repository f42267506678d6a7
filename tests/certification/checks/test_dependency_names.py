"""Names of dependencies, beside those that everybody uses."""

from pathlib import Path

import pytest

from certification.checks import dependency_names
from certification.checks.dependency_names import CHECK
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, rules


@pytest.mark.parametrize(
    ("file", "text", "other"),
    [
        ("requirements.txt", "reqeusts==2.0", "requests"),
        ("requirements.txt", "requests-official", "requests"),
        ("requirements.txt", "c0lorama", "colorama"),
        ("package.json", '{"dependencies": {"expres-session": "1.0.0"}}', "express-session"),
        ("package.json", '{"dependencies": {"@modelcontextprotocl/sdk": "^1"}}', "@modelcontext"),
        ("uv.lock", '[[package]]\nname = "tensorfl0w"\nversion = "1"', "tensorflow"),
    ],
)
def test_a_name_near_a_known_one_is_looked_at(
    tmp_path: Path, file: str, text: str, other: str
) -> None:
    report = checked(CHECK, tmp_path, {file: text})
    assert rules(report) == {"mistaken": Level.WARNING}
    assert f"“{other}" in report.result.findings[0].message
    assert other in report.result.findings[0].fix


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("requirements.txt", "requests==2.0\nrequests-cache\npypdf\npypdf2\nmy-own-thing"),
        ("package.json", '{"dependencies": {"@modelcontextprotocol/sdk": "^1", "preact": "10"}}'),
        ("package.json", '{"dependencies": {"reqeust": "file:./reqeust"}}'),
    ],
)
def test_known_names_and_names_of_ones_own_pass(tmp_path: Path, file: str, text: str) -> None:
    assert checked(CHECK, tmp_path, {file: text}).outcome is Outcome.PASSED


def test_no_known_name_is_taken_for_another_ecosystems(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"requirements.txt": "express\nlodash"})
    assert report.outcome is Outcome.PASSED


def test_more_names_than_are_compared_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependency_names, "_MAX_NAMES", 1)
    report = checked(CHECK, tmp_path, {"requirements.txt": "one\ntwo"})
    assert report.outcome is Outcome.ERRORED
    assert report.result.incomplete == "Only 1 of 2 names of dependencies were compared."


def test_what_names_no_dependency_is_not_applicable(tmp_path: Path) -> None:
    assert checked(CHECK, tmp_path, {"a.txt": "x"}).outcome is Outcome.NOT_APPLICABLE


def test_a_corrupt_manifest_is_errored(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"package.json": '{"dependencies": '})
    assert report.outcome is Outcome.ERRORED
    assert "package.json" in report.result.incomplete
