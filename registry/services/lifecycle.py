"""The life of a version after it was submitted: every step of its state, and its marks."""

from django.db import transaction
from django.utils import timezone

from registry.domain.problems import Code, ProblemError
from registry.domain.states import State, may_move
from registry.models import User, Version
from registry.services import events


def locked(version_id: int) -> Version:
    """The version, locked until the transaction ends; raises ProblemError NOT_FOUND."""
    version = (
        Version.objects.select_for_update(of=("self",)).with_names().filter(pk=version_id).first()
    )
    if version is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such version.")
    return version


@transaction.atomic
def move(version_id: int, new: State, *, actor: User | None, reason: str = "") -> Version:
    """One step of the TRANSITIONS table, with its event; raises ProblemError ILLEGAL_STEP."""
    version = locked(version_id)
    old = State(version.state)
    if not may_move(old, new):
        raise ProblemError(
            Code.ILLEGAL_STEP, f"A version that is {old.value} cannot become {new.value}."
        )
    version.state = new.value
    if new is State.APPROVED and version.approved_at is None:
        version.approved_at = timezone.now()
    if new is State.REVOKED:
        version.revoked_at = timezone.now()
        version.revocation_reason = reason
    version.save(update_fields=["state", "approved_at", "revoked_at", "revocation_reason"])
    events.record(
        f"version.{new.value}", actor=actor, version=version, reason=reason, before=old.value
    )
    return version


@transaction.atomic
def withdraw(version_id: int, *, actor: User) -> Version:
    """The publisher takes back a version that was not approved yet."""
    return move(version_id, State.WITHDRAWN, actor=actor)


@transaction.atomic
def yank(version_id: int, *, actor: User, reason: str) -> Version:
    """No new installs without an exact pin; raises ProblemError for a version not approved."""
    version = _approved(version_id)
    if not reason.strip():
        raise ProblemError(Code.REASON_MISSING, "Say why the version is yanked.")
    version.yanked_at = timezone.now()
    version.yank_reason = reason.strip()[:500]
    version.save(update_fields=["yanked_at", "yank_reason"])
    events.record("version.yanked", actor=actor, version=version, reason=version.yank_reason)
    return version


@transaction.atomic
def unyank(version_id: int, *, actor: User) -> Version:
    """Takes the yank mark away again."""
    version = _approved(version_id)
    version.yanked_at = None
    version.yank_reason = ""
    version.save(update_fields=["yanked_at", "yank_reason"])
    events.record("version.unyanked", actor=actor, version=version)
    return version


def _approved(version_id: int) -> Version:
    version = locked(version_id)
    if version.state != State.APPROVED:
        raise ProblemError(Code.ILLEGAL_STEP, "Only an approved version can carry that mark.")
    return version
