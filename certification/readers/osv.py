"""OSV records: known vulnerabilities and malicious packages (https://ossf.github.io/osv-schema/)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cvss import CVSS3, CVSS4, CVSSError
from univers.versions import InvalidVersion, PypiVersion, SemverVersion, Version

from certification.readers.components import Ecosystem, normalised
from certification.readers.lock_text import array, strings, table

MAX_AFFECTED = 2_000
MAX_VERSIONS = 5_000
MAX_ID = 100
_MAX_TEXT = 500
_BEGINNING = "0"


class Severity(StrEnum):
    """CVSS qualitative ratings; unknown where a record rates nothing."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


class AdvisoryError(Exception):
    """A record that cannot be read; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Span:
    """Versions from `introduced` on, up to but without `fixed`, or up to and with `last`."""

    introduced: str
    fixed: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """One package of an advisory: versions by name, and spans of versions."""

    ecosystem: Ecosystem
    name: str
    versions: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """One record. `modified` is RFC 3339 as given; a withdrawn record affects nothing."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    modified: str
    withdrawn: bool
    malicious: bool
    severity: Severity
    affected: tuple[Affected, ...]


def advisory_from(record: Mapping[str, object]) -> Advisory:
    """The advisory of a parsed record, with the ecosystems we know; raises AdvisoryError."""
    name, modified = record.get("id"), str(record.get("modified", ""))
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ID or not modified:
        raise AdvisoryError("A record has no id or no time of modification.")
    said = str(record.get("summary") or record.get("details") or "")
    return Advisory(
        id=name,
        aliases=tuple(alias[:100] for alias in strings(record.get("aliases"))[:50]),
        summary=" ".join(said.replace("\0", "").split())[:_MAX_TEXT],
        modified=modified[:40],
        withdrawn=bool(record.get("withdrawn")),
        malicious=name.startswith("MAL-"),
        severity=_severity(record),
        affected=tuple(
            found
            for item in array(record.get("affected"))[:MAX_AFFECTED]
            if (found := _affected(item)) is not None
        ),
    )


def fix_for(affected: Affected, version: str) -> str | None:
    """The lowest version that mends it for somebody who has `version`; "" where none is known;
    None where that version is not affected. A version that cannot be compared is affected only
    where it is named."""
    here = _version(affected.ecosystem, version)
    if here is not None:
        for span in affected.spans:
            if _within(affected.ecosystem, here, span):
                return span.fixed
    return "" if version in affected.versions else None


def _within(ecosystem: Ecosystem, here: Version, span: Span) -> bool:
    start = _version(ecosystem, span.introduced)
    if span.introduced != _BEGINNING and (start is None or here < start):
        return False
    fixed, last = _version(ecosystem, span.fixed), _version(ecosystem, span.last)
    if fixed is not None:
        return bool(here < fixed)
    # An end that cannot be compared ends nothing: better affected than silently well.
    return last is None or bool(here <= last)


@lru_cache(maxsize=65_536)
def _version(ecosystem: Ecosystem, text: str) -> Version | None:
    kind = PypiVersion if ecosystem is Ecosystem.PYPI else SemverVersion
    try:
        return kind(text) if text else None
    except (InvalidVersion, ValueError, TypeError):
        return None


def _affected(item: dict[str, object]) -> Affected | None:
    package = table(item.get("package"))
    try:
        ecosystem = Ecosystem(str(package.get("ecosystem", "")))
    except ValueError:
        return None
    spans: list[Span] = []
    for one in array(item.get("ranges")):
        if one.get("type") in {"ECOSYSTEM", "SEMVER"}:
            spans += _spans(array(one.get("events")))
    versions = tuple(v[:100] for v in strings(item.get("versions"))[:MAX_VERSIONS])
    if not spans and not versions:
        spans = [Span(_BEGINNING)]  # the schema: without either, every version is affected
    name = normalised(ecosystem, str(package.get("name", ""))[:200])
    return Affected(ecosystem, name, versions, tuple(spans)) if name else None


def _spans(events: list[dict[str, object]]) -> list[Span]:
    """Events in order: each `introduced` opens a span that the next `fixed` or `last_affected`
    closes."""
    spans: list[Span] = []
    opened = ""
    for event in events[:MAX_VERSIONS]:
        if "introduced" in event:
            opened = str(event["introduced"])
        elif opened and "fixed" in event:
            spans.append(Span(opened, fixed=str(event["fixed"])))
            opened = ""
        elif opened and "last_affected" in event:
            spans.append(Span(opened, last=str(event["last_affected"])))
            opened = ""
    return [*spans, Span(opened)] if opened else spans


def _severity(record: Mapping[str, object]) -> Severity:
    """The gravest rating that is given: by CVSS vector, else in GitHub's own word."""
    rated = {_rating(str(one.get("score", ""))) for one in array(record.get("severity"))}
    word = str(table(record.get("database_specific")).get("severity", "")).lower()
    rated.add({"moderate": Severity.MEDIUM}.get(word) or _named(word))
    return next((level for level in Severity if level in rated), Severity.UNKNOWN)


def _rating(vector: str) -> Severity:
    try:
        if vector.startswith("CVSS:4"):
            return _named(str(CVSS4(vector).severity).lower())
        return _named(str(CVSS3(vector).severities()[0]).lower())
    except CVSSError:
        return Severity.UNKNOWN


def _named(word: str) -> Severity:
    return Severity(word) if word in set(Severity) else Severity.UNKNOWN
