"""Licences: what is declared, and what the licence texts say."""

from collections.abc import Iterator
from pathlib import PurePosixPath

import askalono
from license_expression import ExpressionError, get_spdx_licensing

from certification.readers.tree import read_part
from certification.rulepacks import library
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

_STANDARDS = ("CWE-1357",)
_TEXTS = ("license", "licence", "copying")
#: Below it a text is a licence of its own that borrows words (https://github.com/jpeddicord/askalono).
_SURE = 0.9
_MAX_TEXT = 128 * 1024
_MAX_TEXTS = 5
_SPDX = get_spdx_licensing()


def _run(subject: Subject, tools: Tools) -> Result:
    declared = _keys(subject.declared.licence)
    texts = {file.path: _identified(subject, file) for file in _texts(subject)[:_MAX_TEXTS]}
    known = {path: name for path, name in texts.items() if name}
    content = {"declared": subject.declared.licence[:200], "texts": texts}
    findings = list(_undeclared(subject.declared.licence, declared))
    if declared and known and not declared & set(map(_family, known.values())):
        path, name = next(iter(known.items()))
        message = f"The manifest says {subject.declared.licence[:100]}, {path} is {name}."
        findings.append(_finding("contradiction", Level.WARNING, message, path))
    return Result(tuple(findings), (Evidence("licences", content),))


def _undeclared(stated: str, declared: frozenset[str]) -> Iterator[Finding]:
    if not stated:
        message = "The manifest states no licence, so nobody knows what they may do with it."
        yield _finding("none", Level.NOTE, message)
    elif not declared:
        message = f"“{stated[:80]}” is not an SPDX licence expression."
        yield _finding("unknown", Level.NOTE, message)


def _keys(stated: str) -> frozenset[str]:
    """The licences of an SPDX expression; none when it is not one."""
    try:
        parsed = _SPDX.parse(stated[:1_000], validate=True)
    except ExpressionError:
        return frozenset()
    return (
        frozenset(map(_family, _SPDX.license_keys(parsed))) if parsed is not None else frozenset()
    )


def _family(name: str) -> str:
    """The licence without "only" and "or later": their texts are the same."""
    return name.removesuffix("-only").removesuffix("-or-later").removesuffix("+").lower()


def _identified(subject: Subject, file: SubjectFile) -> str:
    text = read_part(subject.path(file.path), _MAX_TEXT).decode("utf-8", "replace")
    found = askalono.identify(text)
    return str(found.name) if found.score >= _SURE else ""


def _texts(subject: Subject) -> list[SubjectFile]:
    """Licence texts at the top: those further down are of what is bundled."""
    return [
        file
        for file in subject.files
        if "/" not in file.path and PurePosixPath(file.path).name.lower().startswith(_TEXTS)
    ]


def _finding(what: str, level: Level, message: str, path: str = "") -> Finding:
    return Finding(
        rule=f"licences.{what}",
        level=level,
        message=message,
        location=Location(path) if path else None,
        fix="State the licence of the text beside it as an SPDX expression.",
        standards=_STANDARDS,
    )


CHECK = Check(
    id="licences",
    version=1,
    stage=Stage.SCAN,
    title="The licence is stated, and is that of the text",
    why="Whoever installs a package must know what they may do with it.",
    remedy="State an SPDX licence expression that agrees with the licence text.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.declared.licence or _texts(subject)),
    run=_run,
    packs=(library("pyaskalono"), library("license-expression")),
)
