"""Reads of the console: the queue, the evidence about a version, certified versions, events."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from certification.models import Certification
from certification.services import reading
from certification.services.reviewing import MIN_REASON_CHARACTERS
from marketplace.services import catalogue
from marketplace.web import evidence, paging
from marketplace.web.access import absent_as_404, actor, require, typed
from registry.blobs import open_blob
from registry.domain import descriptor
from registry.domain.states import State, may_move
from registry.models import Event, Version

PREVIEW_BYTES = 64 * 1024
_FILES_SHOWN = 500
_CERTIFIED = (State.APPROVED.value, State.QUARANTINED.value, State.REVOKED.value)
_STEPS = {
    "quarantine": State.QUARANTINED,
    "release": State.APPROVED,
    "revoke": State.REVOKED,
}


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Versions in review, the longest waiting first, with the reasons they are here."""
    require(request, "enter_console")
    rows = (
        Version.objects.with_names()
        .filter(state=State.IN_REVIEW.value)
        .prefetch_related(
            Prefetch("certifications", Certification.objects.defer("report").order_by("-id"))
        )
    )
    page = paging.page(rows, ("created_at", "id"), cursor=request.GET.get("cursor", ""))
    return render(request, "review/queue.html", {"page": page})


@login_required
@require_safe
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Everything known about one version, and the decision on it."""
    found = _version(request, version_id)
    progress = reading.progress(found)
    certification = reading.latest(found)
    context = {
        "version": found,
        "declared": descriptor.from_dict(found.descriptor),
        "needs": evidence.needs(descriptor.from_dict(found.descriptor).permissions),
        "progress": progress,
        "certification": certification,
        "groups": evidence.grouped_findings(progress),
        "unanswered": evidence.unanswered(progress),
        "provenance": evidence.claims_proven(certification),
        "runs": evidence.recorded(certification),
        "tools": reading.observed_tools(found),
        "isolation": reading.isolation(found),
        "difference": reading.difference(found),
        "deeds": evidence.deeds(
            reading.behaviour(found), reading.behaviour(reading.approved_before(found))
        ),
        "files": found.files.select_related("blob")[:_FILES_SHOWN],
        "events": Event.objects.about(found.pk)[:100],
        "min_reason": MIN_REASON_CHARACTERS,
        **_decisions(request, found, certification),
    }
    return render(request, "review/version.html", context)


@login_required
@require_safe
def preview(request: HttpRequest, version_id: int) -> HttpResponse:
    """The beginning of one file as text that cannot do anything; bytes that are none, as hex."""
    found = _version(request, version_id)
    with absent_as_404():
        file = catalogue.open_file(found, typed(request.GET, "path"))
    with open_blob(file.blob_id) as stream:
        head = stream.read(PREVIEW_BYTES)
    context = {
        "version": found,
        "file": file,
        "binary": b"\0" in head,
        "text": _hex(head[:4096]) if b"\0" in head else head.decode("utf-8", "backslashreplace"),
        "cut": file.blob.size > len(head),
        "shown": len(head),
    }
    return render(request, "review/preview.html", context)


@login_required
@require_safe
def certified(request: HttpRequest) -> HttpResponse:
    """Versions that are or were certified, by name."""
    require(request, "enter_console")
    query = typed(request.GET, "q")[:160]
    rows: QuerySet[Version] = (
        Version.objects.with_names().defer("descriptor").filter(state__in=_CERTIFIED)
    )
    for word in query.replace("/", " ").replace("@", " ").split():
        rows = rows.filter(
            Q(package__name__icontains=word)
            | Q(package__namespace__name__icontains=word)
            | Q(version__istartswith=word)
        )
    page = paging.page(rows, ("-id",), cursor=request.GET.get("cursor", ""))
    return render(request, "review/certified.html", {"page": page, "query": query})


@login_required
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """The audit log, newest first."""
    require(request, "read_events")
    query = typed(request.GET, "q")[:160]
    rows = Event.objects.select_related("actor", "organisation")
    if query:
        rows = rows.filter(
            Q(verb__icontains=query)
            | Q(package__icontains=query)
            | Q(actor__username__iexact=query)
        )
    page = paging.page(rows, ("-id",), cursor=request.GET.get("cursor", ""), size=50)
    return render(request, "review/events.html", {"page": page, "query": query})


def _version(request: HttpRequest, version_id: int) -> Version:
    require(request, "enter_console")
    found = get_object_or_404(Version.objects.with_names(), pk=version_id)
    if found.state == State.DRAFT:
        raise Http404
    return found


def _decisions(
    request: HttpRequest, version: Version, certification: Certification | None
) -> dict[str, Any]:
    """What this visitor may do with the version now."""
    user, state = actor(request), State(version.state)
    decided = certification is not None and bool(certification.reviews.all())
    in_review = state is State.IN_REVIEW and not decided
    may_revoke = user.has_perm("registry.revoke_version", version)
    return {
        "decidable": in_review and user.has_perm("registry.review_version", version),
        "own": in_review and version.submitted_by_id == user.pk,
        "awaiting_signature": state is State.IN_REVIEW and decided,
        "steps": [
            verb
            for verb, target in _STEPS.items()
            if may_revoke and state.value in _CERTIFIED and may_move(state, target)
        ],
    }


def _hex(data: bytes) -> str:
    lines = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        text = "".join(c if c.isprintable() else "." for c in row.decode("ascii", "replace"))
        lines.append(f"{start:08x}  {row.hex(' '):<47}  {text}")
    return "\n".join(lines)
