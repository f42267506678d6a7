"""Runs checks. Holds the only catch-all in the program: a check that crashes is `errored`."""

import logging
from collections.abc import Iterable

from certification.types import (
    Check,
    CheckReport,
    Level,
    Location,
    Outcome,
    Report,
    Result,
    Subject,
    Tools,
)

logger = logging.getLogger(__name__)

#: One check may not bury a report: more findings than this are cut, and the cut is said.
MAX_FINDINGS = 500


def run_check(check: Check, subject: Subject, tools: Tools) -> CheckReport:
    """What `check` says of `subject`; never raises."""
    try:
        if not check.applies_to(subject):
            return CheckReport(check.id, check.version, Outcome.NOT_APPLICABLE)
        result = bounded(check.run(subject, tools))
    except Exception as fault:
        logger.warning("check %s errored", check.id, exc_info=True)
        return CheckReport(check.id, check.version, Outcome.ERRORED, _crashed(fault))
    return CheckReport(check.id, check.version, outcome_of(result), result)


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
