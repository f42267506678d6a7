"""Who visits, and what there is to see."""

import pytest

from registry.models import OrganisationRole, StaffRole
from tests import factories
from tests.marketplace.web import shown


@pytest.fixture
def owner(db):
    return factories.owner_of(factories.make_namespace("acme").organisation)


@pytest.fixture
def stranger(db):
    return factories.make_user("stranger")


@pytest.fixture
def reviewer(db):
    return factories.make_user("rita", staff=StaffRole.REVIEWER)


@pytest.fixture
def auditor(db):
    return factories.make_user("arno", staff=StaffRole.AUDITOR)


@pytest.fixture
def member(owner):
    organisation = owner.organisations.get()
    return factories.join(factories.make_user("mia"), organisation, OrganisationRole.MEMBER)


@pytest.fixture
def certified(owner):
    return shown.certified_version()


@pytest.fixture
def in_review(owner):
    return shown.version_in_review()
