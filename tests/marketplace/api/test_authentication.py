"""Bearer tokens."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry.domain.tokens import Scope, generate
from registry.models import Token
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer assay_",
        "bearer nonsense",
        "Bearer " + "a" * 10_000,
        "Bearer assay_\x00",
        "Bearer äöü",
        f"Bearer {generate()}",
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/packages/"])
def test_a_bad_token_is_refused_even_where_none_is_needed(refused, header, path):
    response = Client().get(path, headers={"authorization": header})
    refused(response, 401, "authentication-failed")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_without_a_token_the_challenge_is_bearer(client, refused):
    response = client.get("/api/v1/me")
    refused(response, 401, "not-authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="assay"'


def test_other_schemes_are_nobody(client, refused):
    response = client.get("/api/v1/me", headers={"authorization": "Basic dTpw"})
    refused(response, 401, "not-authenticated")


@pytest.mark.parametrize("field", ["expires_at", "revoked_at"])
def test_a_token_that_ended_is_refused(as_token, refused, field):
    client = as_token(factories.make_user())
    assert client.get("/api/v1/me").status_code == 200
    Token.objects.update(**{field: timezone.now() - timedelta(seconds=1)})
    refused(client.get("/api/v1/me"), 401, "authentication-failed")


def test_a_token_needs_the_scope(as_token, refused):
    client = as_token(factories.make_user(), Scope.READ)
    body = refused(client.get("/api/v1/uploads/"), 403, "permission-denied")
    assert "publish" in body["detail"]


def test_the_scope_is_asked_before_anything_is_looked_up(as_token):
    factories.make_approved_version()
    client = as_token(factories.make_user(), Scope.READ)
    there = client.get("/api/v1/packages/acme/weather/versions/1.0.0/manifest")
    absent = client.get("/api/v1/packages/acme/weather/versions/9.0.0/manifest")
    assert there.status_code == absent.status_code == 403
    assert there.content == absent.content


def test_a_session_has_every_scope(client):
    client.force_login(factories.make_user())
    assert client.get("/api/v1/me").json()["scopes"] == [scope.value for scope in Scope]
