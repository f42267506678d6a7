"""Dependencies from registries and from elsewhere."""

import json
from pathlib import Path

import pytest

from certification.checks.dependency_sources import CHECK
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, rules

COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("thing==1", {}),
        ("thing @ https://example.org/thing.whl", {"address": Level.WARNING}),
        ("thing @ http://example.org/thing.whl --hash=sha256:aa", {"address": Level.WARNING}),
        ("thing @ https://example.org/thing.whl --hash=sha256:aa", {"address": Level.NOTE}),
        ("thing @ git+https://example.org/thing.git@main", {"repository": Level.WARNING}),
        (f"thing @ git+https://example.org/thing.git@{COMMIT}", {}),
        ("../thing", {"outside": Level.WARNING}),
        ("./thing", {}),
    ],
)
def test_where_python_packages_come_from(tmp_path: Path, line: str, found: object) -> None:
    report = checked(CHECK, tmp_path, {"requirements.txt": line})
    assert rules(report) == found
    assert report.outcome in {Outcome.PASSED, Outcome.FAILED}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("^1.0.0", {}),
        ("someone/thing", {"repository": Level.WARNING}),
        (f"github:someone/thing#{COMMIT}", {}),
        ("file:../thing", {"outside": Level.WARNING}),
        ("workspace:*", {}),
    ],
)
def test_where_node_packages_come_from(tmp_path: Path, asked: str, found: object) -> None:
    manifest = json.dumps({"dependencies": {"thing": asked}})
    assert rules(checked(CHECK, tmp_path, {"package.json": manifest})) == found


def test_the_sources_are_counted(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"requirements.txt": "a==1 --hash=sha256:aa\nb @ git+x://y"})
    (evidence,) = report.result.evidence
    assert evidence.content == {
        "registry": 1, "url": 0, "vcs": 1, "local": 0, "bundled": 0, "hashed": 1, "all": 2,
    }  # fmt: skip


def test_not_applicable_and_corrupt(tmp_path: Path) -> None:
    assert checked(CHECK, tmp_path, {"a.txt": "x"}).outcome is Outcome.NOT_APPLICABLE
    assert checked(CHECK, tmp_path / "b", {"poetry.lock": "[["}).outcome is Outcome.ERRORED
