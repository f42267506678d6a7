"""Clients of the REST interface."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from registry.domain.tokens import Scope
from registry.models import StaffRole, User
from tests import factories


@pytest.fixture
def as_token(db: None) -> Callable[..., Client]:
    """A client that signs in as that user, with a token of these scopes or of all."""

    def make(user: User, *scopes: Scope) -> Client:
        secret = factories.make_secret(user, *scopes)
        return Client(headers={"authorization": f"Bearer {secret}"})

    return make


@pytest.fixture
def publisher(db: None) -> User:
    """The owner of the organisation and namespace `acme`."""
    return factories.owner_of(factories.make_namespace("acme").organisation)


@pytest.fixture
def publishing(as_token: Callable[..., Client], publisher: User) -> Client:
    """The publisher's machine."""
    return as_token(publisher, Scope.PUBLISH, Scope.READ)


@pytest.fixture
def reviewing(as_token: Callable[..., Client]) -> Client:
    """A reviewer's machine."""
    return as_token(factories.make_user("rhea", staff=StaffRole.REVIEWER))


@pytest.fixture
def outside(as_token: Callable[..., Client]) -> Client:
    """The machine of somebody who belongs to nobody."""
    return as_token(factories.make_user("otto"))


@pytest.fixture
def refused() -> Callable[[Any, int, str], dict[str, Any]]:
    """Asserts that a response is the RFC 9457 problem with that status and code."""

    def check(response: Any, status: int, code: str) -> dict[str, Any]:
        assert response["Content-Type"] == "application/problem+json", response.content
        body: dict[str, Any] = response.json()
        assert (response.status_code, body["type"]) == (status, f"urn:assay:problem:{code}"), body
        assert body["status"] == status
        assert body["detail"]
        return body

    return check
