from pathlib import Path

import pytest

from certification.checks import gitleaks
from certification.checks.gitleaks import CHECK
from certification.readers import gitleaks as reader
from certification.readers.gitleaks import GitleaksError, leaks_in
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, rules

#: Put together here, so that no scanner takes this file for a leak.
AWS = "AKIA" + "Q3EGRIYRTPNLKJHG"
VALUE = "q8Zr2Lk9" + "Xw4Tn7Vb3Mc6"


@pytest.mark.parametrize(
    ("path", "text", "rule", "level"),
    [
        ("a.py", f"key = '{AWS}'", "aws-access-token", Level.WARNING),
        ("tests/a.py", f"key = '{AWS}'", "aws-access-token", Level.NOTE),
        ("a.py", f"key = '{AWS}'  # gitleaks:allow", "aws-access-token", Level.WARNING),
        ("a.py", f"api_key = '{VALUE}'", "generic-api-key", Level.NOTE),
    ],
)
def test_credentials_are_found_and_never_shown(
    path: str, text: str, rule: str, level: Level, tmp_path: Path
) -> None:
    settings = "[allowlist]\npaths = ['.*']\n"
    files = {path: text, ".gitleaks.toml": settings, ".gitleaksignore": f"{path}:{rule}:1"}
    report = checked(CHECK, tmp_path, files)
    assert rules(report) == {rule: level}
    assert AWS not in str(report)
    assert VALUE not in str(report)


def test_large_files_are_left_out_and_counted(tmp_path: Path) -> None:
    large = f"key = {AWS!r}" + " " * (reader.MAX_MEGABYTES * 1_100_000)
    report = checked(CHECK, tmp_path, {"a.txt": large, "b.txt": "x"})
    assert report.outcome is Outcome.PASSED
    assert report.result.evidence[0].content == {"found": 0, "too_large": 1}
    assert checked(CHECK, tmp_path / "x", {"a.txt": large}).outcome is Outcome.NOT_APPLICABLE


def test_placeholders_pass(tmp_path: Path) -> None:
    made_up = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
    text = f"aws = 'AKIAIOSFODNN7EXAMPLE'\ngithub = '{made_up}'"
    report = checked(CHECK, tmp_path, {"a.py": text})
    assert report.outcome is Outcome.PASSED
    assert report.result.evidence[0].content == {"found": 0, "too_large": 0}


def test_what_says_that_it_is_a_placeholder_is_left_out(tmp_path: Path) -> None:
    program = tmp_path / "gitleaks"
    rows = '[{"Secret": "your-token-here", "RuleID": "a", "File": "b", "StartLine": 1}]'
    program.write_text(f"#!/bin/sh\necho '{rows}'\n")
    program.chmod(0o755)
    assert not list(leaks_in(tmp_path, program))


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 3", "code 3"),
        ("echo '{'", "no report"),
        ("echo '[{}]'", "no report"),
        ("echo 12", "no report"),
        ("sleep 9", "longer than"),
        ("head -c 2000 /dev/zero", "more than"),
    ],
)
def test_a_corrupt_answer_is_no_answer(
    script: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "gitleaks"
    program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(reader, "TIMEOUT_SECONDS", 1)
    monkeypatch.setattr(reader, "MAX_REPORT_BYTES", 1000)
    with pytest.raises(GitleaksError, match=says):
        list(leaks_in(tmp_path, program))


def test_without_the_program_nothing_is_certified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitleaks, "installed", lambda: tmp_path / "none")
    report = checked(CHECK, tmp_path, {"a.py": "x = 1"})
    assert report.outcome is Outcome.ERRORED
    assert report.result.incomplete == "gitleaks is not installed."


def test_not_applicable_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "subject").mkdir()
    assert checked(CHECK, tmp_path, {}).outcome is Outcome.NOT_APPLICABLE
