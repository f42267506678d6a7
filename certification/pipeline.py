"""Runs checks. Holds the only catch-all in the program: a check that crashes is `errored`."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from certification import memo
from certification.types import (
    Check,
    CheckReport,
    EachFile,
    Evidence,
    Level,
    Location,
    Outcome,
    Report,
    Result,
    Subject,
    SubjectFile,
    Tools,
)

logger = logging.getLogger(__name__)

#: One check may not bury a report: more findings than this are cut, and the cut is said.
MAX_FINDINGS = 500
#: Evidence and reasons of a check that judges file by file; the findings come first.
MAX_EVIDENCE_FILES = 1_000
MAX_REASONS = 20


def run_check(check: Check, subject: Subject, tools: Tools) -> CheckReport:
    """What `check` says of `subject`; never raises."""
    try:
        if not check.applies_to(subject):
            return CheckReport(check.id, check.version, Outcome.NOT_APPLICABLE)
        result = _result(check, subject, tools)
    except Exception as fault:
        logger.warning("check %s errored", check.id, exc_info=True)
        result = _crashed(fault)
    if result is None:
        return CheckReport(check.id, check.version, Outcome.NOT_APPLICABLE)
    result = bounded(_with_rules(check, result))
    return CheckReport(check.id, check.version, outcome_of(result), result)


def _result(check: Check, subject: Subject, tools: Tools) -> Result | None:
    """The result; None when the check had nothing to say of any file."""
    if not isinstance(check.run, EachFile):
        return check.run(subject, tools)
    known = _recalled(check, subject, tools)
    answers: dict[str, Result] = {}
    fresh: dict[str, dict[str, Any]] = {}
    for file in subject.files:
        key = memo.key_of(check, file)
        remembered = known.get(key)
        answer = (
            memo.restored(remembered)
            if remembered is not None
            else _judged(check, check.run, subject, file)
        )
        if answer is None:
            continue
        answers[file.path] = answer
        if remembered is None and file.sha256 and (kept := memo.kept(answer)) is not None:
            fresh[key] = kept
    if tools.memo is not None and fresh:
        tools.memo.remember(fresh)
    return merged(answers) if answers else None


def _recalled(check: Check, subject: Subject, tools: Tools) -> dict[str, dict[str, Any]]:
    if tools.memo is None:
        return {}
    return tools.memo.recall([memo.key_of(check, file) for file in subject.files if file.sha256])


def _judged(check: Check, work: EachFile, subject: Subject, file: SubjectFile) -> Result | None:
    """What the check says of one file; a crash there does not hide what other files hold."""
    try:
        answer = work.judge(file, subject.path(file.path))
    except Exception as fault:
        logger.warning("check %s errored", check.id, exc_info=True)
        crashed = _crashed(fault)
        return Result(incomplete=f"{file.path[:160]}: {crashed.incomplete}")
    return answer if answer is None else bounded(answer)


def merged(answers: Mapping[str, Result]) -> Result:
    """The answers about single files, by path, as one; evidence of a name is a table by path."""
    evidence: dict[tuple[str, str], dict[str, object]] = {}
    for path, answer in answers.items():
        for item in answer.evidence:
            table = evidence.setdefault((item.name, item.media_type), {})
            if len(table) < MAX_EVIDENCE_FILES:
                table[path] = item.content
    reasons = [answer.incomplete for answer in answers.values() if answer.incomplete]
    if len(reasons) > MAX_REASONS:
        reasons[MAX_REASONS:] = [f"and {len(reasons) - MAX_REASONS} more files"]
    judged = Evidence("files", {"judged": len(answers)})
    return Result(
        tuple(finding for answer in answers.values() for finding in answer.findings),
        (*(Evidence(name, table, kind) for (name, kind), table in evidence.items()), judged),
        "; ".join(reasons),
    )


def _with_rules(check: Check, result: Result) -> Result:
    """With the rules it was judged by, so that a report says what would change it."""
    if not check.packs:
        return result
    packs = [
        {"name": pack.name, "version": pack.version, "digest": pack.digest} for pack in check.packs
    ]
    return replace(result, evidence=(*result.evidence, Evidence("rule-packs", packs)))


def give_up(check: Check) -> CheckReport:
    """The answer of a check that never gave one."""
    return CheckReport(
        check.id, check.version, Outcome.ERRORED, Result(incomplete="The check gave no answer.")
    )


def report_on(subject: Subject, checks: Iterable[Check], tools: Tools) -> Report:
    """Every given check on one subject."""
    return Report(subject.digest, tuple(run_check(check, subject, tools) for check in checks))


def outcome_of(result: Result) -> Outcome:
    """Findings at warning or error level fail a check; an incomplete one is errored unless it
    already found an error."""
    levels = {finding.level for finding in result.findings}
    if Level.ERROR in levels:
        return Outcome.FAILED
    if result.incomplete:
        return Outcome.ERRORED
    return Outcome.FAILED if Level.WARNING in levels else Outcome.PASSED


def bounded(result: Result) -> Result:
    """The result in a stable order, gravest first, cut to MAX_FINDINGS."""
    order = {Level.ERROR: 0, Level.WARNING: 1, Level.NOTE: 2}
    findings = sorted(
        dict.fromkeys(result.findings),
        key=lambda f: (order[f.level], f.rule, _place(f.location), f.message),
    )
    dropped = len(findings) - MAX_FINDINGS
    incomplete = result.incomplete
    if dropped > 0 and not incomplete:
        incomplete = f"{dropped} further findings were cut."
    return Result(tuple(findings[:MAX_FINDINGS]), result.evidence, incomplete)


def _place(location: Location | None) -> tuple[str, int, int]:
    if location is None:
        return ("", 0, 0)
    return (location.path, location.line or 0, location.offset or 0)


def _crashed(fault: Exception) -> Result:
    return Result(incomplete=f"The check failed with {type(fault).__name__}: {str(fault)[:300]}")
