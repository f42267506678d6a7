"""The Listing of a package, rebuilt from the registry whenever something was decided."""

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery, Value

from marketplace.models import Listing
from registry.domain import descriptor
from registry.models import Package, Version


@transaction.atomic
def project(package_id: int) -> Listing | None:
    """Make the Listing show the newest resolvable version, or remove it when there is none."""
    package = Package.objects.select_for_update().filter(pk=package_id).first()
    version = package and Version.objects.with_names().filter(package=package).resolvable().first()
    if not version or version.approved_at is None:
        Listing.objects.filter(package_id=package_id).delete()
        return None
    declared = descriptor.from_dict(version.descriptor)
    name = version.package.name
    listing, _ = Listing.objects.update_or_create(
        package=version.package,
        defaults={
            "version": version,
            "namespace": version.package.namespace.name,
            "name": name,
            "kind": version.package.kind,
            "format": version.package.format,
            "title": (declared.title or name)[:200],
            "summary": declared.summary[:500],
            "licence": declared.licence[:100],
            "approved_at": version.approved_at,
        },
    )
    Listing.objects.filter(pk=listing.pk).update(
        search=SearchVector("title", weight="A", config="english")
        + SearchVector("name", weight="A", config="english")
        + SearchVector("summary", weight="B", config="english")
        + SearchVector("namespace", weight="B", config="simple")
        + SearchVector(Value(" ".join(declared.tools)[:10_000]), weight="C", config="english")
        + SearchVector(Value(declared.readme[:50_000]), weight="D", config="english")
    )
    return listing


def project_stale() -> int:
    """Rebuild the listings that disagree with the registry; returns how many."""
    newest = Version.objects.filter(package=OuterRef("pk")).resolvable().values("pk")[:1]
    stale = Package.objects.annotate(newest=Subquery(newest)).exclude(
        Q(newest=None, listing=None) | Q(newest=F("listing__version_id"))
    )
    packages = list(stale.values_list("pk", flat=True))
    for package_id in packages:
        project(package_id)
    return len(packages)
