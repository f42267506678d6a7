"""TensorFlow graphs must compute: no operator that reads files, runs Python or loads libraries."""

import re
from pathlib import Path

from certification.readers.mapped import Buffer, mapped
from certification.readers.protobuf import WireError
from certification.readers.saved_model import looks_like_graph, looks_like_saved_model, operators
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


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    with mapped(where) as data:
        if not _concerns(data, file.path):
            return None
        try:
            found = sorted(operators(data, graph=looks_like_graph(data)))
        except WireError as fault:
            reason = f"{file.path} is not a readable TensorFlow graph: {fault}"
            return Result(incomplete=reason)
    observed = [name[:100] for name in found[:MAX_OPERATORS]]
    findings = tuple(finding for name in found if (finding := _judge(name, file.path)))
    return Result(findings, (Evidence("operators", observed),))


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
    why="TensorFlow graphs can read and write files and run Python on the machine that serves "
    "them.",
    remedy="Export the model without these operators.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
)
