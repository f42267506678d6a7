"""Instructions to a model that work against its user, in tools, skills, prompts and plugins."""

import re
from collections.abc import Iterator
from pathlib import Path

from certification.readers.intent import ALONE, Signal, normalised, pair_in, signals_in
from certification.readers.model_text import Text, is_read, texts_in
from certification.readers.subject_texts import file_text
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

_STANDARDS = ("OWASP LLM01:2025", "OWASP ASI01", "OWASP MCP03", "AML.T0051", "CWE-506")
_MAX_BYTES = 2 * 1024 * 1024
_WINDOW_LINES = 8
_FIX = "Say only what the tool or skill does; take the instruction to the model out."
#: `read_fiIe` is not `read_file`: a capital I inside a word of a snake_case name.
_LOOK_ALIKE = re.compile(r"(?=[a-z0-9]+_)[a-z0-9_]*[a-z]I[a-z][a-z0-9_]*", re.ASCII)


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    if not is_read(file.path):
        return None
    content = file_text(where, _MAX_BYTES)
    if content is None:
        return Result(incomplete=f"{file.path}, which a model may read, is too large or not text")
    passages = [
        (text, *passage) for text in texts_in(file.path, content) for passage in _passages(text)
    ]
    findings = [found for passage in passages if (found := _judge(*passage))]
    return Result(tuple(findings), (Evidence("passages", len(passages)),))


def _passages(text: Text) -> Iterator[tuple[int, str]]:
    """(first line, passage): a string whole, prose in overlapping windows of a few lines."""
    lines = normalised(text.content).splitlines()
    if text.literal or len(lines) <= _WINDOW_LINES:
        yield text.line, "\n".join(lines)
        return
    step = _WINDOW_LINES // 2
    for start in range(0, len(lines) - step, step):
        passage = "\n".join(lines[start : start + _WINDOW_LINES])
        if not passage.isspace():
            yield text.line + start, passage


def _judge(text: Text, line: int, passage: str) -> Finding | None:
    found = signals_in(passage)
    if text.path.casefold().endswith(".json") and _LOOK_ALIKE.fullmatch(passage):
        found |= {Signal.LOOK_ALIKE}
    pair = pair_in(found)
    assembled = text.assembled and Signal.SOURCE in found
    if pair is not None or assembled or Signal.DECODE in found:
        grave = sorted((pair or found), key=lambda signal: signal.name)
        return _finding(text, line, Level.ERROR, grave, passage)
    alone = [signal for signal in ALONE if signal in found]
    return _finding(text, line, Level.WARNING, alone, passage) if alone else None


def _finding(text: Text, line: int, level: Level, found: list[Signal], passage: str) -> Finding:
    shown = " ".join("".join(c if c.isprintable() else " " for c in passage).split())[:160]
    name = "-and-".join(signal.name.casefold() for signal in found[:2]).replace("_", "-")
    return Finding(
        rule=f"tool-poisoning.{name}",
        level=level,
        message=f"A text for models {' and '.join(found[:3])}: “{shown}”.",
        location=Location(text.path, line),
        fix=_FIX,
        standards=_STANDARDS,
    )


CHECK = Check(
    id="tool-poisoning",
    version=1,
    stage=Stage.SCAN,
    title="No instructions that work against the user",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
)
