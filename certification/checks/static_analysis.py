"""Weaknesses that let what a model says become a command, a statement, a path or a program."""

from pathlib import Path

from certification.readers.code_files import MAX_CODE_BYTES, language_of
from certification.readers.subject_texts import file_text
from certification.readers.weaknesses import (
    PACK,
    Weakness,
    WeaknessesError,
    python_weaknesses,
    script_weaknesses,
)
from certification.rulepacks import library, pack
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
    "CWE-78",
    "CWE-89",
    "CWE-22",
    "CWE-918",
    "CWE-502",
    "OWASP LLM05:2025",
    "OWASP ASI02",
    "OWASP MCP05",
)
_SCRIPTS = frozenset({"javascript", "typescript"})


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    language = language_of(file, where)
    if language != "python" and language not in _SCRIPTS:
        return None
    source = file_text(where, MAX_CODE_BYTES)
    if source is None:
        return Result(incomplete=f"{file.path} is too large or not text")
    try:
        found = list(
            script_weaknesses(source, language)
            if language in _SCRIPTS
            else python_weaknesses(where, source)
        )
    except WeaknessesError as fault:
        return Result(incomplete=f"{file.path} {fault}")
    counted = tuple(Evidence("weaknesses", len(found)) for _ in found[:1])
    return Result(tuple(_finding(file.path, weakness) for weakness in found), counted)


def _finding(path: str, weakness: Weakness) -> Finding:
    offered = " in a file that offers tools to a model" if weakness.open else ""
    return Finding(
        f"static-analysis.{weakness.rule}",
        Level.WARNING if weakness.open else Level.NOTE,
        f"{path}: {weakness.message}{offered}.",
        Location(path, weakness.line),
        weakness.fix,
        weakness.standards,
    )


CHECK = Check(
    id="static-analysis",
    version=1,
    stage=Stage.SCAN,
    title="What a model says does not become a command",
    why="What a model says is input from strangers; code that runs it or builds commands from "
    "it is open.",
    remedy="Pass arguments as lists, bind parameters, and check paths and addresses.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
    packs=(pack(PACK), library("bandit"), library("ast-grep-py")),
)
