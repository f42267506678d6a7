from pathlib import Path

import pytest

from certification.pipeline import MAX_FINDINGS, give_up, report_on, run_check
from certification.types import (
    Check,
    Finding,
    Level,
    Location,
    Outcome,
    Result,
    Stage,
    Subject,
    Tools,
)
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

SUBJECT = Subject(
    name="acme/x",
    version="1.0.0",
    format=Format.GGUF,
    digest="sha256:0",
    root=Path(),
    declared=Descriptor(format=Format.GGUF),
    files=(),
)


def check(run, *, applies=True):
    return Check("a", 3, Stage.SCAN, "A", (), lambda subject: applies, run)


def found(*levels, incomplete=""):
    return lambda subject, tools: Result(
        tuple(Finding(f"a.{level}", level, "m") for level in levels), incomplete=incomplete
    )


def crash(subject, tools):
    raise ValueError("boom")


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (found(), Outcome.PASSED),
        (found(Level.NOTE), Outcome.PASSED),
        (found(Level.WARNING), Outcome.FAILED),
        (found(Level.ERROR), Outcome.FAILED),
        (found(incomplete="cut"), Outcome.ERRORED),
        (found(Level.WARNING, incomplete="cut"), Outcome.ERRORED),
        (found(Level.ERROR, incomplete="cut"), Outcome.FAILED),
        (crash, Outcome.ERRORED),
    ],
)
def test_outcomes(run, outcome):
    report = run_check(check(run), SUBJECT, Tools())
    assert (report.check, report.version, report.outcome) == ("a", 3, outcome)


def test_a_crash_is_explained():
    report = run_check(check(crash), SUBJECT, Tools())
    assert report.result.incomplete == "The check failed with ValueError: boom"


def test_a_check_that_does_not_apply_is_not_run():
    assert run_check(check(crash, applies=False), SUBJECT, Tools()).outcome is (
        Outcome.NOT_APPLICABLE
    )


def test_gravest_first_in_a_stable_order_without_repeats():
    def run(subject, tools):
        return Result(
            (
                Finding("a.z", Level.NOTE, "m"),
                Finding("a.b", Level.ERROR, "m", Location("f", line=2)),
                Finding("a.b", Level.ERROR, "m", Location("f", offset=1)),
                Finding("a.b", Level.ERROR, "m", Location("f", line=2)),
            )
        )

    findings = run_check(check(run), SUBJECT, Tools()).result.findings
    assert [(f.rule, f.location) for f in findings] == [
        ("a.b", Location("f", offset=1)),
        ("a.b", Location("f", line=2)),
        ("a.z", None),
    ]


def test_a_flood_of_findings_is_cut_and_said():
    def run(subject, tools):
        return Result(tuple(Finding("a", Level.NOTE, str(n)) for n in range(MAX_FINDINGS + 5)))

    report = run_check(check(run), SUBJECT, Tools())
    assert len(report.result.findings) == MAX_FINDINGS
    assert report.result.incomplete == "5 further findings were cut."
    assert report.outcome is Outcome.ERRORED


def test_a_report_holds_every_check():
    report = report_on(SUBJECT, [check(found()), check(crash)], Tools())
    assert report.digest == "sha256:0"
    assert [c.outcome for c in report.checks] == [Outcome.PASSED, Outcome.ERRORED]


def test_giving_up_is_no_yes():
    report = give_up(check(found()))
    assert report.outcome is Outcome.ERRORED
    assert report.result.incomplete
