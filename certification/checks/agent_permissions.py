"""What a package grants itself: hooks, settings, lists of servers and declared permissions."""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from certification import rulepacks
from certification.fixes import without_entry
from certification.readers.agent_settings import Fact, Setting, settings_in
from certification.readers.manifest_text import ManifestError, front_matter_of
from certification.readers.script_signals import PACK, Deed, deeds_in, says
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

_STANDARDS = ("CWE-250", "CWE-272", "OWASP ASI02", "OWASP ASI03", "OWASP LLM06:2025", "AML.T0053")
_MAX_BYTES = 512 * 1024
#: Of so many findings, grants come with a patch.
_PATCHED = 20
_OTHERS = re.compile(
    r"(?:^|/)(?:package(?:-lock)?|npm-shrinkwrap|tsconfig[\w.-]*|tokenizer[\w-]*|vocab|composer)\.json$"
    r"|(?:^|/)(?:node_modules|site-packages|\.git)/"
)
_SETTINGS = re.compile(
    r"(?:^|/)(?:\.claude|\.claude-plugin|\.cursor|\.vscode|\.gemini|\.codex|\.devcontainer|hooks)/"
    r"|(?:^|/)(?:\.?mcp|settings(?:\.local)?|hooks|devcontainer|claude_desktop_config|plugin)\.json$"
)
_FIX = "Ask for the narrowest permission that does, and let the user grant it."
_GRAVE = frozenset({Deed.FETCHES, Deed.DECODES, Deed.SHELLS})
_LOCAL = re.compile(
    r"http://(?!(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0|host\.docker))", re.IGNORECASE
)
#: Editors' settings are JSON with comments.
_COMMENTS = re.compile(r"(?m)^\s*//[^\n]*$")
_EVERYTHING = frozenset({"*", "**", "/", "~", "/**", "~/**", "/*", "~/*", "any", "all"})


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    if not _may_grant(file.path):
        return None
    content = file_text(where, _MAX_BYTES)
    try:
        document = _parsed(file.path, content)
    except (ValueError, RecursionError, ManifestError) as fault:
        reason = f"{file.path} cannot be read: {' '.join(str(fault).split())[:120]}"
        return Result(incomplete=reason) if _SETTINGS.search(file.path) else None
    settings = settings_in(document)
    findings = _found(file.path, content or "", settings)
    if file.path == "assay.toml":
        findings += _declared(document)
    runs = [s.value[:200] for s in settings if s.fact in {Fact.COMMAND, Fact.SERVER}]
    if not runs and not findings and not _SETTINGS.search(file.path):
        return None
    return Result(tuple(findings), (Evidence("commands", runs[:50]),))


def _found(path: str, content: str, settings: Sequence[Setting]) -> list[Finding]:
    findings: list[Finding] = []
    for setting in settings:
        for found in _of_setting(path, setting):
            mends = setting.fact is Fact.ALLOWED and len(findings) < _PATCHED
            diff = without_entry(path, content, setting.value) if mends else ""
            findings.append(replace(found, patch=diff))
    return findings


def _may_grant(path: str) -> bool:
    known = path.casefold().endswith((".json", ".md", ".mdc")) or path.endswith("config.toml")
    return (known or path == "assay.toml") and not _OTHERS.search(path)


def _parsed(path: str, content: str | None) -> object:
    """The document as values; raises ValueError, RecursionError or ManifestError."""
    if content is None:
        raise ValueError("it is too large or not text")
    if path.endswith(".toml"):
        return tomllib.loads(content)
    if path.casefold().endswith(".json"):
        return json.loads(_COMMENTS.sub("", content.removeprefix("\ufeff")))
    return front_matter_of(path, content)[0]


def _of_setting(path: str, setting: Setting) -> Iterator[Finding]:
    match setting.fact:
        case Fact.COMMAND | Fact.SERVER:
            yield from _command(path, setting)
        case Fact.ALLOWED:
            level = _level("allowed", setting.value)
            if setting.key == "allow":
                level = level or _level("settings", setting.value)
            message = f"{path} lets “{_shown(setting.value)}” run without asking."
            yield from _finding("grant", level, path, message)
        case Fact.VARIABLE:
            level = _level("variable", f"{setting.key}={setting.value}")
            message = f"{path} sets {_shown(setting.key)} for the agent or a server it starts."
            yield from _finding("environment", level, path, message)
        case _:
            level = _level("switch", f"{setting.key}={setting.value}")
            message = f"{path} sets {_shown(setting.key)} to {_shown(setting.value)}."
            yield from _finding("switch", level, path, message)


def _command(path: str, setting: Setting) -> Iterator[Finding]:
    deeds = {done.deed for done in deeds_in(setting.value)}
    grave = deeds & _GRAVE or (Deed.SENDS in deeds and deeds & {Deed.READS, Deed.HARVESTS})
    what = " and ".join(says(deed) for deed in Deed if deed in deeds)
    message = f"A command in {path} {what}, without being asked for: “{_shown(setting.value)}”."
    level = (Level.ERROR if grave else Level.WARNING) if deeds else None
    yield from _finding("hook", level, path, message)
    if setting.fact is Fact.SERVER and _LOCAL.match(setting.value):
        message = f"{path} connects to “{_shown(setting.value)}” without encryption."
        yield from _finding("plain-http", Level.WARNING, path, message)


def _declared(document: object) -> Iterator[Finding]:
    wanted = document.get("permissions") if isinstance(document, dict) else None
    for name, needs in wanted.items() if isinstance(wanted, dict) else ():
        for need in needs if isinstance(needs, list) else ():
            if str(need).strip().casefold() in _EVERYTHING:
                message = f"assay.toml declares “{_shown(str(need))}” for {_shown(str(name))}."
                yield from _finding("everything", Level.WARNING, "assay.toml", message)


def _finding(what: str, level: Level | None, path: str, message: str) -> Iterator[Finding]:
    if level is not None:
        rule = f"agent-permissions.{what}"
        yield Finding(rule, level, message, Location(path), _FIX, _STANDARDS)


def _level(kind: str, text: str) -> Level | None:
    return next(
        (
            level
            for level, patterns in _rules(kind)
            if any(pattern.search(text.casefold()) for pattern in patterns)
        ),
        None,
    )


@cache
def _rules(kind: str) -> tuple[tuple[Level, tuple["re.Pattern[str]", ...]], ...]:
    data: dict[str, Any] = tomllib.loads(rulepacks.data(PACK, "settings.toml").decode())
    return tuple(
        (Level(entry["level"]), tuple(re.compile(pattern) for pattern in entry["patterns"]))
        for entry in data[kind]
    )


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:160]


CHECK = Check(
    id="agent-permissions",
    version=2,
    stage=Stage.SCAN,
    title="No hooks, settings or permissions that take more than is needed",
    why="A package that grants itself wide permissions decides what its user would have decided.",
    remedy="Ask for the narrowest permission that does, and let the user grant it.",
    standards=_STANDARDS,
    applies_to=lambda subject: any(_may_grant(file.path) for file in subject.files),
    run=EachFile(_judge_file),
    packs=(rulepacks.pack(PACK),),
)
