"""Dependencies with known vulnerabilities, and ones that are known to be malicious."""

from collections.abc import Iterator
from dataclasses import replace

from certification.fixes import can_raise, raised
from certification.ports import AdvisoryFeed, KnownProblem, PackageVersion
from certification.readers.components import Component, Ecosystem, Source
from certification.readers.dependencies import dependencies_of, resolved
from certification.readers.lowest import NO_LOWER_END, lowest_allowed
from certification.readers.osv import Severity
from certification.readers.subject_texts import file_text
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

_STANDARDS = ("CWE-1395", "CWE-937", "OWASP LLM03:2025", "OWASP ASI04", "OWASP MCP04", "AML.T0010")
_GRAVE = {Severity.CRITICAL.value, Severity.HIGH.value, Severity.UNKNOWN.value}
_SHOWN = 200
_MAX_PATCHED_BYTES = 64 * 1024


def _run(subject: Subject, tools: Tools) -> Result:
    found = dependencies_of(subject)
    exact = [one for one in resolved(found.components) if one.version]
    loose = [one for one in resolved(found.components) if not one.version]
    evidence = [
        Evidence("dependencies", {"exact": len(exact), "unpinned": len(loose)}),
        Evidence("advisories", _basis(tools.advisories)),
    ]
    incomplete = " ".join(found.unread)
    if tools.advisories is None or not (exact or loose):
        notes = [_note("not-consulted", "No advisories were consulted here.")] if exact else []
        return Result(tuple(notes), tuple(evidence), incomplete)
    findings = list(_stale(tools.advisories))
    problems = tools.advisories.problems(map(_release, exact))
    for one in exact:
        findings += [
            replace(_known(one, problem), patch=_patch(one, problem, subject))
            for problem in problems.get(_release(one), ())
        ]
    if loose:
        names = ", ".join(f"{one.name} {one.constraint}" for one in loose[:5])
        message = (
            f"{len(loose)} dependencies have no fixed version and were matched by the lowest that "
            f"is allowed: {names}."
        )
        findings.append(_note("unpinned", message, loose[0].path))
        findings += _allowed(loose, tools.advisories)
    matched = {
        one.purl: [problem.advisory for problem in problems[_release(one)]]
        for one in exact
        if _release(one) in problems
    }
    evidence.append(Evidence("matched", dict(list(matched.items())[:_SHOWN])))
    return Result(tuple(findings), tuple(evidence), incomplete)


def _basis(feed: AdvisoryFeed | None) -> dict[str, object]:
    """Which advisories were looked at: an answer means nothing without their date."""
    snapshot = None if feed is None else feed.snapshot()
    if snapshot is None:
        return {"snapshot": None}
    return {
        "snapshot": snapshot.digest,
        "importedAt": snapshot.imported_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "newest": snapshot.newest,
        "records": snapshot.records,
    }


def _stale(feed: AdvisoryFeed) -> Iterator[Finding]:
    snapshot = feed.snapshot()
    if snapshot is None:
        message = "No advisories were ever imported, so nothing is known of the dependencies."
        yield _note("no-advisories", message)
    elif feed.is_stale():
        message = (
            f"The advisories are of {snapshot.imported_at:%Y-%m-%d}: newer ones are not known."
        )
        yield replace(_note("stale-advisories", message), level=Level.WARNING)


def _release(one: Component) -> PackageVersion:
    return PackageVersion(one.ecosystem.value, one.name, one.version)


def _known(one: Component, problem: KnownProblem) -> Finding:
    names = ", ".join((problem.advisory, *problem.aliases[:2]))
    if problem.malicious:
        return Finding(
            rule="vulnerable-dependencies.malicious",
            level=Level.ERROR,
            message=f"{one.name} {one.version} is known to be malicious ({names}).",
            location=Location(one.path, one.line or None),
            fix=f"Remove {one.name}; treat every machine that installed it as compromised.",
            standards=("CWE-506", *_STANDARDS),
        )
    grave = problem.severity in _GRAVE
    return Finding(
        rule="vulnerable-dependencies.known",
        level=Level.WARNING if grave else Level.NOTE,
        message=f"{one.name} {one.version} has a known vulnerability, {problem.severity}: "
        f"{problem.summary or 'no summary'} ({names}).",
        location=Location(one.path, one.line or None),
        fix=_fix(one, problem),
        standards=_STANDARDS,
    )


def _allowed(loose: list[Component], feed: AdvisoryFeed) -> Iterator[Finding]:
    """What the lowest allowed versions are known for. Where a range has no lower end, only what
    is malicious counts: every old weakness would be found in the first version."""
    lowest = {
        one: replace(one, version=lowest_allowed(one))
        for one in loose
        if one.source is Source.REGISTRY
    }
    problems = feed.problems(map(_release, lowest.values()))
    for one, first in lowest.items():
        for problem in problems.get(_release(first), ()):
            if problem.malicious:
                said = (
                    f"“{one.name} {one.constraint}” allows a release that is known to be malicious"
                )
                yield replace(_known(first, problem), message=f"{said} ({problem.advisory}).")
            elif first.version not in NO_LOWER_END:
                known = _known(first, problem)
                message = f"“{one.constraint}” allows {known.message}"
                yield replace(known, level=Level.NOTE, message=message)


def _fix(one: Component, problem: KnownProblem) -> str:
    if not problem.fixed:
        return f"No version of {one.name} mends this: replace it, or say why it does not apply."
    pin = "==" if one.ecosystem is Ecosystem.PYPI else "@"
    return f"Raise it to {one.name}{pin}{problem.fixed} or later and publish a new version."


def _patch(one: Component, problem: KnownProblem, subject: Subject) -> str:
    if problem.malicious or not problem.fixed or not can_raise(one.path):
        return ""
    text = file_text(subject.path(one.path), _MAX_PATCHED_BYTES)
    return raised(one.path, text, one.line, one.name, problem.fixed) if text else ""


def _note(what: str, message: str, path: str = "") -> Finding:
    return Finding(
        rule=f"vulnerable-dependencies.{what}",
        level=Level.NOTE,
        message=message,
        location=Location(path) if path else None,
        fix="Lock every dependency to one version with its digest." if path else "",
        standards=_STANDARDS,
    )


def _applies(subject: Subject) -> bool:
    found = dependencies_of(subject)
    return bool(found.components or found.unread)


CHECK = Check(
    id="vulnerable-dependencies",
    version=3,
    stage=Stage.SCAN,
    title="No dependency with a known grave vulnerability",
    why="A package is as weak as what it is built on, and the world learns of new weaknesses "
    "daily.",
    remedy="Raise the dependency to the version that mends it, and publish a new version.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
