"""What two other scanners say of pickles; where they know worse than ours, a person looks."""

import io
from pathlib import Path

from hayward import Finding as Opinion
from hayward import ModelFileScanner, Severity, is_coverage_gap
from picklescan.scanner import SafetyLevel, scan_bytes

from certification.readers.mapped import mapped
from certification.readers.pickle_containers import examine, may_hold_pickles
from certification.readers.pickle_globals import Standing, classify
from certification.readers.tree import read_part
from certification.rulepacks import library
from certification.types import (
    Check,
    EachFile,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    SubjectFile,
)

_STANDARDS = ("CWE-502", "OWASP LLM03:2025", "AML.T0010", "AML.T0011")
#: hayward reads a file whole; a larger one has our own opinion only, and that is said.
MAX_BYTES = 64 * 1024 * 1024
_GRAVE = frozenset({Severity.HIGH, Severity.CRITICAL})


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    with mapped(where) as data:
        if not may_hold_pickles(data, file.path):
            return None
        found = examine(data, file.path)
    if file.size > MAX_BYTES:
        return Result(evidence=(Evidence("opinions", {"asked": False, "bytes": file.size}),))
    ours = {
        classify(one.module, one.name, torchscript=stream.torchscript)
        for stream in found.streams
        for one in stream.trace.globals
    }
    opinions = {"picklescan": _picklescan(file, where), "hayward": _hayward(where)}
    worse = {name: said for name, said in opinions.items() if said}
    findings: tuple[Finding, ...] = ()
    if worse and ours <= {Standing.CERTIFIED}:
        told = "; ".join(f"{name}: {said[:200]}" for name, said in sorted(worse.items()))
        findings = (_disagreement(file.path, told),)
    return Result(findings, (Evidence("opinions", {"asked": True, **opinions}),))


def _picklescan(file: SubjectFile, where: Path) -> str:
    """What picklescan calls dangerous, or nothing; it reads opcodes and runs none."""
    data = io.BytesIO(read_part(where, MAX_BYTES))
    suffix = Path(file.path).suffix
    try:
        said = scan_bytes(data, file.path, suffix)
    except Exception as fault:  # noqa: BLE001 — another's code on hostile bytes may fail anyhow
        return f"gave up ({type(fault).__name__})"
    grave = [one for one in said.globals if one.safety is SafetyLevel.Dangerous]
    names = ", ".join(sorted(f"{one.module}.{one.name}" for one in grave))
    return f"dangerous: {names[:300]}" if said.issues_count else ""


def _hayward(where: Path) -> str:
    """What hayward rates high or critical, or nothing; it reads opcodes and runs none."""
    try:
        said: list[Opinion] = list(ModelFileScanner().scan_file(where))  # type: ignore[no-untyped-call]  # has no __init__ types
    except Exception as fault:  # noqa: BLE001 — as above
        return f"gave up ({type(fault).__name__})"
    grave = [one for one in said if one.severity in _GRAVE and not is_coverage_gap(one)]
    return "; ".join(sorted({f"{one.rule_id}: {one.message}" for one in grave}))[:300]


def _disagreement(path: str, told: str) -> Finding:
    return Finding(
        rule="second-opinions.disagreement",
        level=Level.WARNING,
        message=f"Our own walk of {path} found model data only, another scanner disagrees: {told}.",
        location=Location(path),
        fix="Publish the weights as safetensors, which hold numbers only.",
        standards=_STANDARDS,
    )


CHECK = Check(
    id="second-opinions",
    version=1,
    stage=Stage.SCAN,
    title="Other scanners of pickles agree",
    why="No scanner knows everything; where two disagree, a person has to look.",
    remedy="Publish weights as safetensors, which hold numbers only.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
    packs=(library("picklescan"), library("hayward")),
)
