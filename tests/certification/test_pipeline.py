from dataclasses import replace
from pathlib import Path

import pytest

from certification import reports
from certification.pipeline import (
    MAX_EVIDENCE_FILES,
    MAX_FINDINGS,
    MAX_REASONS,
    give_up,
    merged,
    report_on,
    run_check,
)
from certification.types import (
    Check,
    EachFile,
    Evidence,
    Finding,
    Level,
    Location,
    Outcome,
    Result,
    RulePack,
    Stage,
    Subject,
    SubjectFile,
    Tools,
)
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format
from tests.fakes import FakeMemo

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


FILES = tuple(SubjectFile(name, 1, name * 64) for name in "abc")


def judging(seen, answer=None):
    """A check that notes which files it judges; `answer` of a file, else that all is well."""

    def judge(file, path):
        seen.append((file.path, path))
        return answer(file) if answer else Result(evidence=(Evidence("e", file.size),))

    return replace(check(None), run=EachFile(judge))


def test_each_file_is_judged_where_it_is():
    seen = []
    report = run_check(judging(seen), replace(SUBJECT, root=Path("/r"), files=FILES), Tools())
    assert seen == [(name, Path("/r") / name) for name in "abc"]
    assert report.outcome is Outcome.PASSED
    content = {item.name: item.content for item in report.result.evidence}
    assert content == {"files": {"judged": 3}, "e": {"a": 1, "b": 1, "c": 1}}


def test_all_checks_see_a_file_before_any_sees_the_next():
    seen = []

    def noting(name):
        return replace(judging([], lambda file: seen.append((name, file.path))), id=name)

    first, second = noting("x"), noting("y")
    subject = replace(SUBJECT, files=FILES[:2])
    report = report_on(subject, [first, check(found()), second], Tools())
    assert seen == [("x", "a"), ("y", "a"), ("x", "b"), ("y", "b")]
    assert [answer.check for answer in report.checks] == ["x", "a", "y"]


def test_files_that_are_none_of_its_business():
    only_b = judging([], lambda file: Result() if file.path == "b" else None)
    assert run_check(only_b, replace(SUBJECT, files=FILES), Tools()).result.evidence == (
        Evidence("files", {"judged": 1}),
    )
    beyond = replace(judging([]), applies_to=lambda subject: False)
    report = run_check(beyond, replace(SUBJECT, files=FILES), Tools())
    assert report.outcome is Outcome.NOT_APPLICABLE
    broken = replace(judging([]), applies_to=lambda subject: 1 / 0)
    report = run_check(broken, replace(SUBJECT, files=FILES), Tools())
    assert report.outcome is Outcome.ERRORED
    nothing = judging([], lambda file: None)
    report = run_check(nothing, replace(SUBJECT, files=FILES), Tools())
    assert report.outcome is Outcome.NOT_APPLICABLE


def test_a_crash_on_one_file_hides_nothing_in_the_others():
    def answer(file):
        if file.path == "a":
            raise ValueError("boom")
        return found(Level.WARNING)(SUBJECT, None)

    report = run_check(judging([], answer), replace(SUBJECT, files=FILES), Tools())
    assert report.outcome is Outcome.ERRORED
    assert report.result.incomplete == "a: The check failed with ValueError: boom"
    assert report.result.findings


def test_the_same_bytes_are_judged_once_and_the_answer_is_the_same():
    memo = FakeMemo()
    seen = []
    subject = replace(SUBJECT, files=FILES)
    work = judging(seen, lambda file: found(Level.NOTE, Level.WARNING)(SUBJECT, None))
    first = run_check(work, subject, Tools(memo=memo))
    second = run_check(work, subject, Tools(memo=memo))
    assert len(seen) == 3
    assert second == first
    assert reports.result_dict(second.result) == reports.result_dict(first.result)
    changed = replace(subject, files=(*FILES[:2], replace(FILES[2], sha256="d" * 64)))
    run_check(work, changed, Tools(memo=memo))
    assert [path for path, _ in seen[3:]] == ["c"]


def test_an_answer_that_is_unfinished_or_not_about_known_bytes_is_not_remembered():
    memo = FakeMemo()
    subject = replace(SUBJECT, files=(FILES[0], SubjectFile("d", 1)))
    unread = judging([], lambda file: Result(incomplete="cut" if file.sha256 else ""))
    run_check(unread, subject, Tools(memo=memo))
    assert memo.answers == {}


def test_many_files_are_bounded_and_the_cut_is_said():
    answers = {
        str(number): Result(evidence=(Evidence("e", number),), incomplete=f"{number} is cut")
        for number in range(MAX_EVIDENCE_FILES + 1)
    }
    result = merged(answers)
    assert result.evidence[1] == Evidence("files", {"judged": MAX_EVIDENCE_FILES + 1})
    assert len(result.evidence[0].content) == MAX_EVIDENCE_FILES
    more = MAX_EVIDENCE_FILES + 1 - MAX_REASONS
    assert result.incomplete.endswith(f"; and {more} more files")


def test_a_report_names_the_rules():
    ruled = replace(check(found()), packs=(RulePack("p", "1", "sha256:0"),))
    assert run_check(ruled, SUBJECT, Tools()).result.evidence == (
        Evidence("rule-packs", [{"name": "p", "version": "1", "digest": "sha256:0"}]),
    )
