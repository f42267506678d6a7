"""SARIF as editors and code hosts read it."""

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft7Validator

from certification.fixes import Change, patch
from certification.sarif import to_sarif
from certification.types import (
    CheckReport,
    Decision,
    Finding,
    Level,
    Location,
    Outcome,
    Report,
    Result,
    Verdict,
)

PATCH = patch(
    "f é.py",
    "a\nb\nc\nd\ne\n",
    [Change(1, ("a",), ("A", "\0")), Change(3, ("c",), ()), Change(5, (), ("n",))],
)
ONE = Finding(
    "a.x", Level.ERROR, "bad\0\ud800", Location("f é.py", line=3), "fix it", ("CWE-1",), PATCH
)
FINDINGS = (
    ONE,
    Finding("a.y", Level.NOTE, "seen", Location("g", offset=7), standards=("OWASP ASI01",)),
    Finding("a.z", Level.WARNING, "whole", Location("h", line=0), standards=("ASI-old",)),
    Finding("a.w", Level.NOTE, "whole", Location("h")),
    Finding("a.x", Level.ERROR, "again"),
)
REPORT = Report(
    "sha256:00",
    (
        CheckReport("a", 2, Outcome.FAILED, Result(FINDINGS)),
        CheckReport("b", 1, Outcome.ERRORED, Result(incomplete="no answer")),
        CheckReport("c", 1, Outcome.ERRORED),
        CheckReport("d", 1, Outcome.PASSED),
    ),
)
VERDICT = Verdict(Decision.REJECT, ("because",), "p@1")


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": False,
    }  # fmt: skip


TEXT = closed(["text"], text={"type": "string"})
STRING = {"type": "string"}
COUNT = {"type": "integer", "minimum": 1}
#: What sarif-schema-2.1.0.json (OASIS) says of the properties that we write, and no others.
SCHEMA = closed(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"enum": ["2.1.0"]},
    runs={"type": "array", "items": {"$ref": "#/definitions/run"}},
) | {
    "definitions": {
        "run": closed(
            ["tool"],
            tool=closed(["driver"], driver={"$ref": "#/definitions/component"}),
            taxonomies={"type": "array", "items": {"$ref": "#/definitions/component"}},
            originalUriBaseIds={
                "type": "object", "additionalProperties": closed([], description=TEXT),
            },
            invocations={"type": "array", "items": closed(
                ["executionSuccessful"],
                executionSuccessful={"type": "boolean"},
                toolExecutionNotifications={"type": "array", "items": closed(
                    ["message"],
                    level={"enum": ["none", "note", "warning", "error"]},
                    message=TEXT,
                    descriptor=closed([], id=STRING),
                )},
            )},
            results={"type": "array", "items": {"$ref": "#/definitions/result"}},
            properties={"type": "object"},
        ),
        "component": closed(
            ["name"],
            name=STRING,
            version=STRING,
            informationUri={"type": "string", "format": "uri"},
            rules={"type": "array", "uniqueItems": True, "items": {"$ref": "#/definitions/rule"}},
            taxa={"type": "array", "uniqueItems": True, "items": {"$ref": "#/definitions/rule"}},
            supportedTaxonomies={"type": "array", "items": closed([], name=STRING)},
        ),
        "rule": closed(
            ["id"],
            id=STRING,
            name=STRING,
            help=TEXT,
            helpUri={"type": "string", "format": "uri"},
            properties=closed([], tags={"type": "array", "uniqueItems": True, "items": STRING}),
            relationships={"type": "array", "uniqueItems": True, "items": closed(
                ["target"],
                target=closed([], id=STRING, toolComponent=closed([], name=STRING)),
                kinds={"type": "array", "items": STRING},
            )},
        ),
        "result": closed(
            ["message"],
            ruleId=STRING,
            ruleIndex={"type": "integer", "minimum": -1},
            level={"enum": ["none", "note", "warning", "error"]},
            message=TEXT,
            fixes={"type": "array", "items": closed(
                ["artifactChanges"],
                description=TEXT,
                artifactChanges={"type": "array", "minItems": 1, "items": closed(
                    ["artifactLocation", "replacements"],
                    artifactLocation=closed([], uri=STRING, uriBaseId=STRING),
                    replacements={"type": "array", "minItems": 1, "items": closed(
                        ["deletedRegion"],
                        deletedRegion=closed(
                            [], startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT
                        ),
                        insertedContent=TEXT,
                    )},
                )},
            )},
            partialFingerprints={"type": "object", "additionalProperties": STRING},
            locations={"type": "array", "items": closed([], physicalLocation=closed(
                [],
                artifactLocation=closed(
                    [], uri={"type": "string", "pattern": "^[!-~]*$"}, uriBaseId=STRING
                ),
                region=closed(
                    [],
                    startLine=COUNT,
                    byteOffset={"type": "integer", "minimum": -1},
                ),
            ))},
        ),
    }
}  # fmt: skip


