"""Dependencies whose names are taken for those of packages that everybody uses."""

import tomllib
from collections.abc import Iterator
from functools import cache

from certification.readers.components import Component, Ecosystem, Source
from certification.readers.dependencies import dependencies_of
from certification.readers.names import likeness
from certification.rulepacks import data, pack
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

_STANDARDS = ("CWE-1007", "CWE-506", "OWASP LLM03:2025", "OWASP ASI04", "OWASP MCP04", "AML.T0010")
_FROM_REGISTRY = {Source.REGISTRY, Source.BUNDLED}
#: A slip changes the length by this much at most; a word of trust adds more.
_MAX_SHORTER, _MAX_LONGER = 2, 10
_MAX_NAMES = 5_000


def _run(subject: Subject, tools: Tools) -> Result:
    found = dependencies_of(subject)
    first: dict[tuple[Ecosystem, str], Component] = {}
    for one in found.components:
        if one.source in _FROM_REGISTRY:
            first.setdefault((one.ecosystem, one.name), one)
    compared = list(first.values())[:_MAX_NAMES]
    findings = [finding for one in compared for finding in _judged(one)]
    unread = list(found.unread)
    if len(first) > _MAX_NAMES:
        unread.append(f"Only {_MAX_NAMES} of {len(first)} names of dependencies were compared.")
    evidence = Evidence("names-compared", len(compared))
    return Result(tuple(findings), (evidence,), " ".join(unread))


def _judged(one: Component) -> Iterator[Finding]:
    known = _known()[one.ecosystem]
    # In npm a scope has an owner, so that only the scope can be mistaken for another.
    name = one.name.partition("/")[0]
    if name in known:
        return
    for other in sorted(known):
        longer = len(name) - len(other)
        alike = name.startswith("@") is other.startswith("@")
        if not alike or not -_MAX_SHORTER <= longer <= _MAX_LONGER:
            continue
        if (how := likeness(name, other)) is not None:
            yield _finding(one, f"“{name}” {how} “{other}”, which many packages depend on.", other)
            return


def _finding(one: Component, message: str, other: str) -> Finding:
    return Finding(
        rule="dependency-names.mistaken",
        level=Level.WARNING,
        message=f"The dependency {message}",
        location=Location(one.path, one.line or None),
        fix=f"If {other} was meant, write {other}; if not, say in review what {one.name} is.",
        standards=_STANDARDS,
    )


@cache
def _known() -> dict[Ecosystem, frozenset[str]]:
    listed = tomllib.loads(data("names", "known.toml").decode())
    return {ecosystem: frozenset(listed[ecosystem].split()) for ecosystem in Ecosystem}


def _applies(subject: Subject) -> bool:
    found = dependencies_of(subject)
    return bool(found.components or found.unread)


CHECK = Check(
    id="dependency-names",
    version=1,
    stage=Stage.SCAN,
    title="No dependency that is taken for another",
    why="A package whose name is one slip away from a well-known one is installed by mistake, "
    "and is often put there for that.",
    remedy="Write the name of the package that was meant, or say in review what this one is.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
    packs=(pack("names"),),
)
