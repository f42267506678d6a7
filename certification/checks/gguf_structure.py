"""GGUF files must hold together: every length, offset and count inside the file."""

from pathlib import Path

from certification.readers.gguf import MAGIC, Gguf, GgufError, read
from certification.readers.mapped import Buffer, mapped
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

_STANDARDS = ("CWE-119", "CWE-190", "OWASP LLM03:2025", "AML.T0010")
_FIX = "Convert the model again with the gguf tools of llama.cpp."


def _concerns(data: Buffer, path: str) -> bool:
    return data[:4] == MAGIC or path.lower().endswith(".gguf")


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    with mapped(where) as data:
        if not _concerns(data, file.path):
            return None
        try:
            return Result(evidence=(Evidence("gguf", _observed(read(data))),))
        except GgufError as fault:
            if fault.unsupported:
                return Result(incomplete=f"{file.path}: {fault}")
            return Result((_malformed(fault, file.path),))


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
    why="Loaders trust the lengths in a header; a wrong one reads or writes past the end of "
    "memory.",
    remedy="Convert the model again with the gguf tools of llama.cpp.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
)