@pytest.fixture
def document() -> dict[str, Any]:
    return to_sarif(REPORT, VERDICT, path="x")


def test_it_is_valid(document: dict[str, Any]) -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert list(Draft7Validator(SCHEMA).iter_errors(document)) == []


def test_rules_and_the_standards_they_rest_on(document: dict[str, Any]) -> None:
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["a.x", "a.y", "a.z", "a.w"]
    assert [taxonomy["name"] for taxonomy in run["taxonomies"]] == [
        "CWE", "OWASP Top 10 for Agentic Applications",
    ]  # fmt: skip
    assert run["taxonomies"][1]["taxa"] == [{"id": "OWASP ASI01", "name": "Agent Goal Hijack"}]
    assert rules[0]["relationships"][0]["target"]["id"] == "CWE-1"


def test_rules_lead_to_their_checks() -> None:
    (run,) = to_sarif(REPORT, VERDICT, docs="https://a.example/docs/checks/")["runs"]
    assert run["tool"]["driver"]["rules"][0]["helpUri"] == "https://a.example/docs/checks/#a"


def test_places(document: dict[str, Any]) -> None:
    results = document["runs"][0]["results"]
    places = [r.get("locations", [{}])[0].get("physicalLocation") for r in results]
    assert places[0] == {
        "artifactLocation": {"uri": "f%20%C3%A9.py", "uriBaseId": "SUBJECT"},
        "region": {"startLine": 3},
    }
    assert places[1]["region"] == {"byteOffset": 7}
    assert places[2]["region"] == {"startLine": 1}
    assert "region" not in places[3]
    assert places[4] is None


def test_patches_are_replacements(document: dict[str, Any]) -> None:
    first, *others = document["runs"][0]["results"]
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "f%20%C3%A9.py"
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 1, "startColumn": 1, "endLine": 1},
            "insertedContent": {"text": "A\n\ufffd"},
        },
        {
            "deletedRegion": {"startLine": 3, "startColumn": 1, "endLine": 4, "endColumn": 1},
            "insertedContent": {"text": ""},
        },
        {
            "deletedRegion": {"startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 1},
            "insertedContent": {"text": "n\n"},
        },
    ]
    assert not any("fixes" in other for other in others)


def test_what_was_not_judged_is_said(document: dict[str, Any]) -> None:
    (invocation,) = document["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    told = {
        n["descriptor"]["id"]: n["message"]["text"]
        for n in invocation["toolExecutionNotifications"]
    }
    assert told == {"b": "Not judged: no answer", "c": "Not judged: the check gave no answer."}


def test_a_fault_keeps_its_fingerprint_when_lines_move() -> None:
    def fingerprint(finding: Finding) -> str:
        report = Report("sha256:00", (CheckReport("a", 1, Outcome.FAILED, Result((finding,))),))
        result = to_sarif(report, VERDICT)["runs"][0]["results"][0]
        return str(result["partialFingerprints"]["assay/v1"])

    moved = replace(ONE, location=Location("f é.py", line=40))
    assert fingerprint(ONE) == fingerprint(moved)
    assert fingerprint(ONE) != fingerprint(replace(ONE, message="other"))
