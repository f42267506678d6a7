"""GGUF files must hold together: every length, offset and count inside the file."""

from certification.readers.gguf import MAGIC, Gguf, GgufError, read
from certification.readers.mapped import Buffer, mapped
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

_STANDARDS = ("CWE-119", "CWE-190", "OWASP LLM03:2025", "AML.T0010")
_FIX = "Convert the model again with the gguf tools of llama.cpp."


def _concerns(data: Buffer, path: str) -> bool:
    return data[:4] == MAGIC or path.lower().endswith(".gguf")


def _applies(subject: Subject) -> bool:
    for file in subject.files:
        with mapped(subject.path(file.path)) as data:
            if _concerns(data, file.path):
                return True
    return False


def _run(subject: Subject, tools: Tools) -> Result:
    findings: list[Finding] = []
    unread: list[str] = []
    observed: dict[str, dict[str, object]] = {}
    for file in subject.files:
        with mapped(subject.path(file.path)) as data:
            if not _concerns(data, file.path):
                continue
            try:
                observed[file.path] = _observed(read(data))
            except GgufError as fault:
                if fault.unsupported:
                    unread.append(f"{file.path}: {fault}")
                else:
                    findings.append(_malformed(fault, file.path))
    return Result(tuple(findings), (Evidence("gguf", observed),), "; ".join(unread[:20]))


def _malformed(fault: GgufError, path: str) -> Finding:
    return Finding(
        "gguf-structure.malformed",
        Level.ERROR,
        f"{path}: {fault}.",
        Location(path, offset=fault.offset),
        _FIX,
        _STANDARDS,
    )


def _observed(header: Gguf) -> dict[str, object]:
    return {
        "version": header.version,
        "architecture": str(header.values.get("general.architecture", ""))[:100],
        "tensors": len(header.tensors),
        "values": len(header.values),
        "templates": sorted(header.templates)[:20],
    }


CHECK = Check(
    id="gguf-structure",
    version=1,
    stage=Stage.SCAN,
    title="GGUF files hold together",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
