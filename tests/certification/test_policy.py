import pytest

from certification.policy import POLICY, judge
from certification.types import CheckReport, Decision, Finding, Level, Outcome, Report, Result

PASSED = CheckReport("a", 1, Outcome.PASSED)
NOTE = CheckReport("a", 1, Outcome.PASSED, Result((Finding("a.n", Level.NOTE, "hm"),)))
WARNED = CheckReport("b", 1, Outcome.FAILED, Result((Finding("b.w", Level.WARNING, "odd"),)))
BAD = CheckReport("c", 1, Outcome.FAILED, Result((Finding("c.e", Level.ERROR, "evil"),)))
ERRORED = CheckReport("d", 1, Outcome.ERRORED, Result(incomplete="it crashed"))
SILENT = CheckReport("d", 1, Outcome.ERRORED)
SKIPPED = CheckReport("e", 1, Outcome.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("checks", "decision", "reason"),
    [
        ((), Decision.REVIEW, "No check"),
        ((SKIPPED,), Decision.REVIEW, "No check"),
        ((PASSED, SKIPPED), Decision.APPROVE, "Every applicable check passed."),
        ((NOTE,), Decision.APPROVE, "Every"),
        ((PASSED, WARNED), Decision.REVIEW, "b.w: odd"),
        ((PASSED, ERRORED), Decision.REVIEW, "d could not judge: it crashed"),
        ((PASSED, SILENT), Decision.REVIEW, "d could not judge: it gave no answer"),
        ((PASSED, WARNED, BAD, ERRORED), Decision.REJECT, "c.e: evil"),
    ],
)
def test_decisions(checks, decision, reason):
    verdict = judge(Report("sha256:0", checks))
    assert verdict.decision is decision
    assert verdict.reasons[0].startswith(reason)
    assert verdict.policy == POLICY
