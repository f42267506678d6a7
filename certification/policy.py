"""The whole approval policy: a pure function from what was found to what is decided."""

import hashlib
from functools import cache
from pathlib import Path

from certification.types import CheckReport, Decision, Level, Outcome, Report, Verdict

POLICY = "assay-default@1"


@cache
def digest() -> str:
    """sha256:<hex> of the policy's own text: this file."""
    return f"sha256:{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"


def judge(report: Report) -> Verdict:
    """An error-level finding rejects; all applicable checks passed, and at least one of them,
    approves; anything else (a warning, no answer, nothing checked) goes to a person."""
    rejecting = [
        f"{f.rule}: {f.message}"
        for check in report.checks
        for f in check.result.findings
        if f.level is Level.ERROR
    ]
    if rejecting:
        return Verdict(Decision.REJECT, tuple(dict.fromkeys(rejecting)), POLICY)
    doubts = tuple(reason for check in report.checks for reason in _doubts(check))
    if doubts:
        return Verdict(Decision.REVIEW, doubts, POLICY)
    if not any(check.outcome is Outcome.PASSED for check in report.checks):
        return Verdict(Decision.REVIEW, ("No check had anything to say about it.",), POLICY)
    return Verdict(Decision.APPROVE, ("Every applicable check passed.",), POLICY)


def _doubts(check: CheckReport) -> list[str]:
    if check.outcome in {Outcome.PASSED, Outcome.NOT_APPLICABLE}:
        return []
    if check.outcome is Outcome.ERRORED:
        return [f"{check.check} could not judge: {check.result.incomplete or 'it gave no answer'}"]
    return [f"{f.rule}: {f.message}" for f in check.result.findings if f.level is Level.WARNING]
