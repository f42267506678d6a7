"""Pickles may only import what model files need; everything they import is named and judged."""

from pathlib import Path

from certification.fixes import as_safetensors
from certification.readers.mapped import mapped
from certification.readers.pickle_containers import Examined, Stream, examine, may_hold_pickles
from certification.readers.pickle_globals import Standing, classify
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

_STANDARDS = (
    "CWE-502",
    "OWASP LLM03:2025",
    "AML.T0010",
    "AML.T0011",
    "AML.T0018",
)
_FIX = "Publish the weights as safetensors, which hold numbers only."
#: Ways to hide what is imported or called; no program that saves a model writes them.
_EVASIONS = frozenset(
    {"unresolved", "extension", "memo-overwrite", "memo-size", "computed", "class-state"}
)
MAX_NAMED = 200
MAX_REASONS = 20


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    with mapped(where) as data:
        if not may_hold_pickles(data, file.path):
            return None
        found = examine(data, file.path)
    findings = [f for stream in found.streams for f in _judge_stream(stream, file.path)]
    unexamined = found.unexamined + [reason for s in found.streams if (reason := _cut_short(s))]
    evidence = (Evidence("pickles", _observed(found)),) if found.streams else ()
    return Result(tuple(findings), evidence, "; ".join(unexamined[:MAX_REASONS]))


def _judge_stream(stream: Stream, path: str) -> list[Finding]:
    findings = _imports(stream, path)
    if stream.plain:
        return [f for f in findings if f.level is Level.ERROR]
    for problem in stream.trace.problems:
        if problem.kind in _EVASIONS:
            message = f"The pickle {stream.path} hides what it does: {problem.message}."
            findings.append(_finding("evasion", Level.ERROR, message, path, problem.offset))
    if stream.note:
        message = f"The pickle {stream.path} is out of place: {stream.note}."
        findings.append(_finding("misplaced", Level.WARNING, message, path, stream.trace.start))
    return findings


def _imports(stream: Stream, path: str) -> list[Finding]:
    findings: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for found in stream.trace.globals:
        key = (found.module, found.name)
        standing = classify(*key, torchscript=stream.torchscript)
        if key in seen or standing is Standing.CERTIFIED:
            continue
        seen.add(key)
        name = str(found)[:MAX_NAMED]
        if standing is Standing.REFUSED:
            message = f"The pickle {stream.path} imports {name}, which model data never needs."
            findings.append(_finding("dangerous", Level.ERROR, message, path, found.offset))
        else:
            message = f"The pickle {stream.path} imports {name}, which is not known to be data."
            findings.append(_finding("unknown", Level.WARNING, message, path, found.offset))
    return findings


def _finding(rule: str, level: Level, message: str, path: str, offset: int) -> Finding:
    command = as_safetensors(path)
    fix = f"{_FIX} To convert it: {command}" if command else _FIX
    return Finding(
        f"pickle-opcodes.{rule}", level, message, Location(path, offset=offset), fix, _STANDARDS
    )


def _cut_short(stream: Stream) -> str:
    """Why the stream was not read to its end, if it was not."""
    if stream.plain:
        return ""
    for problem in stream.trace.problems:
        if problem.kind not in _EVASIONS:
            return f"{stream.path}: {problem.message} at byte {problem.offset}"
    return ""


def _observed(found: Examined) -> dict[str, object]:
    names = sorted({str(g) for s in found.streams if not s.plain for g in s.trace.globals})
    return {
        "streams": len([s for s in found.streams if not s.plain]),
        "instructions": sum(s.trace.operations for s in found.streams),
        "imports": [name[:MAX_NAMED] for name in names[:MAX_NAMED]],
    }


CHECK = Check(
    id="pickle-opcodes",
    version=2,
    stage=Stage.SCAN,
    title="Pickles import nothing but model data",
    why="A pickle is a program: loading it runs whatever it imports.",
    remedy="Publish weights as safetensors, which hold numbers only.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
)
