"""Model repositories that bring Python code to be run when the model is loaded."""

import json
import re
from dataclasses import replace

from certification.fixes import without_key
from certification.readers.mapped import mapped
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    Subject,
    Tools,
)
from registry.domain.identifiers import Kind

_STANDARDS = ("CWE-829", "CWE-94", "OWASP LLM03:2025", "AML.T0010")
_CONFIG = re.compile(r"(?:.*[_.-])?(?:config|configuration)\.json\Z")
_CODE = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib", ".sh", ".ipynb")
MAX_CONFIG = 8 * 1024 * 1024
MAX_SHOWN = 200
#: Rules, and the keys whose removal mends what they find.
_KEYS = {"remote-code.auto-map": "auto_map", "remote-code.trust": "trust_remote_code"}


def _configs(subject: Subject) -> list[str]:
    return [f.path for f in subject.files if _CONFIG.match(f.path.rpartition("/")[2])]


def _code(subject: Subject) -> list[str]:
    if subject.format.kind is not Kind.MODEL:
        return []
    return [f.path for f in subject.files if f.path.lower().endswith(_CODE)]


def _applies(subject: Subject) -> bool:
    return subject.format.kind is Kind.MODEL or bool(_configs(subject))


def _run(subject: Subject, tools: Tools) -> Result:
    findings: list[Finding] = []
    unread: list[str] = []
    for path in _configs(subject):
        with mapped(subject.path(path)) as data:
            if len(data) > MAX_CONFIG:
                unread.append(f"{path} is larger than {MAX_CONFIG} bytes")
                continue
            try:
                config = json.loads(bytes(data))
                text = bytes(data).decode("utf-8", "replace")
            except (ValueError, RecursionError):
                unread.append(f"{path} is not JSON")
                continue
        findings += _patched(_judge(config, path), path, text)
    code = _code(subject)
    findings += [
        _finding("code", f"{path} is code in a model package; loaders may run it.", path)
        for path in code
    ]
    evidence = Evidence("code", {"configs": _configs(subject)[:100], "code": code[:100]})
    return Result(tuple(findings), (evidence,), "; ".join(unread[:20]))


def _patched(findings: list[Finding], path: str, text: str) -> list[Finding]:
    """The first finding of each rule takes every such key out of the file."""
    waiting = dict(_KEYS)
    return [
        replace(finding, patch=without_key(path, text, key))
        if (key := waiting.pop(finding.rule, ""))
        else finding
        for finding in findings
    ]


def _judge(config: object, path: str) -> list[Finding]:
    findings = []
    waiting = [config]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list):
            waiting += current
        if not isinstance(current, dict):
            continue
        waiting += current.values()
        if current.get("auto_map"):
            shown = json.dumps(current["auto_map"], sort_keys=True)[:MAX_SHOWN]
            message = f"{path} has loaders import custom code: {shown}."
            findings.append(_finding("auto-map", message, path))
        if current.get("trust_remote_code"):
            message = f"{path} asks for trust_remote_code."
            findings.append(_finding("trust", message, path))
    return findings


def _finding(what: str, message: str, path: str) -> Finding:
    return Finding(
        f"remote-code.{what}",
        Level.WARNING,
        message,
        Location(path),
        "Use an architecture that the library ships, and publish weights without code.",
        _STANDARDS,
    )


CHECK = Check(
    id="remote-code",
    version=2,
    stage=Stage.SCAN,
    title="Loading the model runs no code it brings along",
    why="A repository that brings its own loader runs its publisher's code in the buyer's process.",
    remedy="Use architectures that the libraries ship; take trust_remote_code and auto_map out.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
