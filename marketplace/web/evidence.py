"""Findings and declared needs, arranged for people."""

from dataclasses import dataclass
from typing import Any

from certification.models import Certification
from certification.services import reading
from registry.domain.descriptor import Permissions

#: What the levels of findings mean to those who publish and to those who review.
PUBLISHER = (
    ("error", "Must be fixed", "Publish a new version once these are dealt with."),
    (
        "warning",
        "Should be fixed",
        "Mend these in a new version, or wait until a reviewer has judged them.",
    ),
    ("note", "For information", "None of these stands in the way."),
)
#: The same to those who may buy what was certified all the same.
BUYER = (
    ("error", "Grave, and approved by a reviewer", "Read the reviewer's reason above."),
    ("warning", "Looked at by a reviewer", "Found by the checks; a person approved it."),
    ("note", "For information", "None of these stood in the way."),
)
_NEEDS = {
    "network": ("network", "Network", "reaches no host", "Connects to"),
    "read": ("file-text", "Read files", "reads no files of yours", "Reads"),
    "write": ("hard-drive", "Write files", "writes no files of yours", "Writes"),
    "environment": ("variable", "Environment and secrets", "reads no variables", "Reads"),
    "execute": ("terminal", "Run programs", "starts no programs", "Starts"),
}


#: Kinds of the behaviour record, their icon, and what a line of it tells.
_DEEDS = (
    ("contact", "network", "Reached for"),
    ("lookup", "network", "Asked for the address of"),
    ("run", "terminal", "Started"),
    ("read", "file-text", "Read outside its own files"),
    ("write", "hard-drive", "Wrote"),
    ("delete", "hard-drive", "Deleted"),
    ("privilege", "triangle-alert", "Asked the kernel for"),
    ("leaked", "triangle-alert", "Gave away the planted credential"),
)


@dataclass(frozen=True, slots=True)
class Deed:
    """One kind of thing that was seen when it ran; `new` are those of `items` that the version
    approved before did not do."""

    icon: str
    title: str
    items: tuple[str, ...]
    new: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one level, each {"rule", "level", "message", "location", "fix", "standards",
    "check"} and perhaps "patch"."""

    level: str
    title: str
    advice: str
    findings: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Need:
    """One kind of permission; no `items` declares that nothing of that sort is needed."""

    icon: str
    title: str
    nothing: str
    verb: str
    items: tuple[str, ...]


def grouped_findings(
    progress: dict[str, Any], levels: tuple[tuple[str, str, str], ...] = PUBLISHER
) -> list[FindingGroup]:
    """The findings of `reading.progress`, by what has to be done about them; no empty groups.
    `levels` are those of a reader: level, title, advice."""
    found = [
        {**finding, "check": check["title"]}
        for stage in progress["stages"]
        for check in stage["checks"]
        for finding in check["findings"]
    ]
    groups = (
        FindingGroup(level, title, advice, [f for f in found if f["level"] == level])
        for level, title, advice in levels
    )
    return [group for group in groups if group.findings]


def deeds(behaviour: object, before: object = None) -> list[Deed] | None:
    """What a behaviour record tells, kind by kind, against the record `before` where there is one;
    None where nothing was recorded, empty where it reached for nothing."""
    if not isinstance(behaviour, dict):
        return None
    known = before if isinstance(before, dict) else None
    told = []
    for kind, icon, title in _DEEDS:
        items = tuple(str(item) for item in behaviour.get(kind) or ())
        old = items if known is None else known.get(kind) or ()
        if items:
            told.append(Deed(icon, title, items, frozenset(items) - frozenset(map(str, old))))
    return told


def needs(permissions: Permissions) -> list[Need]:
    """What was declared, every kind of it."""
    return [Need(*words, items=tuple(getattr(permissions, name))) for name, words in _NEEDS.items()]


def unanswered(progress: dict[str, Any]) -> list[dict[str, Any]]:
    """Checks that could not judge, with the reason."""
    return [
        check
        for stage in progress["stages"]
        for check in stage["checks"]
        if check["outcome"] == "errored"
    ]


def recorded(certification: Certification | None) -> list[dict[str, Any]]:
    """Evidence of each check that gave any: {"check", "title", "outcome", "evidence"}."""
    runs = [] if certification is None else list(certification.checks.all())
    return [
        {
            "check": run.check_id,
            "title": reading.check_title(run.check_id),
            "outcome": run.outcome,
            "evidence": run.result["evidence"],
        }
        for run in runs
        if run.result.get("evidence")
    ]


def claims_proven(certification: Certification | None) -> list[dict[str, Any]]:
    """What publishers' own signatures proved: each {"path", "identity", "issuer", ...}."""
    runs = [] if certification is None else list(certification.checks.all())
    return [
        claim
        for run in runs
        if run.check_id == "provenance"
        for item in run.result["evidence"]
        for claim in item["content"]
    ]
