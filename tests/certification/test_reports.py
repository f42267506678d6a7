import json

from certification import reports
from certification.types import (
    CheckReport,
    Decision,
    Evidence,
    Finding,
    Level,
    Location,
    Outcome,
    Report,
    Result,
    Verdict,
)

RESULT = Result(
    findings=(
        Finding("a.x", Level.ERROR, "bad\0\ud800", Location("f", line=3), "fix it", ("CWE-1",)),
        Finding("a.y", Level.NOTE, "seen", Location("g", offset=7)),
        Finding("a.z", Level.NOTE, "whole", Location("h")),
        Finding("a.x", Level.ERROR, "again", patch="--- a/f\n\0"),
    ),
    evidence=(Evidence("e", {"n": 2**70, "f": 1.5, "l": [None, True, (1,)], "t": "x\0"}),),
)
REPORT = Report(
    "sha256:00",
    (
        CheckReport("a", 2, Outcome.FAILED, RESULT),
        CheckReport("b", 1, Outcome.ERRORED, Result(incomplete="no answer")),
        CheckReport("c", 1, Outcome.ERRORED),
    ),
)
VERDICT = Verdict(Decision.REJECT, ("because",), "p@1")


def test_canonical_bytes_are_stable_and_survive_storage() -> None:
    body = reports.canonical(REPORT, VERDICT)
    data = json.loads(body)
    assert data["decision"] == "reject"
    assert data["checks"][0]["findings"][0]["message"] == "bad\ufffd?"
    assert data["checks"][0]["evidence"][0]["content"] == {
        "n": str(2**70), "f": "1.5", "l": [None, True, [1]], "t": "x\ufffd",
    }  # fmt: skip
    assert data["checks"][0]["findings"][3]["patch"] == "--- a/f\n\ufffd"
    stored = Report(
        REPORT.digest,
        tuple(
            CheckReport(
                c["id"], c["version"], reports.outcome(c["outcome"]), reports.result_from(c)
            )
            for c in data["checks"]
        ),
    )
    assert reports.canonical(stored, VERDICT) == body


def test_deep_evidence_is_cut() -> None:
    deep: object = "end"
    for _ in range(100):
        deep = [deep]
    text = json.dumps(reports.result_dict(Result(evidence=(Evidence("e", deep),))))
    assert "..." in text


def test_a_local_path_is_named() -> None:
    assert reports.to_json(REPORT, VERDICT, path="x")["path"] == "x"
