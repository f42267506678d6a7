"""Reports as documents: canonical JSON (RFC 8785), SARIF 2.1.0, and the rows they are kept in."""

from typing import Any

import rfc8785

from certification.types import (
    CheckReport,
    Evidence,
    Finding,
    Level,
    Location,
    Outcome,
    Report,
    Result,
    Verdict,
)

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SAFE_INTEGER = 2**53 - 1
_MAX_DEPTH = 32


def to_json(report: Report, verdict: Verdict, *, path: str = "") -> dict[str, Any]:
    """The report as plain JSON values; `path` is named when the subject was a local one."""
    named = {"path": path} if path else {}
    return {
        **named,
        "digest": report.digest,
        "decision": verdict.decision.value,
        "reasons": [_text(reason) for reason in verdict.reasons],
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
        "incomplete": _text(result.incomplete),
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


def to_sarif(report: Report, verdict: Verdict, *, path: str = "") -> dict[str, Any]:
    """The report as SARIF 2.1.0; what could not be judged is a tool execution notification."""
    findings = [(check, finding) for check in report.checks for finding in check.result.findings]
    rules: dict[str, dict[str, Any]] = {}
    for _, finding in findings:
        rules.setdefault(finding.rule, _rule(finding))
    order = {rule: index for index, rule in enumerate(rules)}
    silent = [check for check in report.checks if check.outcome is Outcome.ERRORED]
    run = {
        "tool": {"driver": {"name": "Assay", "rules": list(rules.values())}},
        "invocations": [
            {
                "executionSuccessful": not silent,
                "toolExecutionNotifications": [_notification(check) for check in silent],
            }
        ],
        "results": [_sarif_result(finding, order[finding.rule]) for _, finding in findings],
        "properties": {
            "path": path,
            "digest": report.digest,
            "decision": verdict.decision.value,
            "policy": verdict.policy,
        },
    }
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.location
    return {
        "rule": finding.rule,
        "level": finding.level.value,
        "message": _text(finding.message),
        "location": None
        if place is None
        else {"path": _text(place.path), "line": place.line, "offset": place.offset},
        "fix": _text(finding.fix),
        "standards": list(finding.standards),
    }


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.rule,
        "help": {"text": _text(finding.fix) or "See the message."},
        "properties": {"tags": list(finding.standards)},
    }


def _notification(check: CheckReport) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": _text(check.result.incomplete) or "The check gave no answer."},
        "associatedRule": {"id": check.check},
    }


def _sarif_result(finding: Finding, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level.value,
        "message": {"text": _text(finding.message)},
    }
    place = finding.location
    if place is None:
        return result
    physical: dict[str, Any] = {"artifactLocation": {"uri": _text(place.path)}}
    if place.line is not None:
        physical["region"] = {"startLine": place.line}
    elif place.offset is not None:
        physical["region"] = {"byteOffset": place.offset}
    return {**result, "locations": [{"physicalLocation": physical}]}


def _plain(value: object, depth: int) -> Any:
    """Evidence comes from hostile files: only what JSON, RFC 8785 and Postgres can hold."""
    if depth > _MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        return {_text(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    short = isinstance(value, int) and abs(value) <= _SAFE_INTEGER
    return value if value is None or short else _text(str(value))


def _text(text: str) -> str:
    """Without NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
