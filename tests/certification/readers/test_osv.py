"""Which versions an OSV record affects, and what its severity is."""

from typing import Any

import pytest

from certification.readers.components import Ecosystem
from certification.readers.osv import AdvisoryError, Severity, advisory_from, fix_for


def record(**more: Any) -> dict[str, Any]:
    return {"id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z", "affected": [], **more}


def affects(events: list[dict[str, str]], ecosystem: str = "PyPI", **more: Any) -> dict[str, Any]:
    package = {"ecosystem": ecosystem, "name": "Thing_One"}
    ranges = [{"type": "GIT", "events": [{"introduced": "0"}]}]
    if events:
        ranges.append({"type": "ECOSYSTEM", "events": events})
    return record(affected=[{"package": package, "ranges": ranges, **more}])


FOUR = "CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"
TWO = [{"introduced": "4.0"}, {"fixed": "4.3"}, {"introduced": "5.0"}, {"fixed": "5.2"}]


@pytest.mark.parametrize(
    ("events", "version", "fix"),
    [
        (TWO, "3.9", None),
        (TWO, "4.0", "4.3"),
        (TWO, "4.2.9", "4.3"),
        (TWO, "4.3", None),
        (TWO, "5.1rc1", "5.2"),
        ([{"introduced": "0"}], "1!2", ""),
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0", ""),
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0.1", None),
        ([{"introduced": "what"}, {"fixed": "2"}], "1", None),
        ([{"introduced": "0"}, {"fixed": "what"}], "1", "what"),
        ([{"introduced": "0"}, {"last_affected": "what"}], "1", ""),
        ([{"fixed": "2"}, {"last_affected": "3"}], "1", ""),
        (TWO, "not a version", None),
    ],
)
def test_spans(events: list[dict[str, str]], version: str, fix: str | None) -> None:
    (affected,) = advisory_from(affects(events)).affected
    assert affected.name == "thing-one"
    assert fix_for(affected, version) == fix


def test_versions_by_name() -> None:
    (affected,) = advisory_from(affects([], versions=["1.0", "odd-1"])).affected
    assert fix_for(affected, "1.0") == fix_for(affected, "odd-1") == ""
    assert fix_for(affected, "1.1") is None


def test_npm_versions_are_semantic() -> None:
    events = [{"introduced": "1.0.0-beta"}, {"fixed": "1.2.0"}]
    (affected,) = advisory_from(affects(events, "npm")).affected
    assert (affected.ecosystem, affected.name) == (Ecosystem.NPM, "Thing_One")
    assert fix_for(affected, "1.0.0") == "1.2.0"
    assert fix_for(affected, "1.0.0-alpha") is None


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({}, Severity.UNKNOWN),
        ({"severity": [{"score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}, "critical"),
        ({"severity": [{"score": FOUR}]}, "low"),
        ({"severity": [{"score": "7"}], "database_specific": {"severity": "MODERATE"}}, "medium"),
        ({"database_specific": {"severity": "HIGH"}}, "high"),
        ({"severity": [{"score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"}]}, "unknown"),
    ],
)  # fmt: skip
def test_severity(more: dict[str, Any], severity: str) -> None:
    assert advisory_from(record(**more)).severity == severity


def test_what_else_a_record_says() -> None:
    said = advisory_from(
        record(id="MAL-2026-1", summary="a\0 b\n c", aliases=["CVE-1", 3], withdrawn="2026-01-02")
    )
    assert (said.malicious, said.summary, said.aliases, said.withdrawn) == (
        True, "a b c", ("CVE-1",), True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "affected", [[{"package": {"ecosystem": "Debian:12", "name": "x"}}], ["x"], "x", [{}]]
)
def test_other_ecosystems_are_left_out(affected: Any) -> None:
    assert advisory_from(record(affected=affected)).affected == ()
    nameless = [{"package": {"ecosystem": "npm"}}]
    assert advisory_from(record(affected=nameless)).affected == ()


@pytest.mark.parametrize("odd", [{}, {"id": 3}, {"id": "x" * 101, "modified": "1"}, {"id": "x"}])
def test_records_without_an_identity_are_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(AdvisoryError):
        advisory_from(odd)
