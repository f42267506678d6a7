"""Who acts in the tests."""

from registry.models import OrganisationRole, StaffRole, User
from registry.services import accounts


def user(name: str, staff: StaffRole = StaffRole.NONE) -> User:
    """A person who can sign in with the password `a-long-password`."""
    return User.objects.create_user(
        username=name, email=f"{name}@example.org", password="a-long-password", staff_role=staff
    )


def publisher(name: str = "pat", namespace: str = "acme") -> User:
    """A person who may publish to `namespace`, which their own organisation owns."""
    person = user(name)
    organisation = accounts.create_organisation(slug=namespace, name=namespace, actor=person)
    accounts.claim_namespace(organisation, namespace, actor=person, verified=True)
    return person


def member(name: str, of: User, role: OrganisationRole = OrganisationRole.MEMBER) -> User:
    """A person with that role in the (first) organisation of `of`."""
    person = user(name)
    organisation = of.organisations.first()
    assert organisation is not None
    accounts.set_role(organisation, person, role=role, actor=of)
    return person
