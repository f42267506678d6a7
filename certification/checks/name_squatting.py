"""Names that are taken for names the catalogue already holds."""

from collections.abc import Iterable, Iterator

from certification.readers.names import likeness
from certification.types import Check, Evidence, Finding, Level, Result, Stage, Subject, Tools

_STANDARDS = ("CWE-1007", "OWASP LLM03:2025", "OWASP ASI04", "OWASP MCP04", "AML.T0010")
_FIX = "Choose a name that nobody takes for the other one, or say in review how the two belong."
_MAX = 20


def _run(subject: Subject, tools: Tools) -> Result:
    if tools.catalogue is None:
        return Result(incomplete="There is no catalogue here to compare the name with.")
    known = tools.catalogue.names()
    findings = list(_of_packages(subject.name, known))[:_MAX]
    findings += list(_of_namespaces(subject.name, known))[:_MAX]
    return Result(tuple(findings), (Evidence("names-compared", len(known)),))


def _of_packages(name: str, known: Iterable[str]) -> Iterator[Finding]:
    own = name.rpartition("/")[2]
    for other in known:
        how = likeness(own, other.rpartition("/")[2])
        if how is not None:
            yield _finding("package", f"The name “{own}” {how} “{other}”.")


def _of_namespaces(name: str, known: Iterable[str]) -> Iterator[Finding]:
    own = name.partition("/")[0] if "/" in name else ""
    for other in sorted({other.partition("/")[0] for other in known}):
        how = likeness(own, other) if own else None
        if how is not None:
            yield _finding("namespace", f"The namespace “{own}” {how} “{other}”.")


def _finding(what: str, message: str) -> Finding:
    return Finding(f"name-squatting.{what}", Level.WARNING, message, None, _FIX, _STANDARDS)


CHECK = Check(
    id="name-squatting",
    version=1,
    stage=Stage.PROVENANCE,
    title="No name that is taken for another's",
    why="A name that is nearly another one is installed by those who mistyped or misread it.",
    remedy="Choose a name that nobody takes for another, or say in review how the two belong.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.name),
    run=_run,
)
