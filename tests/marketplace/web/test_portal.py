"""What publishers do in the portal, and what others may not."""

import pytest

from registry.domain.states import State
from registry.models import Namespace, Organisation, Token, Version
from registry.services import tokens
from tests import factories
from tests.marketplace.web.shown import signed_in

PAGES = ["", "upload/", "tokens/", "organisations/"]
ONE = "/portal/versions/acme/weather/1.1.0/"


@pytest.mark.parametrize("page", PAGES)
def test_the_portal_asks_to_sign_in(client, db, page):
    response = client.get(f"/portal/{page}")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("page", PAGES)
def test_the_portal_opens_for_everybody_signed_in(stranger, page):
    assert signed_in(stranger).get(f"/portal/{page}").status_code == 200


def test_home_lists_own_packages_only(owner, stranger, in_review):
    assert "acme/weather" in signed_in(owner).get("/portal/").text
    assert "acme/weather" not in signed_in(stranger).get("/portal/").text


def test_home_asks_few_questions(owner, in_review, django_assert_max_num_queries):
    for index in range(8):
        factories.make_version(f"acme/more-{index}")
    client = signed_in(owner)
    with django_assert_max_num_queries(8):
        client.get("/portal/")


def test_home_reminds_of_unfinished_uploads(owner):
    factories.make_upload(owner)
    assert "1 unfinished upload" in signed_in(owner).get("/portal/").text


def test_findings_are_told_with_what_to_do(owner, in_review):
    page = signed_in(owner).get(ONE).text
    assert "Invisible letters &lt;b&gt;spell&lt;/b&gt;" in page
    assert "server.py, line 7" in page
    assert "Remove the characters" in page
    assert "server.py is too large to read." in page
    assert "say(&#x27;[U+202E]hello&#x27;)" in page
    assert "Should be fixed" in page
    assert "Could not be checked" in page
    assert "&quot;n&quot;: 1" in page


def test_strangers_do_not_see_a_version(stranger, in_review, certified):
    client = signed_in(stranger)
    assert client.get(ONE).status_code == 404
    assert client.get("/portal/versions/acme/weather/1.0.0/").status_code == 404
    assert client.post(ONE + "withdraw/").status_code == 404


def test_members_see_but_do_not_act(member, in_review):
    client = signed_in(member)
    page = client.get(ONE)
    assert page.status_code == 200
    assert "Withdraw this version" not in page.text
    assert client.post(ONE + "withdraw/").status_code == 404
    in_review.refresh_from_db()
    assert in_review.state == State.IN_REVIEW


def test_progress_is_polled_until_it_is_over(owner):
    factories.make_version("acme/weather", "1.1.0", state=State.CERTIFYING)
    client = signed_in(owner)
    running = client.get(ONE + "progress/")
    assert 'hx-trigger="every 1s"' in running.text
    assert "HX-Refresh" not in running
    again = client.get(ONE + "progress/", {"seen": running.context["mark"]})
    assert again.status_code == 204
    client.post(ONE + "withdraw/")
    over = client.get(ONE + "progress/")
    assert "hx-trigger" not in over.text
    assert over["HX-Refresh"] == "true"


def test_withdrawing(owner, in_review):
    response = signed_in(owner).post(ONE + "withdraw/", follow=True)
    assert "is withdrawn" in response.text
    assert Version.objects.get(pk=in_review.pk).state == State.WITHDRAWN
    again = signed_in(owner).post(ONE + "withdraw/", follow=True)
    assert "cannot become withdrawn" in again.text


def test_yanking_and_undoing(owner, certified):
    one, client = "/portal/versions/acme/weather/1.0.0/", signed_in(owner)
    assert "Say why" in client.post(one + "yank/", {"reason": " \0"}, follow=True).text
    assert "is yanked" in client.post(one + "yank/", {"reason": "Wet"}, follow=True).text
    assert "by everybody again" in client.post(one + "unyank/", follow=True).text
    assert Version.objects.get(pk=certified.pk).yanked_at is None


def test_a_token_is_shown_once(stranger):
    client = signed_in(stranger)
    answer = client.post(
        "/portal/tokens/", {"name": "CI", "scopes": ["publish"], "lifetime": "30"}, follow=True
    )
    secret = answer.context["secret"]
    token = tokens.authenticate(secret)
    assert token is not None
    assert token.scopes == ["publish"]
    assert secret in answer.text
    assert secret not in client.get("/portal/tokens/").text
    client.post(f"/portal/tokens/{token.pk}/revoke/")
    assert tokens.authenticate(secret) is None


def test_a_token_may_never_expire(stranger):
    signed_in(stranger).post(
        "/portal/tokens/", {"name": "CI", "scopes": ["read"], "lifetime": "never"}
    )
    assert Token.objects.get(user=stranger).expires_at is None


def test_a_token_form_says_what_is_wrong(stranger, monkeypatch):
    answer = signed_in(stranger).post("/portal/tokens/", {"name": "", "lifetime": "30"})
    assert answer.status_code == 400
    assert "This field is required" in answer.text
    monkeypatch.setattr(tokens, "MAX_TOKENS_EACH", 0)
    answer = signed_in(stranger).post(
        "/portal/tokens/", {"name": "CI", "scopes": ["read"], "lifetime": "30"}
    )
    assert "Too many live tokens" in answer.text


def test_nobody_revokes_the_token_of_another(owner, stranger):
    token, secret = tokens.issue(
        owner, name="x", scopes=[factories.Scope.READ], actor=owner, expires_at=None
    )
    answer = signed_in(stranger).post(f"/portal/tokens/{token.pk}/revoke/", follow=True)
    assert "There is no such token" in answer.text
    assert tokens.authenticate(secret) is not None


def test_an_organisation_is_created_and_claims_a_namespace(stranger):
    client = signed_in(stranger)
    client.post("/portal/organisations/", {"name": "Northwind", "slug": "northwind"})
    assert Organisation.objects.get(slug="northwind").members.get() == stranger
    told = client.post("/portal/organisations/northwind/claim/", {"name": "northwind"}, follow=True)
    assert "now belongs to Northwind" in told.text
    assert Namespace.objects.get(name="northwind").organisation.slug == "northwind"
    taken = client.post(
        "/portal/organisations/northwind/claim/", {"name": "northwind"}, follow=True
    )
    assert "belongs to somebody already" in taken.text


def test_organisation_forms_say_what_is_wrong(stranger, owner):
    client = signed_in(stranger)
    assert (
        "exists already"
        in client.post("/portal/organisations/", {"name": "A", "slug": "acme"}).text
    )
    answer = client.post("/portal/organisations/", {"name": "A", "slug": "No Good"})
    assert answer.status_code == 400
    assert "is not a namespace" in answer.text


def test_only_administrators_claim(member, stranger):
    for person in (member, stranger):
        client = signed_in(person)
        answer = client.post("/portal/organisations/acme/claim/", {"name": "acme-two"})
        assert answer.status_code == 404
    assert not Namespace.objects.filter(name="acme-two").exists()
