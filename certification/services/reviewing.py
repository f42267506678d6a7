"""What people decide: reviews, quarantine, revocation."""

from django.db import transaction

from certification import dispatch
from certification.models import Certification, Review
from certification.types import Decision
from registry.domain.problems import Code, ProblemError
from registry.domain.states import State
from registry.models import User, Version
from registry.services import events, lifecycle

MIN_REASON_CHARACTERS = 10


@transaction.atomic
def review(version_id: int, *, decision: Decision, reason: str, actor: User) -> Review:
    """Approve or reject a version in review, with a reason; raises ProblemError."""
    version = lifecycle.locked(version_id)
    if not actor.has_perm("registry.review_version", version):
        raise ProblemError(Code.FORBIDDEN, "You may not review this version.")
    certification = Certification.objects.filter(version=version).first()
    if version.state != State.IN_REVIEW or certification is None:
        raise ProblemError(Code.ILLEGAL_STEP, f"This version is {version.state}, not in review.")
    if certification.reviews.exists():
        raise ProblemError(Code.ILLEGAL_STEP, "This version has been decided already.")
    given = Review.objects.create(
        certification=certification,
        reviewer=actor,
        decision=decision.value,
        reason=_reason(reason),
    )
    events.record(
        "version.reviewed", actor=actor, version=version, decision=decision, reason=given.reason
    )
    if decision is Decision.APPROVE:
        dispatch.ring(dispatch.SIGN, certification.pk, queue="sign")
    else:
        lifecycle.move(version_id, State.REJECTED, actor=actor, reason=given.reason)
    return given


def quarantine(version_id: int, *, reason: str, actor: User) -> Version:
    """Hide an approved version while it is looked into; raises ProblemError."""
    return _withdraw_from_sale(version_id, State.QUARANTINED, reason=reason, actor=actor)


def release(version_id: int, *, reason: str, actor: User) -> Version:
    """End a quarantine: the version is public again; raises ProblemError."""
    return _withdraw_from_sale(version_id, State.APPROVED, reason=reason, actor=actor)


def revoke(version_id: int, *, reason: str, actor: User) -> Version:
    """Withdraw the certificate for good; raises ProblemError."""
    return _withdraw_from_sale(version_id, State.REVOKED, reason=reason, actor=actor)


@transaction.atomic
def _withdraw_from_sale(version_id: int, new: State, *, reason: str, actor: User) -> Version:
    version = lifecycle.locked(version_id)
    if not actor.has_perm("registry.revoke_version", version):
        raise ProblemError(Code.FORBIDDEN, "You may not change the certificate of this version.")
    moved = lifecycle.move(version_id, new, actor=actor, reason=_reason(reason))
    dispatch.ring(dispatch.PROJECT, moved.package_id, queue="default")
    return moved


def _reason(text: str) -> str:
    reason = text.strip()[:4000]
    if len(reason) < MIN_REASON_CHARACTERS:
        raise ProblemError(
            Code.REASON_MISSING,
            f"Give a reason of at least {MIN_REASON_CHARACTERS} characters: it is kept for good.",
        )
    return reason
