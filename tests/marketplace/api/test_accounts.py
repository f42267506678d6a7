"""Tokens, namespaces, events, and who one is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry.domain.tokens import Scope
from registry.models import OrganisationRole, StaffRole, Token
from tests import factories

pytestmark = pytest.mark.django_db


def issue(client, **body):
    return client.post("/api/v1/tokens/", body, "application/json")


@pytest.fixture
def signed_in(client, publisher):
    client.force_login(publisher)
    return client


def test_one_knows_who_one_is(publishing):
    assert publishing.get("/api/v1/me").json() == {
        "username": "acme-owner",
        "scopes": ["publish", "read"],
        "namespaces": ["acme"],
    }


def test_a_token_is_issued_used_and_revoked(signed_in):
    answer = issue(signed_in, name="ci", scopes=["read"])
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    token = answer.json()
    headers = {"authorization": f"Bearer {token['secret']}"}
    assert signed_in.get("/api/v1/me", headers=headers).status_code == 200
    listed = signed_in.get("/api/v1/tokens/").json()
    assert [(row["name"], "secret" in row) for row in listed] == [("ci", False)]
    assert signed_in.delete(f"/api/v1/tokens/{token['id']}/").status_code == 204
    assert signed_in.get("/api/v1/me", headers=headers).status_code == 401
    assert signed_in.get("/api/v1/tokens/").json() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "ci", "scopes": []},
        {"name": "ci", "scopes": ["root"]},
        {"name": "ci", "scopes": "read"},
        {"name": "ci", "scopes": [["read"]]},
        {"name": "", "scopes": ["read"]},
        {"name": "c\u0000i", "scopes": ["read"]},
        {"name": "c" * 81, "scopes": ["read"]},
        {"name": "ci", "scopes": ["read"], "expiresAt": "yesterday"},
        {"name": "ci", "scopes": ["read"], "expiresAt": "2020-01-01T00:00:00Z"},
        {"name": "ci", "scopes": ["read"], "expiresAt": "0001-01-01T00:00:00+14:00"},
        {"name": "ci", "scopes": ["read"], "expiresAt": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_tokens_of_nonsense_are_refused(signed_in, refused, body):
    refused(issue(signed_in, **body), 400, "invalid")


def test_a_token_gives_no_more_than_it_has(as_token, refused):
    client = as_token(factories.make_user(), Scope.READ)
    refused(issue(client, name="more", scopes=["read", "publish"]), 400, "invalid")
    assert issue(client, name="same", scopes=["read"]).status_code == 201


def test_a_token_gives_no_longer_than_it_lasts(as_token, refused):
    client = as_token(factories.make_user(), Scope.READ)
    ends = timezone.now() + timedelta(days=1)
    Token.objects.update(expires_at=ends)
    refused(issue(client, name="ever", scopes=["read"]), 400, "invalid")
    later = (ends + timedelta(days=1)).isoformat()
    refused(issue(client, name="later", scopes=["read"], expiresAt=later), 400, "invalid")
    sooner = (ends - timedelta(hours=1)).isoformat()
    assert issue(client, name="sooner", scopes=["read"], expiresAt=sooner).status_code == 201


def test_a_token_revokes_itself_and_no_other(as_token, refused):
    user = factories.make_user()
    client, _ = as_token(user, Scope.INSTALL), as_token(user, Scope.READ)
    own, other = Token.objects.order_by("id")
    refused(client.delete(f"/api/v1/tokens/{other.pk}/"), 404, "not-found")
    assert client.delete(f"/api/v1/tokens/{own.pk}/").status_code == 204
    assert client.get("/api/v1/me").status_code == 401


def test_a_token_of_somebody_else_is_absent(signed_in):
    factories.make_secret(factories.make_user("otto"))
    theirs = signed_in.delete(f"/api/v1/tokens/{Token.objects.get().pk}/")
    absent = signed_in.delete("/api/v1/tokens/999999/")
    assert theirs.status_code == absent.status_code == 404
    assert theirs.content == absent.content


def test_namespaces_come_with_the_role(publisher, as_token):
    factories.make_namespace("other")
    member = factories.join(
        factories.make_user("mia"), publisher.organisations.get(), OrganisationRole.MEMBER
    )
    assert as_token(member).get("/api/v1/namespaces/").json() == [
        {"name": "acme", "organisation": "acme", "role": "member", "verified": True}
    ]


@pytest.mark.parametrize("staff", [StaffRole.REVIEWER, StaffRole.AUDITOR])
def test_staff_reads_the_audit_log(as_token, staff):
    factories.make_approved_version()
    rows = as_token(factories.make_user("ada", staff=staff)).get("/api/v1/events/").json()
    verbs = [row["verb"] for row in rows["results"]]
    assert "version.approved" in verbs
    approved = rows["results"][verbs.index("version.approved")]
    assert (approved["actor"], approved["organisation"]) == (None, "acme")
    assert approved["package"] == "acme/weather@1.0.0"


def test_for_others_there_is_no_audit_log(publishing, refused):
    refused(publishing.get("/api/v1/events/"), 404, "not-found")
