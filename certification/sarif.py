"""Reports as SARIF 2.1.0 (OASIS), for code hosts and editors (pure).

https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

import hashlib
from typing import Any
from urllib.parse import quote

from certification.fixes import Change, changes_in
from certification.standards import Taxonomy, is_known, standard
from certification.types import CheckReport, Finding, Outcome, Report, Verdict

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "SUBJECT"


def to_sarif(report: Report, verdict: Verdict, *, path: str = "", docs: str = "") -> dict[str, Any]:
    """One run: rules with the standards they rest on, results, and a notification for everything
    that was not judged. `docs` is the address of a page with an anchor for every check."""
    findings = [finding for check in report.checks for finding in check.result.findings]
    rules: dict[str, dict[str, Any]] = {}
    for finding in findings:
        rules.setdefault(finding.rule, _rule(finding, docs))
    order = {rule: index for index, rule in enumerate(rules)}
    silent = [check for check in report.checks if check.outcome is Outcome.ERRORED]
    named = sorted({name for finding in findings for name in finding.standards})
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Assay",
                "rules": list(rules.values()),
                "supportedTaxonomies": [
                    {"name": taxonomy.title} for taxonomy in Taxonomy if _entries(taxonomy, named)
                ],
            }
        },
        "taxonomies": [
            _taxonomy(taxonomy, entries)
            for taxonomy in Taxonomy
            if (entries := _entries(taxonomy, named))
        ],
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the package that was examined."}}
        },
        "invocations": [
            {
                "executionSuccessful": not silent,
                "toolExecutionNotifications": [_notification(check) for check in silent],
            }
        ],
        "results": [_result(finding, order[finding.rule]) for finding in findings],
        "properties": {
            "path": path,
            "digest": report.digest,
            "decision": verdict.decision.value,
            "policy": verdict.policy,
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def plain(text: str) -> str:
    """Without NUL and lone surrogates, which no JSON reader has to take."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _rule(finding: Finding, docs: str) -> dict[str, Any]:
    page = {"helpUri": f"{docs}#{finding.rule.partition('.')[0]}"} if docs else {}
    return {
        "id": finding.rule,
        **page,
        "help": {"text": plain(finding.fix) or "See the message."},
        "properties": {"tags": list(finding.standards)},
        "relationships": [
            {
                "target": {
                    "id": name,
                    "toolComponent": {"name": standard(name).taxonomy.title},
                },
                "kinds": ["relevant"],
            }
            for name in finding.standards
            if is_known(name)
        ],
    }


def _entries(taxonomy: Taxonomy, named: list[str]) -> list[str]:
    return [name for name in named if is_known(name) and standard(name).taxonomy is taxonomy]


def _taxonomy(taxonomy: Taxonomy, entries: list[str]) -> dict[str, Any]:
    return {
        "name": taxonomy.title,
        "version": taxonomy.edition,
        "informationUri": taxonomy.url,
        "taxa": [{"id": name, "name": standard(name).title or name} for name in entries],
    }


def _notification(check: CheckReport) -> dict[str, Any]:
    """What was not scanned, and why: silence would read as clean."""
    return {
        "level": "error",
        "descriptor": {"id": check.check},
        "message": {
            "text": f"Not judged: {plain(check.result.incomplete) or 'the check gave no answer.'}"
        },
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level.value,
        "message": {"text": plain(finding.message)},
        "partialFingerprints": {"assay/v1": _fingerprint(finding)},
    }
    place = finding.location
    if place is None:
        return result
    uri = quote(plain(place.path), safe="/-._~!$&'()*+,;=@")
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": _ROOT}}
    if finding.patch:
        result["fixes"] = [_fix(finding, physical["artifactLocation"])]
    if place.line is not None:
        physical["region"] = {"startLine": max(1, place.line)}
    elif place.offset is not None:
        physical["region"] = {"byteOffset": place.offset}
    return {**result, "locations": [{"physicalLocation": physical}]}


def _fix(finding: Finding, artifact: dict[str, str]) -> dict[str, Any]:
    return {
        "description": {"text": plain(finding.fix)},
        "artifactChanges": [
            {
                "artifactLocation": artifact,
                "replacements": [_replacement(change) for change in changes_in(finding.patch)],
            }
        ],
    }


def _replacement(change: Change) -> dict[str, Any]:
    """Whole lines; a region without an end column leaves the last line's end where it is."""
    lines = [plain(line) for line in change.added]
    if not change.removed or not lines:
        region = {"startLine": change.line, "startColumn": 1, "endLine": change.after}
        inserted = "".join(f"{line}\n" for line in lines)
        return {
            "deletedRegion": {**region, "endColumn": 1},
            "insertedContent": {"text": inserted},
        }
    region = {"startLine": change.line, "startColumn": 1, "endLine": change.after - 1}
    return {"deletedRegion": region, "insertedContent": {"text": "\n".join(lines)}}


def _fingerprint(finding: Finding) -> str:
    """The same for the same fault in the same file, wherever in it the lines have moved to."""
    path = finding.location.path if finding.location else ""
    text = f"{finding.rule}\n{path}\n{finding.message}"
    return hashlib.sha256(plain(text).encode()).hexdigest()[:32]
