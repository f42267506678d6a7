"""TensorFlow graphs must compute: no operator that reads files, runs Python or loads libraries."""

import re

from certification.readers.mapped import Buffer, mapped
from certification.readers.protobuf import WireError
from certification.readers.saved_model import looks_like_graph, looks_like_saved_model, operators
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

_STANDARDS = ("CWE-94", "CWE-73", "OWASP LLM03:2025", "AML.T0010")
_FIX = "Export the model again without this operator."
#: Operators, by what they are named after, that act on the machine that runs the graph.
_ACTING = re.compile(
    r"PyFunc|PyCall|ReadFile|WriteFile|MatchingFiles|LoadLibrary|LoadCustomOp|Shell|Popen|Subprocess"
    r"|System|HttpRe|Socket|RpcC|RpcS|DebugIdentity|WriteRawProtoSummary|DeleteFile|CopyFile"
)
#: Operators that read or write data files while the graph runs: training pipelines, not models.
_FILES = re.compile(
    r"(?:Reader(?:V2)?|TextLineDataset|TFRecordDataset(?:V2)?|FixedLengthRecordDataset(?:V2)?"
    r"|SqlDataset|GeneratorDataset|SaveDataset(?:V2)?|LoadDataset|SnapshotDataset(?:V2)?"
    r"|CreateSummaryFileWriter|PrintV2|LMDBDataset|Fact)$"
)
#: An operator, with the package that defines it.
_NAME = re.compile(r"[A-Za-z_>][A-Za-z0-9_>./-]*\Z")
MAX_OPERATORS = 300


def _concerns(data: Buffer, path: str) -> bool:
    named = path.rpartition("/")[2].endswith(("saved_model.pb", ".pb"))
    return named or looks_like_saved_model(data)


def _applies(subject: Subject) -> bool:
    for file in subject.files:
        with mapped(subject.path(file.path)) as data:
            if _concerns(data, file.path):
                return True
    return False


def _run(subject: Subject, tools: Tools) -> Result:
    findings: list[Finding] = []
    observed: dict[str, object] = {}
    unread: list[str] = []
    for file in subject.files:
        with mapped(subject.path(file.path)) as data:
            if not _concerns(data, file.path):
                continue
            try:
                found = operators(data, graph=looks_like_graph(data))
            except WireError as fault:
                unread.append(f"{file.path} is not a readable TensorFlow graph: {fault}")
                continue
        observed[file.path] = sorted(name[:100] for name in found)[:MAX_OPERATORS]
        findings += [f for name in sorted(found) if (f := _judge(name, file.path))]
    return Result(tuple(findings), (Evidence("operators", observed),), "; ".join(unread[:20]))


def _judge(name: str, path: str) -> Finding | None:
    shown = f"{path} uses the operator {name[:100]!r}"
    if _ACTING.search(name):
        return _finding("acting", Level.ERROR, f"{shown}, which acts on the machine.", path)
    if _FILES.search(name):
        return _finding("files", Level.WARNING, f"{shown}, which reads or writes files.", path)
    if not _NAME.match(name):
        return _finding("name", Level.WARNING, f"{shown}, which is no operator's name.", path)
    return None


def _finding(what: str, level: Level, message: str, path: str) -> Finding:
    return Finding(f"saved-model.{what}", level, message, Location(path), _FIX, _STANDARDS)


CHECK = Check(
    id="saved-model",
    version=1,
    stage=Stage.SCAN,
    title="TensorFlow graphs only compute",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
