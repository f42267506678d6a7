"""What it did when it ran, against what its publisher declared and what nothing may do."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import yaml

from certification.harnesses.exercise import RUNNABLE, runs_of
from certification.ports import SandboxUnavailableError
from certification.readers.abilities import Ability, Use
from certification.readers.behaviour import Behaviour, behaviour_of
from certification.readers.declared_needs import undeclared
from certification.rulepacks import data, pack
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Result,
    Stage,
    Subject,
    Tools,
)
from registry.domain.descriptor import PERMISSION_NAMES

_PACK = "events"
_STANDARDS = ("CWE-272", "OWASP LLM06:2025", "OWASP ASI02", "OWASP MCP02", "AML.T0053")
#: Where a program may write whatever it declares: the room throws it away.
_OWN_PLACES = (
    "/tmp/",
    "/workspace/",
    "/dev/shm/",
    "~/.cache/",
    "~/.config/",
    "~/.local/",
    "~/.npm/",
)
_DECLARABLE = {
    "lookup": Ability.NETWORK,
    "contact": Ability.NETWORK,
    "read": Ability.READ,
    "write": Ability.WRITE,
    "run": Ability.EXECUTE,
}
_SHOWN = 5
#: Starting more of its own code is no other program.
_RUNTIMES = ("python", "node", "sh -c node", "sh -c python")


def _run(subject: Subject, tools: Tools) -> Result:
    if tools.sandbox is None:
        return Result(incomplete="There is no sandbox here to run it in.")
    try:
        runs = list(runs_of(subject, tools.sandbox))
    except SandboxUnavailableError as fault:
        return Result(incomplete=str(fault))
    seen = behaviour_of(observation for _, observation in runs)
    findings = list(dict.fromkeys([*_forbidden(seen), *_undeclared(subject, seen)]))
    findings += _unused(subject, seen)
    evidence = (
        Evidence("behaviour", seen.as_dict()),
        Evidence("observed", {"runs": [label for label, _ in runs]}),
    )
    cut = "More happened than was recorded." if seen.cut else ""
    return Result(tuple(findings), evidence, cut)


def _forbidden(seen: Behaviour) -> Iterator[Finding]:
    """What the rules over events say, whatever was declared."""
    for rule in _rules():
        told = [one for kind in rule["kinds"] for one in getattr(seen, kind)]
        what = [one for one in told if rule["pattern"].search(one)]
        if what:
            yield Finding(
                rule=f"observed-behaviour.{rule['id']}",
                level=Level(rule["level"]),
                message=rule["says"].replace("{what}", _listed(what)),
                fix="Take out what does this, or explain to a reviewer why it must.",
                standards=tuple(rule["standards"]),
            )


@cache
def _rules() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = yaml.safe_load(data(_PACK, "rules.yaml"))
    return [
        {
            **rule,
            "kinds": [rule["kinds"]] if isinstance(rule["kinds"], str) else rule["kinds"],
            "pattern": re.compile("|".join(f"(?:{one})" for one in rule["match"])),
        }
        for rule in rules
    ]


def _undeclared(subject: Subject, seen: Behaviour) -> Iterator[Finding]:
    """Uses outside what was declared; where nothing at all was declared, a person decides."""
    stated = subject.declared.permissions_declared
    for _, need, what in undeclared(subject.declared.permissions, _uses(seen)):
        grave = need in {"network", "execute"} or stated
        level = (Level.ERROR if stated else Level.WARNING) if grave else Level.NOTE
        yield Finding(
            rule=f"observed-behaviour.undeclared-{need}",
            level=level,
            message=f"When it ran it used {_NEEDS[need]} {what}, which it does not declare.",
            fix=f"Declare it under [permissions] {need} in assay.toml, or stop using it.",
            standards=_STANDARDS,
        )


_NEEDS = {
    "network": "the network:",
    "read": "a file:",
    "write": "a file to write:",
    "execute": "a program:",
    "environment": "a variable:",
}


def _uses(seen: Behaviour) -> Iterator[Use]:
    for kind, ability in _DECLARABLE.items():
        for one in getattr(seen, kind):
            own_place = kind == "write" and f"{one}/".startswith(_OWN_PLACES)
            if own_place or (kind == "run" and one.startswith(_RUNTIMES)):
                continue
            target = one.rpartition(":")[0] if kind == "contact" else one
            yield Use(ability, 0, "observed", target)


def _unused(subject: Subject, seen: Behaviour) -> Iterator[Finding]:
    """Permissions asked for that no run made use of: least privilege is less."""
    used = {ability.value for ability in (use.ability for use in _uses(seen))}
    for need in PERMISSION_NAMES:
        asked = getattr(subject.declared.permissions, need)
        if asked and need != "environment" and need not in used:
            yield Finding(
                rule="observed-behaviour.unused-permission",
                level=Level.NOTE,
                message=f"It declares {need} ({_listed(asked)}), which no run here made use of.",
                fix="Drop the permission if the package does not need it.",
                standards=_STANDARDS,
            )


def _listed(words: Iterable[str]) -> str:
    shown = [f"“{word[:120]}”" for word in words]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


CHECK = Check(
    id="observed-behaviour",
    version=1,
    stage=Stage.SANDBOX,
    title="It does what it declares, and nothing that nothing may do",
    why="Whatever code and texts promise, a buyer lives with what happens when the thing runs.",
    remedy="Declare what it needs and take out the rest; every finding names what was seen.",
    standards=_STANDARDS,
    applies_to=lambda subject: subject.format in RUNNABLE and subject.unpacked,
    run=_run,
    packs=(pack(_PACK),),
)
