"""Two other scanners beside our own walk of pickles."""

import pickletools
from pathlib import Path

import pytest

from certification.checks import second_opinions
from certification.checks.second_opinions import CHECK
from certification.types import CheckReport, Level, Outcome
from tests.certification.checks.local_subject import checked, rules


def importing(module: str, name: str) -> bytes:
    """A pickle that imports and calls nothing else."""
    return f"\x80\x02c{module}\n{name}\n.".encode("latin-1")


def opinions(report: CheckReport) -> dict[str, object]:
    found = {item.name: item.content for item in report.result.evidence}
    return found["opinions"]["model.pkl"]  # type: ignore[index, no-any-return]


def test_agreement_passes_and_is_evidence(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"model.pkl": importing("collections", "OrderedDict")})
    assert report.outcome is Outcome.PASSED
    assert opinions(report) == {"asked": True, "picklescan": "", "hayward": ""}


def test_what_we_refuse_too_is_no_disagreement(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"model.pkl": importing("os", "system")})
    assert rules(report) == {}
    assert "os.system" in str(opinions(report)["picklescan"])


def test_a_disagreement_is_for_a_person(tmp_path: Path) -> None:
    """uuid.UUID holds data; picklescan distrusts its whole module."""
    report = checked(CHECK, tmp_path, {"model.pkl": importing("uuid", "UUID")})
    assert rules(report) == {"disagreement": Level.WARNING}
    assert "uuid.UUID" in report.result.findings[0].message


@pytest.mark.parametrize("broken", ["scan_bytes", "ModelFileScanner"])
def test_a_scanner_that_fails_is_not_taken_for_a_yes(tmp_path: Path, monkeypatch, broken) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("corrupt")

    monkeypatch.setattr(second_opinions, broken, fail)
    report = checked(CHECK, tmp_path, {"model.pkl": importing("collections", "OrderedDict")})
    assert rules(report) == {"disagreement": Level.WARNING}
    assert "gave up (RuntimeError)" in report.result.findings[0].message


def test_a_large_file_is_not_asked_about_and_that_is_said(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(second_opinions, "MAX_BYTES", 4)
    report = checked(CHECK, tmp_path, {"model.pkl": importing("os", "system")})
    assert opinions(report)["asked"] is False


@pytest.mark.parametrize("data", [b"hello", b"", pickletools.__doc__ or ""])
def test_what_holds_no_pickle_is_left_alone(tmp_path: Path, data) -> None:
    report = checked(CHECK, tmp_path, {"notes.txt": data})
    assert report.result.findings == report.result.evidence == ()


def test_corrupt_pickles_are_asked_about(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"model.pkl": importing("os", "system")[:-1] + b"\xff"})
    assert report.outcome in {Outcome.PASSED, Outcome.FAILED}


def test_not_applicable_without_files(tmp_path: Path) -> None:
    (tmp_path / "subject").mkdir()
    assert checked(CHECK, tmp_path, {}).outcome is Outcome.NOT_APPLICABLE
