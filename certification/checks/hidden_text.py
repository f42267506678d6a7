"""Characters hidden from people in texts that models read (Trojan Source, ASCII smuggling)."""

from dataclasses import replace
from pathlib import Path

from certification.fixes import without
from certification.readers.model_text import is_read, is_source, texts_in
from certification.readers.subject_texts import file_text
from certification.readers.unicode_text import Hidden, Hiding, hidden_in
from certification.types import (
    Check,
    EachFile,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    SubjectFile,
)

_STANDARDS = ("CWE-1007", "CWE-451", "OWASP LLM01:2025", "AML.T0051", "AML.T0068")
_MAX_BYTES = 2 * 1024 * 1024
_FEW = 3
#: So many findings of a file come with a patch.
_PATCHED = 20
_FIX = "Delete the hidden characters, or write what they say in plain sight."
_WHAT = {
    Hiding.TAGS: (Level.ERROR, "Unicode tag characters spell a text that nobody sees"),
    Hiding.SELECTORS: (Level.ERROR, "A run of variation selectors carries hidden bytes"),
    Hiding.BITS: (Level.ERROR, "A run of zero-width characters carries hidden data"),
    Hiding.CONCEALED: (Level.ERROR, "A terminal escape makes the text that follows invisible"),
    Hiding.OVERRIDE: (Level.ERROR, "A bidirectional override shows the text in another order"),
    Hiding.DIRECTION: (Level.WARNING, "A bidirectional control stands in left-to-right text"),
    Hiding.SPLIT: (Level.WARNING, "An invisible character splits a word"),
    Hiding.GAP: (Level.WARNING, "A long blank gap moves what follows out of sight"),
    Hiding.ESCAPE: (Level.WARNING, "A raw terminal escape stands in text"),
    Hiding.INVISIBLE: (Level.NOTE, "An invisible character stands here"),
}
#: In program code, escapes and gaps are how terminals and tables are written.
_NOT_IN_CODE = frozenset({Hiding.ESCAPE, Hiding.GAP, Hiding.CONCEALED})


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    if not is_read(file.path):
        return None
    content = file_text(where, _MAX_BYTES)
    if content is None:
        return Result(incomplete=f"{file.path}, which a model may read, is too large or not text")
    return Result(tuple(_judge(file.path, content)))


def _judge(path: str, content: str) -> list[Finding]:
    """Findings in the raw text, and in strings whose escapes a parser would decode."""
    seen = [
        hidden
        for hidden in hidden_in(content)
        if not (is_source(path) and hidden.hiding in _NOT_IN_CODE)
    ]
    findings = [_finding(path, content.count("\n", 0, hidden.start) + 1, hidden) for hidden in seen]
    for index, hidden in enumerate(seen[:_PATCHED]):
        diff = without(path, content, hidden.start, hidden.length)
        findings[index] = replace(findings[index], patch=diff)
    if path.casefold().endswith(".json"):
        known = {finding.rule for finding in findings}
        decoded = [
            _finding(path, text.line, hidden)
            for text in texts_in(path, content)
            if text.literal
            for hidden in hidden_in(text.content)
        ]
        findings += [finding for finding in decoded if finding.rule not in known]
    notes = [finding for finding in findings if finding.level is Level.NOTE]
    return [f for f in findings if f.level is not Level.NOTE] + notes[:_FEW]


def _finding(path: str, line: int, hidden: Hidden) -> Finding:
    level, message = _WHAT[hidden.hiding]
    shown = "".join(c if c.isprintable() else "." for c in hidden.spells[:160])
    return Finding(
        rule=f"hidden-text.{hidden.hiding.value}",
        level=level,
        message=f"{message}: “{shown}”." if shown else f"{message}.",
        location=Location(path, line),
        fix=_FIX,
        standards=_STANDARDS,
    )


CHECK = Check(
    id="hidden-text",
    version=2,
    stage=Stage.SCAN,
    title="No hidden characters in text that models read",
    why="Characters that people do not see but models read carry orders past every reviewer.",
    remedy="Delete hidden characters, or write what they say in plain sight.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
)
