"""Files that are not what their name says, and programs where none is expected."""

from pathlib import Path

from certification.readers.archive import kind_of
from certification.readers.formats.weights import suffix_format, weights_format
from certification.readers.tree import FolderTree
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    Subject,
    SubjectFile,
    Tools,
)
from registry.domain.identifiers import Format, Kind

_STANDARDS = ("CWE-434", "CWE-345", "OWASP LLM03:2025", "AML.T0010")
_FIX = "Give the file the suffix of what it is, or take it out."
_PROGRAMS = {
    b"\x7fELF": "a Linux program", b"\xcf\xfa\xed\xfe": "a macOS program",
    b"\xce\xfa\xed\xfe": "a macOS program", b"\xca\xfe\xba\xbe": "a macOS or Java program",
    b"\xfe\xed\xfa\xce": "a macOS program", b"\xfe\xed\xfa\xcf": "a macOS program",
}  # fmt: skip
_HEAD = 64  # the size of the DOS header
_NATIVE = (".so", ".pyd", ".dll", ".dylib", ".node", ".exe", ".bin", ".wasm", ".class")
_ARCHIVES = (".zip", ".whl", ".mcpb", ".dxt", ".tgz", ".tar.gz", ".tar")
#: Formats that are written into each other's suffixes by honest tools.
_KIN = (
    frozenset({Format.PYTORCH, Format.PICKLE, Format.JOBLIB}),
    frozenset({Format.PICKLE, Format.MODEL_FOLDER}),
)


def _run(subject: Subject, tools: Tools) -> Result:
    findings = _recognition(subject)
    tree = FolderTree(subject.root, subject.files)
    types: dict[str, str] = {}
    for file in subject.files:
        findings += _judge(subject, tree, file, types)
    if subject.archive is not None:
        findings += _archive(subject.archive)
    return Result(tuple(findings), (Evidence("formats", dict(sorted(types.items())[:200])),))


def _recognition(subject: Subject) -> list[Finding]:
    findings = [
        _finding("manifest", Level.WARNING, problem, "", "Correct the manifest.")
        for problem in subject.problems
    ]
    if not subject.recognised:
        message = "This is neither an agent nor a model in a format Assay knows."
        findings.append(_finding("unknown", Level.WARNING, message, "", "Add an assay.toml."))
    return findings


def _judge(
    subject: Subject, tree: FolderTree, file: SubjectFile, types: dict[str, str]
) -> list[Finding]:
    program = _program(tree.read(file.path, _HEAD))
    if program:
        types[file.path] = program
        native = file.path.casefold().endswith(_NATIVE)
        model = subject.format.kind is Kind.MODEL
        level = Level.NOTE if native and not model else Level.WARNING if native else Level.ERROR
        message = f"“{file.path[:160]}” is {program}, which nobody can read before it runs."
        return [_finding("program", level, message, file.path)]
    promised = suffix_format(file.path)
    found = weights_format(tree, file) if promised or file.size > 0 else None
    if found is not None:
        types[file.path] = found.value
    if promised is None or found is None or promised is found or _are_kin(promised, found):
        return []
    grave = found in {Format.PICKLE, Format.JOBLIB, Format.PYTORCH}
    message = f"“{file.path[:160]}” is named as {promised.value}, but is {found.value}."
    return [_finding("mismatch", Level.ERROR if grave else Level.WARNING, message, file.path)]


def _are_kin(promised: Format, found: Format) -> bool:
    return any({promised, found} <= kin for kin in _KIN)


def _program(head: bytes) -> str:
    if head[:2] == b"MZ" and len(head) == _HEAD:
        return "a Windows program"
    return next((what for magic, what in _PROGRAMS.items() if head.startswith(magic)), "")


def _archive(archive: Path) -> list[Finding]:
    """An archive whose suffix names another kind."""
    name = archive.name.casefold()
    with archive.open("rb") as stream:
        kind = kind_of(stream)
    suffixes = {
        "zip": (".zip", ".whl", ".mcpb", ".dxt"),
        "tar": (".tar",),
        "tar.gz": (".tgz", ".tar.gz"),
    }
    if kind is None or not name.endswith(_ARCHIVES) or name.endswith(suffixes[kind.value]):
        return []
    message = f"“{archive.name[:160]}” is a {kind.value} archive."
    return [_finding("mismatch", Level.WARNING, message, archive.name)]


def _finding(rule: str, level: Level, message: str, path: str, fix: str = _FIX) -> Finding:
    return Finding(
        rule=f"declared-format.{rule}",
        level=level,
        message=message,
        location=Location(path) if path else None,
        fix=fix,
        standards=_STANDARDS,
    )


CHECK = Check(
    id="declared-format",
    version=1,
    stage=Stage.SCAN,
    title="Files are what they are declared to be",
    why="A file that is not what its name says is handled by the wrong program, with the wrong "
    "caution.",
    remedy="Give each file the suffix of what it is; ship no programs where none is expected.",
    standards=_STANDARDS,
    applies_to=lambda subject: True,
    run=_run,
)
