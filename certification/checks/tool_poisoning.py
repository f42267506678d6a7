"""Instructions to a model that work against its user, in tools, skills, prompts and plugins."""

from collections.abc import Iterator
from pathlib import Path

from certification import rulepacks
from certification.readers.intent import PACK, Intent, Signal, intents_in, names_private_data
from certification.readers.model_text import Text, is_read, texts_in
from certification.readers.patience import Patience, TooLongError
from certification.readers.subject_texts import file_text
from certification.readers.tool_definitions import (
    Tool,
    asked_for,
    disguised_as,
    false_hints,
    tools_in,
)
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
    "OWASP LLM01:2025",
    "OWASP ASI01",
    "OWASP MCP03",
    "AML.T0051",
    "CWE-506",
    "OWASP MCP06",
    "OWASP MCP10",
    "OWASP ASI09",
    "AML.T0056",
)
_MAX_BYTES = 2 * 1024 * 1024
_MAX_PER_FILE = 100
_FIX = "Say only what the tool or skill does; take the instruction to the model out."


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    if not is_read(file.path):
        return None
    content = file_text(where, _MAX_BYTES)
    if content is None:
        return Result(incomplete=f"{file.path}, which a model may read, is too large or not text")
    texts = list(texts_in(file.path, content))
    patience = Patience()
    try:
        findings = [finding for text in texts for finding in _of_text(text, patience)]
    except TooLongError as fault:
        return Result(incomplete=f"{file.path}, which a model may read: {fault}")
    defined = tools_in(content) if file.path.casefold().endswith(".json") else ()
    findings += [finding for tool in defined for finding in _of_tool(file.path, tool)]
    evidence = (
        Evidence("texts", len(texts)),
        *(
            [Evidence("defined-tools", [tool.name[:80] for tool in defined[:200]])]
            if defined
            else []
        ),
    )
    findings.sort(key=lambda finding: list(reversed(Level)).index(finding.level))
    return Result(tuple(findings[:_MAX_PER_FILE]), evidence)


def _of_text(text: Text, patience: Patience) -> Iterator[Finding]:
    if text.assembled and names_private_data(text.content):
        hidden = Intent((Signal.SOURCE, Signal.DECODE), Level.ERROR, 0, text.content)
        yield _finding(text, hidden)
    told: set[tuple[Signal, ...]] = set()
    for intent in intents_in(text.content, tool=text.literal, patience=patience):
        if intent.signals not in told:
            told.add(intent.signals)
            yield _finding(text, intent)


def _finding(text: Text, intent: Intent) -> Finding:
    name = "-and-".join(signal.name.casefold() for signal in intent.signals[:2]).replace("_", "-")
    what = " and ".join(intent.signals[:3])
    return Finding(
        rule=f"tool-poisoning.{name}",
        level=intent.level,
        message=f"A text for models {what}: “{_shown(intent.excerpt)}”.",
        location=Location(text.path, text.line + intent.line),
        fix=_FIX,
        standards=_STANDARDS,
    )


def _of_tool(path: str, tool: Tool) -> Iterator[Finding]:
    """What no sentence of a definition says, and its parts together do."""
    if known := disguised_as(tool.name):
        yield _warning(
            path, Signal.LOOK_ALIKE, f"The tool “{_shown(tool.name)}” looks like “{_shown(known)}”."
        )
    for name in asked_for(tool)[:5]:
        message = (
            f"The tool “{_shown(tool.name)}” asks for “{_shown(name)}”, which it has no use for."
        )
        yield _warning(path, Signal.WITHHELD, message)
    for hint in false_hints(tool):
        message = f"The tool “{_shown(tool.name)}” sets {hint}, and its own text says otherwise."
        yield Finding(
            "tool-poisoning.false-hint",
            Level.WARNING,
            message,
            Location(path),
            _HINT_FIX,
            _STANDARDS,
        )


_HINT_FIX = "Set the annotations to what the tool does; clients ask users by them."


def _warning(path: str, signal: Signal, message: str) -> Finding:
    rule = f"tool-poisoning.{signal.name.casefold().replace('_', '-')}"
    return Finding(rule, Level.WARNING, message, Location(path), _FIX, _STANDARDS)


def _shown(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:160]


CHECK = Check(
    id="tool-poisoning",
    version=2,
    stage=Stage.SCAN,
    title="No instructions that work against the user",
    why="A model follows what it reads; a description can make it work against its user.",
    remedy="Say only what the tool or skill does; take instructions to the model out.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
    packs=(rulepacks.pack(PACK),),
)
