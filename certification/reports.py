"""Reports as documents: canonical JSON (RFC 8785) and the rows they are kept in."""

from typing import Any

import rfc8785

from certification.sarif import plain
from certification.types import (
    Evidence,
    Finding,
    Level,
    Location,
    Outcome,
    Report,
    Result,
    Verdict,
)

_SAFE_INTEGER = 2**53 - 1
_MAX_DEPTH = 32


def to_json(report: Report, verdict: Verdict, *, path: str = "") -> dict[str, Any]:
    """The report as plain JSON values; `path` is named when the subject was a local one."""
    named = {"path": path} if path else {}
    return {
        **named,
        "digest": report.digest,
        "decision": verdict.decision.value,
        "reasons": [plain(reason) for reason in verdict.reasons],
        "policy": verdict.policy,
        "checks": [
            {
                "id": check.check,
                "version": check.version,
                "outcome": check.outcome.value,
                **result_dict(check.result),
            }
            for check in report.checks
        ],
    }


def canonical(report: Report, verdict: Verdict) -> bytes:
    """The bytes that are digested and signed: RFC 8785 of `to_json`."""
    return rfc8785.dumps(to_json(report, verdict))


def result_dict(result: Result) -> dict[str, Any]:
    """A Result as JSON values that any database and RFC 8785 accept."""
    return {
        "findings": [_finding(finding) for finding in result.findings],
        "evidence": [
            {"name": e.name, "media_type": e.media_type, "content": _plain(e.content, 0)}
            for e in result.evidence
        ],
        "incomplete": plain(result.incomplete),
    }


def result_from(data: dict[str, Any]) -> Result:
    """The inverse of `result_dict`."""
    return Result(
        findings=tuple(
            Finding(
                rule=item["rule"],
                level=Level(item["level"]),
                message=item["message"],
                location=Location(**item["location"]) if item["location"] else None,
                fix=item["fix"],
                standards=tuple(item["standards"]),
                patch=item.get("patch", ""),
            )
            for item in data["findings"]
        ),
        evidence=tuple(
            Evidence(e["name"], e["content"], e["media_type"]) for e in data["evidence"]
        ),
        incomplete=data["incomplete"],
    )


def outcome(text: str) -> Outcome:
    """The outcome a row names; raises ValueError."""
    return Outcome(text)


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.location
    return {
        "rule": finding.rule,
        "level": finding.level.value,
        "message": plain(finding.message),
        "location": None
        if place is None
        else {"path": plain(place.path), "line": place.line, "offset": place.offset},
        "fix": plain(finding.fix),
        "standards": list(finding.standards),
        **({"patch": plain(finding.patch)} if finding.patch else {}),
    }


def _plain(value: object, depth: int) -> Any:
    """Evidence comes from hostile files: only what JSON, RFC 8785 and Postgres can hold."""
    if depth > _MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        return {plain(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    short = isinstance(value, int) and abs(value) <= _SAFE_INTEGER
    return value if value is None or short else plain(str(value))
