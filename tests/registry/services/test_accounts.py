from datetime import timedelta

import pytest
from django.utils import timezone

from registry.domain.problems import Code, ProblemError
from registry.domain.tokens import Scope
from registry.models import Event, OrganisationRole, Token
from registry.services import accounts, tokens
from tests import factories

pytestmark = pytest.mark.django_db


def refused(code, call, *args, **kwargs):
    with pytest.raises(ProblemError) as caught:
        call(*args, **kwargs)
    assert caught.value.code is code


def issue(user, **kwargs):
    given = {"name": "ci", "scopes": [Scope.PUBLISH], "actor": user, "expires_at": None}
    return tokens.issue(user, **{**given, **kwargs})


def test_the_founder_owns_the_organisation():
    person = factories.make_user("pat")
    organisation = accounts.create_organisation(slug="acme", name=" Acme ", actor=person)
    assert organisation.name == "Acme"
    assert organisation.memberships.get().role == OrganisationRole.OWNER


def test_names_are_taken_once():
    person = factories.make_publisher()
    refused(Code.NAME_TAKEN, accounts.create_organisation, slug="acme", name="", actor=person)
    other = accounts.create_organisation(slug="other", name="", actor=person)
    refused(Code.NAME_TAKEN, accounts.claim_namespace, other, "acme", actor=person)
    refused(Code.INVALID_NAME, accounts.claim_namespace, other, "Not Legal", actor=person)
    refused(Code.INVALID_NAME, accounts.create_organisation, slug="api", name="", actor=person)


def test_the_secret_is_shown_once_and_stored_hashed():
    person = factories.make_user("pat")
    token, secret = issue(person)
    assert secret not in str(Token.objects.values())
    assert secret.startswith(token.hint)
    assert tokens.authenticate(secret) == token
    assert secret not in str(list(Event.objects.values()))


def test_use_is_noted():
    token, secret = issue(factories.make_user("pat"))
    tokens.authenticate(secret)
    token.refresh_from_db()
    noted = token.last_used_at
    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at == noted is not None


@pytest.mark.parametrize("end", ["revoked", "expired", "inactive", "mangled"])
def test_dead_tokens_open_nothing(end):
    person = factories.make_user("pat")
    token, secret = issue(person, expires_at=timezone.now() + timedelta(days=1))
    if end == "revoked":
        tokens.revoke(token.pk, actor=person)
        tokens.revoke(token.pk, actor=person)
    elif end == "expired":
        Token.objects.update(expires_at=timezone.now())
    elif end == "inactive":
        person.is_active = False
        person.save()
    else:
        secret = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    assert tokens.authenticate(secret) is None


def test_tokens_are_revoked_by_their_owner_only():
    token, _ = issue(factories.make_user("pat"))
    refused(Code.NOT_FOUND, tokens.revoke, token.pk, actor=factories.make_user("sam"))


def test_a_token_needs_a_name_and_a_scope():
    person = factories.make_user("pat")
    refused(Code.INVALID, issue, person, name=" ")
    refused(Code.INVALID, issue, person, scopes=[])


def test_tokens_are_bounded(monkeypatch):
    monkeypatch.setattr(tokens, "MAX_TOKENS_EACH", 1)
    person = factories.make_user("pat")
    issue(person)
    refused(Code.INVALID, issue, person)
