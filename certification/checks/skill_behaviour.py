"""Skills and plugins as a whole: what their scripts do together, and what their texts have run."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from certification import rulepacks
from certification.readers.intent import PACK as TEXTS
from certification.readers.script_signals import PACK, Deed, Done, alone, deeds_in, says
from certification.readers.subject_texts import TextFiles
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
from registry.domain.identifiers import Format

_STANDARDS = (
    "CWE-506",
    "OWASP ASI02",
    "OWASP ASI05",
    "OWASP MCP04",
    "AML.T0011",
    "AML.T0057",
    "OWASP ASI06",
    "AML.T0080",
)
_MAX_BYTES = 512 * 1024
_SCRIPT = re.compile(
    r"\.(?:py|sh|bash|zsh|js|mjs|cjs|ts|ps1|rb|pl|php|lua|command)$|(?:^|/)(?:Makefile|Justfile)$"
    r"|(?:^|/)hooks/[\w-]+$",
    re.IGNORECASE,
)
_TEXT = re.compile(r"\.(?:md|mdc|mdx|txt)$", re.IGNORECASE)
_VENDORED = re.compile(r"(?:^|/)(?:node_modules|site-packages|\.git|dist-info|tests?|__tests__)/")
_TAKES = (Deed.READS, Deed.HARVESTS)
_SKILLS = frozenset({Format.SKILL, Format.PLUGIN})
_FIX = "Take the behaviour out, or say in the skill what it does and ask the user first."


@dataclass(frozen=True, slots=True)
class _Script:
    path: str
    content: str
    deeds: dict[Deed, Done]
    told: bool  # whether the package's texts name it


def _run(subject: Subject, _: Tools) -> Result:
    texts = TextFiles(subject, lambda path: _TEXT.search(path) is not None, _MAX_BYTES)
    prose = "\n".join(text for _, text in texts)
    files = TextFiles(subject, _is_script, _MAX_BYTES)
    scripts = [
        _Script(
            path,
            text,
            {done.deed: done for done in deeds_in(text)},
            path.rpartition("/")[2] in prose,
        )
        for path, text in files
    ]
    findings = [*_alone(scripts), *_together(scripts)]
    unread = [*files.skipped, *texts.skipped]
    deeds = {s.path: sorted(deed.value for deed in s.deeds) for s in scripts[:200] if s.deeds}
    return Result(
        tuple(findings),
        (Evidence("script-deeds", {"read": len(scripts), "deeds": deeds}),),
        f"{len(unread)} files are too large or not text: {unread[0][:160]}" if unread else "",
    )


def _is_script(path: str) -> bool:
    return _SCRIPT.search(path) is not None and _VENDORED.search(path) is None


def _alone(scripts: Iterable[_Script]) -> Iterator[Finding]:
    for script in scripts:
        for deed, done in script.deeds.items():
            level = alone(deed)
            if level is not None:
                several = sum(alone(other) is not None for other in script.deeds) > 1
                level = Level.ERROR if several else level
                yield _finding(level, script, done, deed.value, says(deed))


def _together(scripts: list[_Script]) -> Iterator[Finding]:
    """Who takes private data, with who sends: one script, two that know each other, or any two."""
    senders = [script for script in scripts if Deed.SENDS in script.deeds]
    for taker in scripts:
        took = next((deed for deed in _TAKES if deed in taker.deeds), None)
        if took is None or not senders:
            continue
        sender = min(senders, key=lambda other: _distance(taker, other))
        known = _distance(taker, sender)
        if took is Deed.HARVESTS and known > _SAME:
            continue
        sent = says(Deed.SENDS)
        what = f"{says(took)} and {sent}"
        if known > _SAME:
            what = f"{says(took)}, and {sender.path} {sent}"
        level = Level.WARNING if known > _LINKED else Level.ERROR
        yield _finding(level, taker, taker.deeds[took], "exfiltration", what)


_SAME, _LINKED, _APART = range(3)


def _distance(one: _Script, other: _Script) -> int:
    if one.path == other.path:
        return _SAME
    return _LINKED if _names(one, other) or _names(other, one) else _APART


def _names(one: _Script, other: _Script) -> bool:
    """Whether one script imports, runs or names the other."""
    stem = re.escape(other.path.rpartition("/")[2].partition(".")[0])
    using = rf"\b(?:from|import|require|source|exec|run|sh|bash|python3?|node|\.)\b[^\n]*\b{stem}\b"
    return re.search(rf"{using}|\b{stem}\.\w+\b[^\n]*\.(?:py|sh|js)\b", one.content) is not None


def _finding(level: Level, script: _Script, done: Done, what: str, does: str) -> Finding:
    shown = "".join(c if c.isprintable() else " " for c in done.excerpt)
    order = ", and the skill's text has it run" if script.told else ""
    return Finding(
        rule=f"skill-behaviour.{what}",
        level=level,
        message=f"{script.path} {does}{order}: “{shown}”.",
        location=Location(script.path, done.line + 1),
        fix=_FIX,
        standards=_STANDARDS,
    )


def _applies(subject: Subject) -> bool:
    return subject.declared.format in _SKILLS or any(
        file.path.rpartition("/")[2].casefold() in {"skill.md", "plugin.json"}
        for file in subject.files
    )


CHECK = Check(
    id="skill-behaviour",
    version=1,
    stage=Stage.SCAN,
    title="No skill whose scripts work against the user",
    why="Text and scripts that look harmless apart can steal together.",
    remedy="Take out what the package does not need for what it says it does.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
    packs=(rulepacks.pack(PACK), rulepacks.pack(TEXTS)),
)
