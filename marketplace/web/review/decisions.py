"""Acts of the console: each one service call, then back to the page."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from certification.services import reviewing
from certification.types import Decision
from marketplace.web.access import actor, require, told, typed
from registry.models import Version

_CHANGES = {
    "quarantine": (reviewing.quarantine, "is quarantined: nobody can install it for now."),
    "release": (reviewing.release, "is certified and public again."),
    "revoke": (reviewing.revoke, "is revoked for good."),
}


@login_required
@require_POST
def decide(request: HttpRequest, version_id: int) -> HttpResponse:
    """Approve or reject a version in review."""
    version = get_object_or_404(Version.objects.with_names(), pk=version_id)
    require(request, "review_version", version)
    chosen = request.POST.get("decision", "")
    if chosen not in {Decision.APPROVE.value, Decision.REJECT.value}:
        messages.error(request, "Choose whether to approve or to reject.")
        return redirect("review:version", version_id)
    decision = Decision(chosen)
    done = "approved; it is being signed" if decision is Decision.APPROVE else "rejected"
    with told(request, f"{version} is {done}."):
        reviewing.review(
            version_id,
            decision=decision,
            reason=typed(request.POST, "reason"),
            actor=actor(request),
        )
    return redirect("review:version", version_id)


@login_required
@require_POST
def change(request: HttpRequest, version_id: int, verb: str) -> HttpResponse:
    """Quarantine, release or revoke a certified version."""
    version = get_object_or_404(Version.objects.with_names(), pk=version_id)
    require(request, "revoke_version", version)
    if verb not in _CHANGES:
        raise Http404
    act, outcome = _CHANGES[verb]
    with told(request, f"{version} {outcome}"):
        act(version_id, reason=typed(request.POST, "reason"), actor=actor(request))
    return redirect("review:version", version_id)
