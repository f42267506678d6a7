"""What the code does against what its publisher declared, and what no agent should do at all."""

import re
from collections import Counter
from collections.abc import Iterable

from certification.readers.abilities import PACK, Ability, Use, marks_in
from certification.readers.code_files import codes_of
from certification.readers.declared_needs import undeclared
from certification.rulepacks import pack
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

_STANDARDS = (
    "CWE-272",
    "CWE-506",
    "OWASP LLM06:2025",
    "OWASP ASI02",
    "OWASP MCP02",
    "AML.T0053",
    "OWASP ASI05",
    "AML.T0050",
)
_THEFT = ("CWE-506", "CWE-200", "OWASP LLM02:2025", "OWASP ASI01", "AML.T0057")
_BACKDOOR = ("CWE-506", "AML.T0020", "AML.T0050")
_HIDDEN = ("CWE-506", "CWE-95", "AML.T0010")
MAX_SHOWN = 20
MAX_PROBLEMS = 20
#: Code that installing or starting an agent does not run: it declares nothing, and may be broken.
_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|specs?|docs?|examples?|bench(?:marks?)?|fixtures|templates?"
    r"|node_modules|vendor|site-packages)/|(?:^|/)(?:test_[^/]*|conftest)\.py$|\.(?:test|spec)\.\w+$"
)
_ALONE = {
    Ability.EXFILTRATE: (Level.ERROR, "sends private data ({target}) away", _THEFT),
    Ability.REVERSE_SHELL: (Level.ERROR, "runs commands that come over a connection", _BACKDOOR),
    Ability.DECODE_RUN: (Level.ERROR, "runs a program that an encoding hides", _HIDDEN),
    Ability.DESTROY: (Level.ERROR, "deletes a whole home or disk", ("CWE-506",)),
    Ability.CONCEALED: (Level.WARNING, "spells out in pieces or in code what it calls", _HIDDEN),
    Ability.PERSIST: (Level.WARNING, "sets up something that starts again later", _BACKDOOR),
}  # fmt: skip
_FIX = {
    "undeclared": "Declare it under [permissions] in assay.toml, or take it out.",
    "secrets-and-network": "Read only what the task needs, nothing that is another program's.",
}
_FIX_ALONE = "Take it out: no permission covers this."
_PRIVATE = frozenset({Ability.READ, Ability.SECRETS, Ability.ENVIRONMENT, Ability.CAPTURE})
_UNTRUSTED = frozenset({Ability.NETWORK, Ability.RECEIVE})
_OUTWARD = frozenset({Ability.SEND, Ability.NETWORK})
_OUT = frozenset({Ability.SEND, Ability.NETWORK, Ability.EXECUTE})


def _run(subject: Subject, tools: Tools) -> Result:
    findings: list[Finding] = []
    problems: list[str] = []
    uses: list[tuple[SubjectFile, Use]] = []
    for file, code in codes_of(subject):
        aside = _ASIDE.search(file.path) is not None
        if code.problem and aside:
            message = f"{file.path} {code.problem}; it is not part of the program."
            findings.append(_finding("unread", Level.NOTE, message, Location(file.path)))
        elif code.problem:
            problems.append(f"{file.path} {code.problem}")
        findings += _judge(file.path, code.uses)
        if subject.declared.permissions_declared and not aside:
            findings += _judge_needs(subject, file.path, code.uses)
        uses += [(file, use) for use in code.uses]
    if len(problems) > MAX_PROBLEMS:
        problems[MAX_PROBLEMS:] = [f"and {len(problems) - MAX_PROBLEMS} more files"]
    evidence = Evidence("uses", _observed(uses)), Evidence("trifecta", _trifecta(uses))
    return Result(tuple(findings), evidence, "; ".join(problems))


def _judge(path: str, uses: Iterable[Use]) -> list[Finding]:
    findings = []
    seen: dict[Ability, Use] = {}
    for use in uses:
        seen.setdefault(use.ability, use)
        place = Location(path, use.line)
        if use.ability in _ALONE:
            level, what, standards = _ALONE[use.ability]
            message = f"{path} {what.format(target=use.target)}: {_shown(use)}."
            findings.append(_finding(use.ability.value, level, message, place, standards))
        elif use.ability in _OUT and "drops" in marks_in(use.target):
            message = f"{path} talks to an address that anyone can set up: {_shown(use)}."
            findings.append(_finding("drop", Level.WARNING, message, place, _THEFT))
    secret = seen.get(Ability.SECRETS) or seen.get(Ability.CAPTURE)
    if secret and _OUTWARD & seen.keys() and Ability.EXFILTRATE not in seen:
        message = f"{path} reads what is private ({_shown(secret)}) and talks to the network."
        place = Location(path, secret.line)
        findings.append(_finding("secrets-and-network", Level.WARNING, message, place, _THEFT))
    return findings


def _judge_needs(subject: Subject, path: str, uses: Iterable[Use]) -> list[Finding]:
    return [
        _finding(
            "undeclared",
            Level.WARNING,
            f"{path} uses {need} {what}, which is not declared: {_shown(use)}.",
            Location(path, use.line),
        )
        for use, need, what in undeclared(subject.declared.permissions, uses)
    ]


def _shown(use: Use) -> str:
    return f"{use.call} {use.target}".strip()[:160]


def _finding(
    what: str,
    level: Level,
    message: str,
    place: Location,
    standards: tuple[str, ...] = _STANDARDS,
) -> Finding:
    fix = _FIX.get(what, _FIX_ALONE)
    return Finding(f"code-capabilities.{what}", level, message, place, fix, standards)


def _observed(uses: list[tuple[SubjectFile, Use]]) -> dict[str, object]:
    """Each ability: how often, and the first places."""
    counts = Counter(use.ability for _, use in uses)
    return {
        ability.value: {
            "count": counts[ability],
            "first": [
                f"{file.path}:{use.line} {_shown(use)}"
                for file, use in uses
                if use.ability is ability
            ][:MAX_SHOWN],
        }
        for ability in sorted(counts)
    }


def _trifecta(uses: list[tuple[SubjectFile, Use]]) -> dict[str, bool]:
    """Private data, untrusted content and a way out: together they let a text steal."""
    seen = {use.ability for _, use in uses}
    return {
        "private data": bool(seen & _PRIVATE),
        "untrusted content": bool(seen & _UNTRUSTED),
        "way out": bool(seen & _OUT),
    }


CHECK = Check(
    id="code-capabilities",
    version=1,
    stage=Stage.SCAN,
    title="The code does what was declared, and nothing an agent should not",
    why="Buyers grant what is declared; code that does more than that works behind their backs.",
    remedy="Declare every host, path, variable and program the code uses, or stop using it.",
    standards=_STANDARDS,
    applies_to=lambda subject: any(True for _ in codes_of(subject)),
    run=_run,
    packs=(pack(PACK),),
)
