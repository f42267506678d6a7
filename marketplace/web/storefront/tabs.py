"""The tabs of a package page: for each its template and what it needs to know."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from certification.models import Certificate
from certification.services import reading, trust
from certification.types import Outcome
from marketplace.services import catalogue
from marketplace.web import evidence
from registry.domain import descriptor
from registry.domain.descriptor import Descriptor
from registry.models import Version

OVERVIEW = "overview"
_MAX_FILES_SHOWN = 1000
#: Outcomes of `reading.progress` that say nothing about the version.
_SILENT = {"waiting", "running", Outcome.NOT_APPLICABLE.value}


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    template: str
    facts: Callable[[Version, HttpRequest], dict[str, Any]]


def declared(version: Version) -> Descriptor:
    """What the publisher declared."""
    return descriptor.from_dict(version.descriptor)


def certificate_of(version: Version) -> Certificate | None:
    """Its certificate, with names but without the stored documents."""
    return (
        Certificate.objects.filter(version=version)
        .select_related("certification", "version__package__namespace")
        .defer("manifest", "bundle", "certification__report", "version__descriptor")
        .first()
    )


def _overview(version: Version, request: HttpRequest) -> dict[str, Any]:
    return {"certificate": certificate_of(version), "files": version.files.count()}


def _versions(version: Version, request: HttpRequest) -> dict[str, Any]:
    return {"versions": catalogue.versions_for(request.user, version.package)[:200]}


def _certificate(version: Version, request: HttpRequest) -> dict[str, Any]:
    progress = reading.progress(version)
    checks = [check for stage in progress["stages"] for check in stage["checks"]]
    answered = [check for check in checks if check["outcome"] not in {"waiting", "running"}]
    certification = reading.latest(version)
    return {
        "certificate": certificate_of(version),
        "certification": certification,
        "passed": [check for check in answered if check["outcome"] != Outcome.NOT_APPLICABLE],
        "skipped": [check for check in answered if check["outcome"] == Outcome.NOT_APPLICABLE],
        "groups": evidence.grouped_findings(progress, evidence.BUYER),
        "unanswered": evidence.unanswered(progress),
        "runs": evidence.recorded(certification),
        "reviews": [] if certification is None else list(certification.reviews.all()),
        "exposures": reading.exposures(version),
        "provenance": evidence.claims_proven(certification),
        "identity": trust.identity(),
        "sample": version.files.order_by("path").first(),
        "origin": settings.ASSAY_PUBLIC_URL,
    }


def _permissions(version: Version, request: HttpRequest) -> dict[str, Any]:
    progress = reading.progress(version)
    sandbox = next(stage for stage in progress["stages"] if stage["stage"] == "sandbox")
    return {
        "needs": evidence.needs(declared(version).permissions),
        "tools": reading.observed_tools(version),
        "isolation": reading.isolation(version),
        "deeds": evidence.deeds(reading.behaviour(version)),
        "sandbox": [c for c in sandbox["checks"] if c["outcome"] not in _SILENT],
    }


def _contents(version: Version, request: HttpRequest) -> dict[str, Any]:
    files = list(version.files.select_related("blob")[: _MAX_FILES_SHOWN + 1])
    return {
        "files": files[:_MAX_FILES_SHOWN],
        "more": len(files) > _MAX_FILES_SHOWN,
        "bill": reading.bill_of_materials(version),
        "components": reading.components(version)[:_MAX_FILES_SHOWN],
    }


def _install(version: Version, request: HttpRequest) -> dict[str, Any]:
    return {"origin": settings.ASSAY_PUBLIC_URL, "certificate": certificate_of(version)}


TABS: dict[str, Tab] = {
    OVERVIEW: Tab("Overview", "storefront/overview.html", _overview),
    "versions": Tab("Versions", "storefront/versions.html", _versions),
    "certificate": Tab("Certificate", "storefront/certificate.html", _certificate),
    "permissions": Tab("Permissions and behaviour", "storefront/permissions.html", _permissions),
    "contents": Tab("Contents", "storefront/contents.html", _contents),
    "install": Tab("Install", "storefront/install.html", _install),
}
