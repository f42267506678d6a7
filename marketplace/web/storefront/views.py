"""What buyers see: the catalogue and one package with everything known about it."""

from http import HTTPStatus

from django.db.models import FloatField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from certification.checks import ALL
from certification.types import Stage
from marketplace.services import catalogue as shelf
from marketplace.web import paging
from marketplace.web.access import absent_as_404, typed
from marketplace.web.storefront import tabs
from registry.domain.identifiers import Format, Kind
from registry.domain.states import PUBLIC
from registry.models import Package, Version

NEWEST = 6
_MAX_QUERY = 200
_MAX_GONE = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What Assay is, and what was certified last."""
    newest = list(shelf.listings().select_related("version")[:NEWEST])
    latest = newest and tabs.certificate_of(newest[0].version)
    return render(request, "storefront/home.html", {"newest": newest, "latest": latest})


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """All certified packages, searched and filtered."""
    query = typed(request.GET, "q")[:_MAX_QUERY]
    kind = _choice(request, "kind", [kind.value for kind in Kind])
    form = _choice(request, "format", [form.value for form in Format])
    rows = shelf.listings(query, kind, form).select_related("version")
    order = ("-approved_at", "-id")
    if query:
        rows = rows.annotate(score=Cast("rank", FloatField()))
        order = ("-score", "-id")
    page = paging.page(rows, order, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "query": query,
        "kind": kind,
        "format": form,
        "kinds": [kind.value for kind in Kind],
        "formats": [form.value for form in Format],
        "narrowed": bool(query or kind or form),
    }
    return render(request, "storefront/catalogue.html", context)


@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    """Every check by stage: what it is for, and what a publisher does about its findings."""
    stages = [(stage.value, [c for c in ALL if c.stage is stage]) for stage in Stage]
    return render(request, "storefront/checks.html", {"stages": stages})


@require_safe
def package(
    request: HttpRequest, namespace: str, name: str, tab: str = tabs.OVERVIEW
) -> HttpResponse:
    """One package: a tab about one of its versions, the newest unless `?version=` names one."""
    if tab not in tabs.TABS or (tab == tabs.OVERVIEW and request.path.endswith(f"/{tab}/")):
        raise Http404
    try:
        with absent_as_404():
            found = shelf.package_for(request.user, namespace, name)
            version = _version(request, found)
    except Http404:
        return _gone(request, namespace, name)
    chosen = tabs.TABS[tab]
    context = {
        "package": found,
        "version": version,
        "declared": tabs.declared(version),
        "public": version.state in PUBLIC,
        "insider": request.user.has_perm("registry.view_evidence", found),
        "pinned": typed(request.GET, "version"),
        "tab": tab,
        "tabs": tabs.TABS,
        **chosen.facts(version, request),
    }
    return render(request, chosen.template, context)


def _gone(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Whoever installed what was withdrawn is told so; raises Http404 when nothing was."""
    wanted = typed(request.GET, "version")
    versions = list(shelf.withdrawn_from(namespace, name, wanted)[:_MAX_GONE])
    if not versions:
        raise Http404
    context = {"namespace": namespace, "name": name, "versions": versions}
    return render(request, "storefront/withdrawn.html", context, status=HTTPStatus.GONE)


def _version(request: HttpRequest, package: Package) -> Version:
    wanted = typed(request.GET, "version")
    namespace, name = package.namespace.name, package.name
    if wanted:
        return shelf.version_for(request.user, namespace, name, wanted)
    certified = Version.objects.with_names().filter(package=package)
    newest = (
        certified.resolvable().first()
        or certified.public().first()
        or shelf.versions_for(request.user, package).first()
    )
    if newest is None:
        raise Http404
    return newest


def _choice(request: HttpRequest, name: str, allowed: list[str]) -> str:
    value = request.GET.get(name, "")
    return value if value in allowed else ""
