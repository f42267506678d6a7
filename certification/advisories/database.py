"""The AdvisoryFeed port over what `import_advisories` put into Postgres."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from certification import ports
from certification.models import AdvisorySnapshot, AffectedPackage
from certification.ports import KnownProblem, PackageVersion
from certification.readers.osv import Severity, fix_for

_AT_ONCE = 500
#: New malicious packages are reported daily; after two weeks "nothing known" says little.
MAX_AGE = timedelta(days=14)


class DatabaseFeed:
    """`certification.ports.AdvisoryFeed`; reads only, and reads anew each time it is asked."""

    def snapshot(self) -> ports.AdvisorySnapshot | None:
        """See the port."""
        row = AdvisorySnapshot.objects.first()
        if row is None:
            return None
        return ports.AdvisorySnapshot(row.digest, row.imported_at, row.newest, row.records)

    def is_stale(self) -> bool:
        """See the port; it may be MAX_AGE old."""
        row = AdvisorySnapshot.objects.first()
        return row is None or timezone.now() - row.imported_at > MAX_AGE

    def problems(
        self, packages: Iterable[PackageVersion]
    ) -> dict[PackageVersion, list[KnownProblem]]:
        """See the port."""
        asked = sorted(set(packages), key=lambda one: (one.name, one.ecosystem, one.version))
        found: dict[PackageVersion, list[KnownProblem]] = {}
        for start in range(0, len(asked), _AT_ONCE):
            _look_up(asked[start : start + _AT_ONCE], found)
        ranks = [level.value for level in Severity]
        for known in found.values():
            known.sort(
                key=lambda k: (not k.malicious, ranks.index(Severity(k.severity)), k.advisory)
            )
        return found


def _look_up(asked: list[PackageVersion], found: dict[PackageVersion, list[KnownProblem]]) -> None:
    by_name: dict[tuple[str, str], list[PackageVersion]] = {}
    for one in asked:
        by_name.setdefault((one.ecosystem, one.name), []).append(one)
    rows = AffectedPackage.objects.select_related("advisory").filter(
        name__in={one.name for one in asked}, advisory__withdrawn=False
    )
    for row in rows:
        for one in by_name.get((row.ecosystem, row.name), ()):
            fixed = fix_for(row.as_affected(), one.version)
            if fixed is not None:
                found.setdefault(one, []).append(problem_of(row, fixed))


def problem_of(row: AffectedPackage, fixed: str) -> KnownProblem:
    """What a report says of it."""
    known = row.advisory
    return KnownProblem(
        advisory=known.osv_id,
        aliases=tuple(known.aliases),
        summary=known.summary,
        severity=known.severity,
        malicious=known.malicious,
        fixed=fixed,
    )
