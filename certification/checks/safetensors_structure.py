"""Safetensors files must be exactly what the format says: tensors that tile the data, no more."""

import json
import re
from pathlib import PurePosixPath

from certification.readers.mapped import Buffer, mapped
from certification.readers.safetensors import Header, HeaderError, looks_like_safetensors, read
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

_STANDARDS = ("CWE-20", "OWASP LLM03:2025", "AML.T0010")
_FIX = "Save the model again with the safetensors library."
_SUFFIX = ".safetensors"
_INDEX = ".safetensors.index.json"
MAX_INDEX = 64 * 1024 * 1024
#: Metadata is shown by tools and pages: markup that acts, and command lines, have no place in it.
_ACTIVE = re.compile(
    r"<\s*(?:script|iframe|object|embed|svg)\b|\bon(?:error|load|click)\s*=|javascript:"
    r"|\brm\s+-[a-z]*[rf]|\b(?:curl|wget|nc|ncat)\s+\S*(?:https?:|\d+\.\d+\.)"
    r"|\|\s*(?:ba|z)?sh\b|\bchmod\s+[0-7+]|\bpowershell\b|(?:/bin/(?:ba)?sh|cmd\.exe)\b"
    r"|\b(?:eval|exec|__import__|os\.system|subprocess\.\w+)\s*\(",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_MAX_SHOWN = 120


def _concerns(subject: Subject, path: str) -> bool:
    if path.endswith((_SUFFIX, _INDEX)):
        return True
    with mapped(subject.path(path)) as data:
        return looks_like_safetensors(data)


def _applies(subject: Subject) -> bool:
    return any(_concerns(subject, file.path) for file in subject.files)


def _run(subject: Subject, tools: Tools) -> Result:
    findings: list[Finding] = []
    observed: dict[str, dict[str, object]] = {}
    tensors: dict[str, set[str]] = {}
    concerned = [file.path for file in subject.files if _concerns(subject, file.path)]
    for path in concerned:
        if path.endswith(_INDEX):
            continue
        with mapped(subject.path(path)) as data:
            header = _judge(data, path, findings)
        if header is not None:
            tensors[path] = {tensor.name for tensor in header.tensors}
            observed[path] = _observed(header)
    for path in concerned:
        if path.endswith(_INDEX):
            findings += _judge_index(subject, path, tensors)
    return Result(tuple(findings), (Evidence("safetensors", observed),))


def _judge(data: Buffer, path: str, findings: list[Finding]) -> Header | None:
    try:
        header = read(data)
    except HeaderError as fault:
        findings.append(_finding("malformed", f"{path}: {fault}.", path, fault.offset))
        return None
    for key, value in sorted(header.metadata.items()):
        shown = f"{path}: metadata {key[:40]} holds {value[:_MAX_SHOWN]!r}"
        if _ACTIVE.search(value):
            findings.append(_metadata("active-metadata", Level.ERROR, shown, path))
        elif _ADDRESS.search(value) and "callback" in key.lower():
            findings.append(_metadata("address", Level.WARNING, shown, path))
    return header


def _metadata(what: str, level: Level, shown: str, path: str) -> Finding:
    return Finding(
        f"safetensors-structure.{what}",
        level,
        f"{shown}, which is not a description of weights.",
        Location(path, offset=8),
        "Remove the entry from the metadata.",
        ("CWE-506", "CWE-79", "OWASP LLM03:2025"),
    )


def _finding(what: str, message: str, path: str, offset: int | None = None) -> Finding:
    return Finding(
        f"safetensors-structure.{what}",
        Level.ERROR,
        message,
        Location(path, offset=offset),
        _FIX,
        _STANDARDS,
    )


def _judge_index(subject: Subject, path: str, tensors: dict[str, set[str]]) -> list[Finding]:
    """The index of a sharded model: each tensor in a shard beside it that holds it."""
    if subject.path(path).stat().st_size > MAX_INDEX:
        return [_finding("index", f"{path} is larger than {MAX_INDEX} bytes.", path)]
    try:
        index = json.loads(subject.path(path).read_bytes())
        shards = {str(name): str(shard) for name, shard in index["weight_map"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [_finding("index", f"{path} is not an index of shards.", path)]
    folder = PurePosixPath(path).parent
    wrong = sorted(
        {
            f"{path} names {shard[:_MAX_SHOWN]!r}, which does not hold {name[:_MAX_SHOWN]!r}."
            for name, shard in shards.items()
            if name not in tensors.get((folder / shard).as_posix(), set())
        }
    )
    return [_finding("index", message, path) for message in wrong[:100]]


def _observed(header: Header) -> dict[str, object]:
    return {
        "tensors": len(header.tensors),
        "dtypes": sorted({tensor.dtype for tensor in header.tensors}),
        "bytes": max((tensor.end for tensor in header.tensors), default=0),
        "metadata": {k[:100]: v[:_MAX_SHOWN] for k, v in sorted(header.metadata.items())[:50]},
    }


CHECK = Check(
    id="safetensors-structure",
    version=1,
    stage=Stage.SCAN,
    title="Safetensors files follow the format exactly",
    why="Gaps, overlaps and trailing bytes hide data, and two readers see two models.",
    remedy="Save the model again with the safetensors library.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
