"""Organisations, members and namespaces."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.domain.identifiers import InvalidIdentifierError, check_namespace
from registry.domain.problems import Code, ProblemError
from registry.models import Membership, Namespace, Organisation, OrganisationRole, User
from registry.services import events


@transaction.atomic
def create_organisation(*, slug: str, name: str, actor: User) -> Organisation:
    """A new organisation with `actor` as its owner; raises ProblemError."""
    try:
        check_namespace(slug)
    except InvalidIdentifierError as fault:
        raise ProblemError(Code.INVALID_NAME, str(fault)) from fault
    if Organisation.objects.filter(slug=slug).exists():
        raise ProblemError(Code.NAME_TAKEN, f"The organisation “{slug}” exists already.")
    organisation = Organisation.objects.create(slug=slug, name=name.strip()[:120] or slug)
    Membership.objects.create(organisation=organisation, user=actor, role=OrganisationRole.OWNER)
    events.record("organisation.created", actor=actor, organisation=organisation)
    return organisation


@transaction.atomic
def set_role(
    organisation: Organisation, user: User, *, role: OrganisationRole, actor: User
) -> Membership:
    """Give `user` that role in the organisation, joining it if need be."""
    membership, _ = Membership.objects.update_or_create(
        organisation=organisation, user=user, defaults={"role": role}
    )
    events.record(
        "membership.set", actor=actor, organisation=organisation, user=user.username, role=role
    )
    return membership


@transaction.atomic
def claim_namespace(
    organisation: Organisation, name: str, *, actor: User, verified: bool = False
) -> Namespace:
    """Own a free namespace; raises ProblemError NAME_TAKEN or INVALID_NAME."""
    try:
        check_namespace(name)
        with transaction.atomic():
            namespace = Namespace.objects.create(
                name=name,
                organisation=organisation,
                verified_at=timezone.now() if verified else None,
            )
    except InvalidIdentifierError as fault:
        raise ProblemError(Code.INVALID_NAME, str(fault)) from fault
    except IntegrityError as fault:
        raise ProblemError(
            Code.NAME_TAKEN, f"The namespace “{name}” belongs to somebody already."
        ) from fault
    events.record(
        "namespace.claimed", actor=actor, organisation=organisation, name=name, verified=verified
    )
    return namespace
