"""ONNX models must stay inside their folder and inside the operators that runtimes ship."""

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from certification.readers.mapped import Buffer, mapped
from certification.readers.onnx import External, Model, looks_like_onnx, read
from certification.readers.protobuf import WireError
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

_STANDARDS = ("CWE-22", "CWE-829", "OWASP LLM03:2025", "AML.T0010")
#: Domains of the standard and of the contributed operators that ONNX Runtime ships.
_DOMAINS = frozenset(
    {
        "",
        "ai.onnx",
        "ai.onnx.ml",
        "ai.onnx.preview.training",
        "ai.onnx.training",
        "com.microsoft",
        "com.microsoft.dml",
        "com.microsoft.nchwc",
        "com.ms.internal.nhwc",
        "org.pytorch.aten",
    }
)
#: Operators that hand control to the host program.
_ESCAPES = frozenset({"ATen", "PythonOp", "PythonOpGrad", "PyOp", "PyCustomOp", "ExternalGradient"})
MAX_OPERATORS = 100
_MAX_DIGITS = 40  # two 64-bit numbers


def _concerns(data: Buffer, path: str) -> bool:
    return path.lower().endswith(".onnx") or looks_like_onnx(data)


def _applies(subject: Subject) -> bool:
    for file in subject.files:
        with mapped(subject.path(file.path)) as data:
            if _concerns(data, file.path):
                return True
    return False


def _run(subject: Subject, tools: Tools) -> Result:
    findings: list[Finding] = []
    observed: dict[str, dict[str, object]] = {}
    unread: list[str] = []
    sizes = {file.path: file.size for file in subject.files}
    for file in subject.files:
        with mapped(subject.path(file.path)) as data:
            if not _concerns(data, file.path):
                continue
            try:
                model = read(data)
            except WireError as fault:
                unread.append(f"{file.path} is not a readable ONNX model: {fault}")
                continue
        observed[file.path] = _observed(model)
        findings += _operators(model, file.path)
        findings += [f for e in model.external if (f := _external(e, file.path, sizes))]
    return Result(tuple(findings), (Evidence("onnx", observed),), "; ".join(unread[:20]))


def _operators(model: Model, path: str) -> list[Finding]:
    own = {domain for domain, _ in model.functions}
    findings = []
    for domain, operator in sorted(model.operators):
        name = f"{domain}::{operator}"[:200]
        if operator in _ESCAPES:
            message = f"{path} uses {name}, which runs code of the host program."
            findings.append(_finding("host-code", Level.ERROR, message, path))
        elif domain not in _DOMAINS and domain not in own:
            message = f"{path} needs the custom operator {name}, a native library."
            findings.append(_finding("custom-operator", Level.WARNING, message, path))
    return findings


def _external(tensor: External, path: str, sizes: dict[str, int]) -> Finding | None:
    location = tensor.location
    shown = f"{path} keeps a tensor in {location[:200]!r}"
    if _escapes(location):
        message = f"{shown}, outside its own folder."
        return _finding("external-path", Level.ERROR, message, path, tensor.at)
    size = sizes.get((PurePosixPath(path).parent / location).as_posix())
    if size is None:
        message = f"{shown}, which is not part of this version."
        return _finding("external-missing", Level.WARNING, message, path, tensor.at)
    if not _fits(tensor, size):
        message = f"{shown}, at bytes which that file does not have."
        return _finding("external-range", Level.ERROR, message, path, tensor.at)
    return None


def _escapes(location: str) -> bool:
    parts = location.replace("\\", "/").split("/")
    return (
        not location
        or location.startswith(("/", "\\", "~"))
        or ".." in parts
        or "\x00" in location
        or bool(urlsplit(location.replace("[", "").replace("]", "")).scheme)
    )


def _fits(tensor: External, size: int) -> bool:
    offset, length = tensor.offset or "0", tensor.length or "0"
    if not (offset.isdecimal() and length.isdecimal()) or len(offset + length) > _MAX_DIGITS:
        return False
    return int(offset) + int(length) <= size


def _finding(
    what: str, level: Level, message: str, path: str, offset: int | None = None
) -> Finding:
    return Finding(
        f"onnx-structure.{what}",
        level,
        message,
        Location(path, offset=offset),
        "Export the model with its tensors inside, or beside it, and standard operators only.",
        _STANDARDS,
    )


def _observed(model: Model) -> dict[str, object]:
    return {
        "ir_version": model.ir_version,
        "opsets": {k[:100]: v for k, v in sorted(model.opsets.items())[:50]},
        "nodes": model.nodes,
        "operators": sorted(f"{d}::{o}"[:200] for d, o in model.operators)[:MAX_OPERATORS],
        "external": len(model.external),
    }


CHECK = Check(
    id="onnx-structure",
    version=1,
    stage=Stage.SCAN,
    title="ONNX models stay inside their folder and standard operators",
    why="An ONNX file can point outside its folder and name operators from libraries that get "
    "loaded.",
    remedy="Keep external data beside the model and use standard operators.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
