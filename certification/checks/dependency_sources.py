"""Where dependencies come from: registries and digests, or addresses that may change."""

import re
from collections.abc import Iterator

from certification.readers.components import Component, Source
from certification.readers.dependencies import dependencies_of, resolved
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

_COMMIT = re.compile(r"[@#][0-9a-f]{40}(?![0-9a-f])")
_STANDARDS = ("CWE-494", "CWE-829", "CWE-427", "OWASP LLM03:2025", "OWASP ASI04", "OWASP MCP04")


def _run(subject: Subject, tools: Tools) -> Result:
    found = dependencies_of(subject)
    components = resolved(found.components)
    counts = {source.value: 0 for source in Source}
    for one in components:
        counts[one.source.value] += 1
    counts["hashed"] = sum(one.hashed for one in components)
    counts["all"] = len(components)
    findings = [finding for one in components for finding in _judged(one)]
    return Result(tuple(findings), (Evidence("sources", counts),), " ".join(found.unread))


def _judged(one: Component) -> Iterator[Finding]:
    where = one.constraint or one.version
    match one.source:
        case Source.URL:
            insecure = where.startswith("http://")
            level = Level.WARNING if insecure or not one.hashed else Level.NOTE
            message = f"{one.name} is fetched from an address, not from a registry: {where[:200]}."
            yield _finding("address", level, message, one)
        case Source.VCS if not one.hashed and not _fixed(where):
            message = f"{one.name} is built from a repository at whatever it holds: {where[:200]}."
            yield _finding("repository", Level.WARNING, message, one)
        case Source.LOCAL if where.startswith(("/", "file:/", "..", "file:..")):
            message = f"{one.name} is taken from outside the package: {where[:200]}."
            yield _finding("outside", Level.WARNING, message, one)
        case _:
            return


def _fixed(where: str) -> bool:
    """Whether a repository address ends in a whole commit id."""
    return _COMMIT.search(where) is not None


def _finding(what: str, level: Level, message: str, one: Component) -> Finding:
    return Finding(
        rule=f"dependency-sources.{what}",
        level=level,
        message=message,
        location=Location(one.path, one.line or None),
        fix="Take it from a registry, at one version, locked with its digest.",
        standards=_STANDARDS,
    )


def _applies(subject: Subject) -> bool:
    found = dependencies_of(subject)
    return bool(found.components or found.unread)


CHECK = Check(
    id="dependency-sources",
    version=1,
    stage=Stage.SCAN,
    title="Dependencies come from registries",
    why="What comes from an address instead of a registry can change after it was tested.",
    remedy="Take dependencies from a registry, at one version, locked with a digest.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
