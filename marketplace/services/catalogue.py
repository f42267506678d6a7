"""Reads of the catalogue: what may be seen by whom, and what a name resolves to."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from marketplace.models import Listing
from registry.domain.identifiers import InvalidIdentifierError, PackageName, parse_package_name
from registry.domain.problems import Code, ProblemError
from registry.domain.states import PUBLIC, State
from registry.models import File, Package, User, Version

Visitor = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Resolution:
    """What one asked-for name came to: a version, or the reason why there is none."""

    name: str
    version: Version | None
    code: Code | None = None
    problem: str = ""


def listings(text: str = "", kind: str = "", format: str = "") -> QuerySet[Listing]:  # noqa: A002 — the field's word
    """Certified packages that match; newest first, or best first when there is a text."""
    # A projection may lag behind a revocation; what is shown must not.
    found = Listing.objects.matching(text).filter(
        version__state__in=[state.value for state in PUBLIC], version__yanked_at=None
    )
    if kind:
        found = found.filter(kind=kind)
    if format:
        found = found.filter(format=format)
    return found


def public_version(namespace: str, name: str, version: str = "") -> Version:
    """The newest resolvable version, or exactly the pinned one, yanked or not.

    Raises ProblemError NOT_FOUND alike for what is absent and what is not public.
    """
    versions = Version.objects.with_names().filter(
        package__namespace__name=namespace, package__name=name
    )
    found = (
        versions.public().filter(version=version).first()
        if version
        else versions.resolvable().first()
    )
    if found is None:
        wanted = f"{namespace}/{name}" + (f"@{version}" if version else "")
        raise ProblemError(Code.NOT_FOUND, f"There is no certified version of {wanted}.")
    return found


def version_for(visitor: Visitor, namespace: str, name: str, version: str) -> Version:
    """A version this visitor may see: public, or their own, or any for staff; else NOT_FOUND."""
    found = (
        Version.objects.with_names()
        .filter(package__namespace__name=namespace, package__name=name, version=version)
        .first()
    )
    if found is None or not visitor.has_perm("registry.view_version", found):
        raise ProblemError(Code.NOT_FOUND, f"There is no version {version} of {namespace}/{name}.")
    return found


def package_for(visitor: Visitor, namespace: str, name: str) -> Package:
    """A package with at least one version this visitor may see; raises ProblemError NOT_FOUND."""
    package = (
        Package.objects.select_related("namespace__organisation")
        .named(PackageName(namespace, name))
        .first()
    )
    if package is None or not (
        versions_for(visitor, package).exists()
        or visitor.has_perm("registry.view_evidence", package)
    ):
        raise ProblemError(Code.NOT_FOUND, f"There is no package {namespace}/{name}.")
    return package


def withdrawn_from(namespace: str, name: str, version: str = "") -> QuerySet[Version]:
    """Versions of that package that were certified once and are not any more, newest first."""
    found = withdrawn().filter(package__namespace__name=namespace, package__name=name)
    return found.filter(version=version) if version else found


def versions_for(visitor: Visitor, package: Package) -> QuerySet[Version]:
    """The package's versions this visitor may see, newest first."""
    versions = Version.objects.with_names().filter(package=package).order_by("-id")
    if visitor.has_perm("registry.view_evidence", package):
        return versions
    return versions.filter(state__in=[state.value for state in PUBLIC])


def open_file(version: Version, path: str) -> File:
    """The file at that path; raises ProblemError NOT_FOUND."""
    return _file(version, Q(path=path), path)


def open_digest(version: Version, digest: str) -> File:
    """A file of the version with those bytes; raises ProblemError NOT_FOUND."""
    return _file(version, Q(blob_id=digest), digest)


def _file(version: Version, wanted: Q, label: str) -> File:
    file = version.files.select_related("blob").filter(wanted).first()
    if file is None:
        raise ProblemError(Code.NOT_FOUND, f"{version} has no file {label[:120]}.")
    return file


def resolve(names: Sequence[str]) -> list[Resolution]:
    """Each `namespace/name[@version]` to the version to install now."""
    return [_resolve(name) for name in names]


def _resolve(text: str) -> Resolution:
    name, _, pin = text.partition("@")
    try:
        parsed = parse_package_name(name)
        return Resolution(text, public_version(parsed.namespace, parsed.name, pin))
    except InvalidIdentifierError as fault:
        return Resolution(text, None, Code.INVALID_NAME, str(fault))
    except ProblemError as fault:
        return Resolution(text, None, fault.code, fault.detail)


def withdrawn() -> QuerySet[Version]:
    """Versions whose certificate is withdrawn: revoked, or quarantined for now."""
    return (
        Version.objects.with_names()
        .filter(state__in=[State.REVOKED.value, State.QUARANTINED.value])
        .order_by("-id")
    )
