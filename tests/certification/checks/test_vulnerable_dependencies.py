"""Known vulnerable and malicious dependencies, by a feed that says what it knows."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certification.checks.vulnerable_dependencies import CHECK
from certification.pipeline import run_check
from certification.ports import AdvisorySnapshot, KnownProblem, PackageVersion
from certification.types import CheckReport, Level, Outcome, Tools
from tests.certification.checks.local_subject import checked, rules
from tests.certification.checks.model_subject import subject_of

SNAPSHOT = AdvisorySnapshot("sha256:aa", datetime(2026, 11, 1, tzinfo=UTC), "2026-10-31", 3)
PROBLEM = KnownProblem("PYSEC-1", ("CVE-1",), "Overreads.", "high", malicious=False, fixed="2.1")


@dataclass
class Feed:
    """Knows problems of packages by name."""

    known: dict[str, list[KnownProblem]] = field(default_factory=dict)
    taken: AdvisorySnapshot | None = SNAPSHOT
    stale: bool = False

    def snapshot(self) -> AdvisorySnapshot | None:
        return self.taken

    def is_stale(self) -> bool:
        return self.stale

    def problems(
        self, packages: Iterable[PackageVersion]
    ) -> dict[PackageVersion, list[KnownProblem]]:
        return {one: self.known[one.name] for one in packages if one.name in self.known}


def judged(folder: Path, feed: Feed, text: str = "thing==2.0\nother==1") -> CheckReport:
    subject = subject_of(folder, {"requirements.txt": text.encode()})
    return run_check(CHECK, subject, Tools(advisories=feed))


@pytest.mark.parametrize(
    ("known", "rule", "level", "fix"),
    [
        ({}, "known", Level.WARNING, "thing==2.1 or later"),
        ({"severity": "unknown"}, "known", Level.WARNING, "thing==2.1"),
        ({"severity": "medium", "fixed": ""}, "known", Level.NOTE, "No version of thing"),
        ({"malicious": True}, "malicious", Level.ERROR, "Remove thing"),
    ],
)
def test_what_is_known_is_found(tmp_path: Path, known, rule: str, level: Level, fix: str) -> None:
    report = judged(tmp_path, Feed({"thing": [replace(PROBLEM, **known)]}))
    assert rules(report) == {rule: level}
    (finding,) = report.result.findings
    assert "PYSEC-1, CVE-1" in finding.message
    assert fix in finding.fix
    assert {e.name: e.content for e in report.result.evidence}["matched"] == {
        "pkg:pypi/thing@2.0": ["PYSEC-1"]
    }


def test_npm_packages_are_named_in_their_own_way(tmp_path: Path) -> None:
    subject = subject_of(tmp_path, {"package.json": b'{"dependencies": {"thing": "2.0.0"}}'})
    report = run_check(CHECK, subject, Tools(advisories=Feed({"thing": [PROBLEM]})))
    assert "thing@2.1" in report.result.findings[0].fix


def test_nothing_known_says_as_of_when(tmp_path: Path) -> None:
    report = judged(tmp_path, Feed())
    assert report.outcome is Outcome.PASSED
    assert report.result.findings == ()
    assert {e.name: e.content for e in report.result.evidence}["advisories"] == {
        "snapshot": "sha256:aa",
        "importedAt": "2026-11-01T00:00:00Z",
        "newest": "2026-10-31",
        "records": 3,
    }


@pytest.mark.parametrize(
    ("feed", "rule", "level"),
    [
        (Feed(taken=None), "no-advisories", Level.NOTE),
        (Feed(stale=True), "stale-advisories", Level.WARNING),
    ],
)
def test_no_data_and_old_data_are_said(tmp_path: Path, feed: Feed, rule: str, level: Level) -> None:
    assert rules(judged(tmp_path, feed)) == {rule: level}


def test_what_has_no_fixed_version_is_said(tmp_path: Path) -> None:
    assert rules(judged(tmp_path, Feed(), "thing>=1")) == {"unpinned": Level.NOTE}


def test_a_range_is_matched_by_the_lowest_version_it_allows(tmp_path: Path) -> None:
    report = judged(tmp_path, Feed({"thing": [PROBLEM]}), "thing>=1")
    assert rules(report) == {"unpinned": Level.NOTE, "known": Level.NOTE}
    messages = [finding.message for finding in report.result.findings]
    assert any(said.startswith("“>=1” allows thing 1 has a known") for said in messages)


def test_a_malicious_package_is_found_without_a_version(tmp_path: Path) -> None:
    feed = Feed({"thing": [replace(PROBLEM, malicious=True)], "other": [PROBLEM]})
    report = judged(tmp_path, feed, "thing\nother")
    assert rules(report) == {"unpinned": Level.NOTE, "malicious": Level.ERROR}
    messages = [finding.message for finding in report.result.findings]
    assert "“thing *” allows a release that is known to be malicious (PYSEC-1)." in messages


def test_what_comes_from_elsewhere_is_not_matched_by_its_name(tmp_path: Path) -> None:
    feed = Feed({"thing": [replace(PROBLEM, malicious=True)]})
    report = judged(tmp_path, feed, "thing @ git+https://example.org/thing")
    assert rules(report) == {"unpinned": Level.NOTE}


def test_without_a_feed_it_says_that_nothing_was_consulted(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"requirements.txt": "thing==1"}
    assert rules(checked(CHECK, tmp_path, files)) == {"not-consulted": Level.NOTE}
    loose: dict[str, str | bytes] = {"requirements.txt": "thing"}
    assert rules(checked(CHECK, tmp_path / "b", loose)) == {}


def test_what_names_no_dependency_is_not_applicable(tmp_path: Path) -> None:
    assert checked(CHECK, tmp_path, {"a.txt": "x"}).outcome is Outcome.NOT_APPLICABLE


def test_a_corrupt_lock_is_errored(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"uv.lock": "[["})
    assert report.outcome is Outcome.ERRORED
    assert "uv.lock is not valid TOML" in report.result.incomplete


def test_a_patch_raises_what_a_version_mends(tmp_path: Path) -> None:
    (finding,) = judged(tmp_path, Feed({"thing": [PROBLEM]})).result.findings
    assert "+thing==2.1" in finding.patch.splitlines()
    bad = replace(PROBLEM, malicious=True)
    assert judged(tmp_path, Feed({"thing": [bad]})).result.findings[0].patch == ""
