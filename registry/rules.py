"""Who may do what to which object: predicates, registered as Django permissions.

Ask with `user.has_perm("registry.<verb>", obj)`. What is not named here is denied.
"""

from typing import Any

import rules

from registry.domain.states import PUBLIC
from registry.models import (
    Membership,
    Namespace,
    Organisation,
    OrganisationRole,
    Package,
    StaffRole,
    Upload,
    User,
    Version,
)

_PUBLISHING = (OrganisationRole.OWNER, OrganisationRole.ADMIN, OrganisationRole.PUBLISHER)
_ADMINISTERING = (OrganisationRole.OWNER, OrganisationRole.ADMIN)


def _organisation(thing: Any) -> Organisation:
    match thing:
        case Version():
            return thing.package.namespace.organisation
        case Package():
            return thing.namespace.organisation
        case Namespace():
            return thing.organisation
        case Organisation():
            return thing
        case _:
            raise TypeError(f"{type(thing).__name__} belongs to no organisation")


def _has_role(user: User, thing: Any, roles: tuple[OrganisationRole, ...]) -> bool:
    return Membership.objects.filter(
        user=user, organisation=_organisation(thing), role__in=roles
    ).exists()


@rules.predicate
def is_member(user: User, thing: Any) -> bool:
    """Any role in the organisation that owns the thing."""
    return _has_role(user, thing, tuple(OrganisationRole))


@rules.predicate
def may_publish(user: User, thing: Any) -> bool:
    """Owner, admin or publisher of the organisation that owns the thing."""
    return _has_role(user, thing, _PUBLISHING)


@rules.predicate
def may_administer(user: User, thing: Any) -> bool:
    """Owner or admin of the organisation."""
    return _has_role(user, thing, _ADMINISTERING)


@rules.predicate
def is_public(user: User, version: Version) -> bool:
    """A version that consumers may see."""
    return version.state in {state.value for state in PUBLIC}


@rules.predicate
def owns_upload(user: User, upload: Upload) -> bool:
    """Uploads are private to who opened them."""
    return upload.owner_id == user.pk


@rules.predicate
def is_reviewer(user: User) -> bool:
    """Marketplace staff who decide."""
    return user.staff_role == StaffRole.REVIEWER


@rules.predicate
def reads_everything(user: User) -> bool:
    """Marketplace staff who may see unpublished versions and their evidence."""
    return user.staff_role in {StaffRole.REVIEWER, StaffRole.AUDITOR}


@rules.predicate
def submitted_it(user: User, version: Version) -> bool:
    """Whoever submitted a version may not judge it."""
    return version.submitted_by_id == user.pk


_signed_in = rules.is_authenticated
_insider = _signed_in & (is_member | reads_everything)

rules.add_perm("registry.publish", _signed_in & may_publish)
rules.add_perm("registry.administer", _signed_in & may_administer)
rules.add_perm("registry.use_upload", _signed_in & owns_upload)
rules.add_perm("registry.view_version", is_public | _insider)
rules.add_perm("registry.view_evidence", _insider)
rules.add_perm("registry.withdraw_version", _signed_in & may_publish)
rules.add_perm("registry.yank_version", _signed_in & may_publish)
rules.add_perm("registry.enter_console", _signed_in & reads_everything)
rules.add_perm("registry.review_version", _signed_in & is_reviewer & ~submitted_it)
rules.add_perm("registry.revoke_version", _signed_in & is_reviewer)
rules.add_perm("registry.read_events", _signed_in & reads_everything)
