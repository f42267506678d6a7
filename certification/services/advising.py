"""Advisories come in, and stored bills of materials are matched with them: no blob is read."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from certification import dispatch
from certification.models import (
    Advisory,
    AdvisorySnapshot,
    AffectedPackage,
    BilledComponent,
    Exposure,
)
from certification.readers.advisory_dumps import Entry, Unreadable, entries
from certification.readers.osv import fix_for
from registry.domain.states import State
from registry.models import User
from registry.services import events, lifecycle

_AT_ONCE = 1_000
_MAX_PROBLEMS = 50


@dataclass(slots=True)
class Imported:
    """Counts of one import; `problems` are sentences on records that could not be read."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    other: int = 0  # of ecosystems that nothing here is made of
    unreadable: int = 0
    affected: int = 0  # versions that were found to be affected now
    problems: list[str] = field(default_factory=list)


def import_dump(dump: Path, *, actor: User | None = None) -> Imported:
    """Take in a dump of OSV records, then match what is new with every stored bill of materials.

    Idempotent: what is unchanged is left alone, and each batch of records is one transaction.
    Raises DumpError and OSError; what was taken in until then stays.
    """
    counts = Imported()
    touched: list[int] = []
    for batch in _batches(entries(dump), counts):
        touched += _store(batch, counts)
    _remember_snapshot(dump.name)
    counts.affected = len(rematch(touched, actor=actor))
    return counts


def rematch(advisories: Iterable[int], *, actor: User | None = None) -> set[int]:
    """Match these advisories with the stored bills; returns the versions that are affected by
    something they were not known to be affected by. A second call finds nothing to do."""
    versions: dict[int, list[Exposure]] = {}
    for affected in AffectedPackage.objects.select_related("advisory").filter(
        advisory__in=list(advisories), advisory__withdrawn=False
    ):
        for exposure in _exposures(affected):
            versions.setdefault(exposure.version_id, []).append(exposure)
    return {pk for pk, found in versions.items() if _expose(pk, found, actor)}


def _exposures(affected: AffectedPackage) -> Iterator[Exposure]:
    known = affected.as_affected()
    billed = BilledComponent.objects.filter(ecosystem=affected.ecosystem, name=affected.name)
    for component in billed.exclude(exposures__advisory=affected.advisory):
        fixed = fix_for(known, component.release)
        if fixed is not None:
            yield Exposure(
                component=component,
                version_id=component.version_id,
                advisory=affected.advisory,
                fixed=fixed[:100],
            )


@transaction.atomic
def _expose(version_id: int, found: list[Exposure], actor: User | None) -> bool:
    """Keep what a version turned out to be exposed to and tell its owner; what is malicious is
    taken from the catalogue until a reviewer has looked."""
    version = lifecycle.locked(version_id)
    known = set(Exposure.objects.filter(version=version).values_list("component_id", "advisory_id"))
    new = [one for one in found if (one.component_id, one.advisory_id) not in known]
    if not new:
        return False
    Exposure.objects.bulk_create(new)
    names = sorted({one.advisory.osv_id for one in new})
    events.record("version.exposed", actor=actor, version=version, advisories=names[:100])
    malicious = [one.advisory.osv_id for one in new if one.advisory.malicious]
    if malicious and version.state == State.APPROVED:
        reason = f"It contains a package that is known to be malicious: {', '.join(malicious[:5])}."
        lifecycle.move(version.pk, State.QUARANTINED, actor=None, reason=reason)
        dispatch.ring(dispatch.PROJECT, version.package_id, queue="default")
    return True


def _batches(found: Iterable[Entry | Unreadable], counts: Imported) -> Iterator[dict[str, Entry]]:
    """Records by id, of ecosystems we know, some at a time."""
    batch: dict[str, Entry] = {}
    for entry in found:
        match entry:
            case Unreadable():
                counts.unreadable += 1
                if len(counts.problems) < _MAX_PROBLEMS:
                    counts.problems.append(entry.problem)
            case Entry() if not entry.advisory.affected:
                counts.other += 1
            case Entry():
                batch[entry.advisory.id] = entry
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = {}
    yield batch


@transaction.atomic
def _store(batch: dict[str, Entry], counts: Imported) -> list[int]:
    """Write what differs from what is stored; returns the primary keys of those advisories."""
    stored = dict(Advisory.objects.filter(osv_id__in=batch).values_list("osv_id", "content"))
    fresh = [entry for name, entry in batch.items() if stored.get(name) != entry.sha256]
    counts.unchanged += len(batch) - len(fresh)
    counts.changed += sum(entry.advisory.id in stored for entry in fresh)
    counts.new += sum(entry.advisory.id not in stored for entry in fresh)
    rows = Advisory.objects.bulk_create(
        [_row(entry) for entry in fresh],
        update_conflicts=True,
        unique_fields=["osv_id"],
        update_fields=[
            "aliases", "summary", "severity", "malicious", "withdrawn", "modified", "content",
        ],
    )  # fmt: skip
    AffectedPackage.objects.filter(advisory__in=rows).delete()
    AffectedPackage.objects.bulk_create(
        AffectedPackage(
            advisory=row,
            ecosystem=affected.ecosystem.value,
            name=affected.name,
            versions=list(affected.versions),
            spans=[[span.introduced, span.fixed, span.last] for span in affected.spans],
        )
        for row, entry in zip(rows, fresh, strict=True)
        for affected in entry.advisory.affected
    )
    return [row.pk for row in rows]


def _row(entry: Entry) -> Advisory:
    advisory = entry.advisory
    return Advisory(
        osv_id=advisory.id,
        aliases=list(advisory.aliases),
        summary=advisory.summary,
        severity=advisory.severity.value,
        malicious=advisory.malicious,
        withdrawn=advisory.withdrawn,
        modified=advisory.modified,
        content=entry.sha256,
    )


@transaction.atomic
def _remember_snapshot(source: str) -> None:
    """Name what is known now, whether or not this import changed it: it is as fresh as today."""
    hasher = hashlib.sha256()
    records, newest = 0, ""
    known = Advisory.objects.order_by("osv_id").values_list("osv_id", "content", "modified")
    for name, content, modified in known.iterator():
        hasher.update(f"{name} {content}\n".encode())
        records, newest = records + 1, max(newest, modified)
    AdvisorySnapshot.objects.create(
        digest=f"sha256:{hasher.hexdigest()}",
        source=source[:200],
        records=records,
        newest=newest,
    )
