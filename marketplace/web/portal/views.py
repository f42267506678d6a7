"""Packages and versions of a publisher: uploading, watching, taking back."""

import hashlib
import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from certification.services import reading
from marketplace.services import catalogue, publishing
from marketplace.web import evidence
from marketplace.web.access import absent_as_404, actor, require, told, typed
from registry.domain.states import PENDING, State, may_move
from registry.domain.uploads import MAX_FILES, PART_BYTES
from registry.models import Package, Upload, UploadState, Version
from registry.services import lifecycle, uploading

_PACKAGES_SHOWN = 200
_VERSIONS_SHOWN = 8


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Every package of the organisations one belongs to, with its versions and their states."""
    packages = (
        Package.objects.owned_by(actor(request))
        .select_related("namespace__organisation")
        .prefetch_related(Prefetch("versions", Version.objects.defer("descriptor").order_by("-id")))
    )
    context = {
        "packages": [
            {"package": package, "versions": list(package.versions.all())[:_VERSIONS_SHOWN]}
            for package in packages[:_PACKAGES_SHOWN]
        ],
        "uploads": Upload.objects.filter(owner=actor(request), state=UploadState.OPEN)[:5],
        "namespaces": publishing.publishable_namespaces(actor(request)),
    }
    return render(request, "portal/home.html", context)


@login_required
@require_safe
def upload(request: HttpRequest) -> HttpResponse:
    """The form; the work is done by static/js/upload.js over the REST API."""
    context = {
        "namespaces": publishing.publishable_namespaces(actor(request)),
        "part_bytes": PART_BYTES,
        "max_files": MAX_FILES,
        "lifetime": uploading.UPLOAD_LIFETIME,
    }
    return render(request, "portal/upload.html", context)


@login_required
@require_safe
def version(request: HttpRequest, namespace: str, name: str, number: str) -> HttpResponse:
    """One version as its publisher sees it: progress, findings and what can be done."""
    found = _version(request, namespace, name, number)
    state = State(found.state)
    may_publish = actor(request).has_perm("registry.withdraw_version", found)
    context = {
        "version": found,
        "withdrawable": may_publish and may_move(state, State.WITHDRAWN),
        "exposures": reading.exposures(found),
        "runs": evidence.recorded(reading.latest(found)),
        "yankable": may_publish and state is State.APPROVED,
        **_progress(found),
    }
    return render(request, "portal/version.html", context)


@login_required
@require_safe
def progress(request: HttpRequest, namespace: str, name: str, number: str) -> HttpResponse:
    """The part of the version page that changes while it is certified."""
    found = _version(request, namespace, name, number)
    context = {"version": found, **_progress(found)}
    if context["live"] and context["mark"] == request.GET.get("seen"):
        # Nothing new: htmx leaves the page alone, and screen readers stay silent.
        return HttpResponse(status=204)
    response = render(request, "portal/progress.html", context)
    if not context["live"]:
        # Other parts of the page depend on the state: have htmx load it anew, once.
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def withdraw(request: HttpRequest, namespace: str, name: str, number: str) -> HttpResponse:
    """Take a version back before it is approved."""
    found = _version(request, namespace, name, number)
    require(request, "withdraw_version", found)
    with told(request, f"{found} is withdrawn. Its number cannot be used again."):
        lifecycle.withdraw(found.pk, actor=actor(request))
    return _back(found)


@login_required
@require_POST
def yank(request: HttpRequest, namespace: str, name: str, number: str) -> HttpResponse:
    """Stop new installs that do not pin this version."""
    found = _version(request, namespace, name, number)
    require(request, "yank_version", found)
    with told(request, f"{found} is yanked: only exact pins still install it."):
        lifecycle.yank(found.pk, actor=actor(request), reason=typed(request.POST, "reason"))
    return _back(found)


@login_required
@require_POST
def unyank(request: HttpRequest, namespace: str, name: str, number: str) -> HttpResponse:
    """Let new installs have it again."""
    found = _version(request, namespace, name, number)
    require(request, "yank_version", found)
    with told(request, f"{found} can be installed by everybody again."):
        lifecycle.unyank(found.pk, actor=actor(request))
    return _back(found)


def _version(request: HttpRequest, namespace: str, name: str, number: str) -> Version:
    with absent_as_404():
        found = catalogue.version_for(request.user, namespace, name, number)
    if not request.user.has_perm("registry.view_evidence", found):
        raise Http404
    return found


def _progress(version: Version) -> dict[str, Any]:
    progress = reading.progress(version)
    text = json.dumps(progress, sort_keys=True, default=str)
    waiting_to_sign = progress["decision"] == "approve" and version.state == State.CERTIFYING
    return {
        "progress": progress,
        "groups": evidence.grouped_findings(progress),
        "unanswered": evidence.unanswered(progress),
        "mark": hashlib.sha256(text.encode()).hexdigest()[:16],
        "live": version.state in PENDING,
        "signing": waiting_to_sign,
    }


def _back(version: Version) -> HttpResponse:
    package = version.package
    return redirect("portal:version", package.namespace.name, package.name, version.version)
