"""The console: who enters, what it shows, and what each decision does."""

import pytest

from certification.models import Review
from registry.domain.states import State
from registry.models import StaffRole, Version
from tests import factories
from tests.marketplace.web.shown import signed_in

PAGES = ["", "certified/", "events/"]
REASON = "The invisible letters are a font test."


@pytest.mark.parametrize("page", PAGES)
def test_the_console_is_not_there_for_others(owner, reviewer, auditor, page):
    assert signed_in(owner).get(f"/review/{page}").status_code == 404
    assert signed_in(reviewer).get(f"/review/{page}").status_code == 200
    assert signed_in(auditor).get(f"/review/{page}").status_code == 200


def test_the_queue_tells_the_reasons(reviewer, in_review, django_assert_max_num_queries):
    client = signed_in(reviewer)
    with django_assert_max_num_queries(6):
        page = client.get("/review/").text
    assert "acme/weather 1.1.0" in page
    assert "hidden-text.tags: Invisible letters" in page


def test_an_empty_queue_says_so(reviewer):
    assert "Nothing waits for a decision" in signed_in(reviewer).get("/review/").text


def test_the_version_page_shows_the_evidence(reviewer, certified, in_review):
    page = signed_in(reviewer).get(f"/review/versions/{in_review.pk}/").text
    assert "Compared with 1.0.0" in page
    assert "logo.bin" in page
    assert "&quot;n&quot;: 1" in page
    assert "Record the decision" in page


def test_an_auditor_sees_and_cannot_act(auditor, in_review, certified):
    client = signed_in(auditor)
    page = client.get(f"/review/versions/{in_review.pk}/")
    assert page.status_code == 200
    assert "Record the decision" not in page.text
    assert "Revoke for good" not in client.get(f"/review/versions/{certified.pk}/").text
    decision = {"decision": "approve", "reason": REASON}
    assert client.post(f"/review/versions/{in_review.pk}/decide/", decision).status_code == 404
    revoke = f"/review/versions/{certified.pk}/revoke/"
    assert client.post(revoke, {"reason": REASON}).status_code == 404


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"decision": "approve", "reason": "fine"}, "at least 10 characters"),
        ({"decision": "perhaps", "reason": REASON}, "Choose whether"),
        ({"reason": REASON}, "Choose whether"),
    ],
)
def test_a_decision_that_cannot_stand_is_explained(reviewer, in_review, form, sentence):
    client = signed_in(reviewer)
    page = client.post(f"/review/versions/{in_review.pk}/decide/", form, follow=True)
    assert sentence in page.text
    assert not Review.objects.exists()


def test_rejecting(reviewer, in_review):
    form = {"decision": "reject", "reason": REASON}
    address = f"/review/versions/{in_review.pk}/decide/"
    page = signed_in(reviewer).post(address, form, follow=True)
    assert "is rejected" in page.text
    assert Version.objects.get(pk=in_review.pk).state == State.REJECTED


def test_approving_waits_for_the_signature(reviewer, in_review):
    form = {"decision": "approve", "reason": REASON}
    address = f"/review/versions/{in_review.pk}/decide/"
    page = signed_in(reviewer).post(address, form, follow=True)
    assert "The certificate is being signed" in page.text
    assert REASON in page.text


def test_nobody_decides_on_their_own_version(reviewer):
    factories.join(
        reviewer, factories.make_namespace("acme").organisation, factories.OrganisationRole.OWNER
    )
    own = factories.make_version("acme/own", state=State.IN_REVIEW, publisher=reviewer)
    client = signed_in(reviewer)
    assert "another reviewer decides" in client.get(f"/review/versions/{own.pk}/").text
    form = {"decision": "approve", "reason": REASON}
    assert client.post(f"/review/versions/{own.pk}/decide/", form).status_code == 404


def test_quarantine_release_and_revocation(reviewer, certified):
    client, one = signed_in(reviewer), f"/review/versions/{certified.pk}/"
    assert (
        "is quarantined" in client.post(one + "quarantine/", {"reason": REASON}, follow=True).text
    )
    assert "public again" in client.post(one + "release/", {"reason": REASON}, follow=True).text
    assert "at least 10" in client.post(one + "revoke/", {"reason": "bad"}, follow=True).text
    assert "revoked for good" in client.post(one + "revoke/", {"reason": REASON}, follow=True).text
    assert Version.objects.get(pk=certified.pk).state == State.REVOKED
    assert client.post(one + "forget/", {"reason": REASON}).status_code == 404


def test_previews_are_text_or_hex(reviewer, in_review):
    client, one = signed_in(reviewer), f"/review/versions/{in_review.pk}/file/"
    assert "print(&#x27;sunny&#x27;)" in client.get(one, {"path": "server.py"}).text
    assert "00 01 02 41 73 73 61 79" in client.get(one, {"path": "logo.bin"}).text
    assert client.get(one, {"path": "../secret"}).status_code == 404
    assert client.get(one).status_code == 404


def test_a_long_file_is_cut(reviewer):
    version = factories.make_version("acme/long", files={"a.txt": b"x" * 70_000})
    page = signed_in(reviewer).get(f"/review/versions/{version.pk}/file/", {"path": "a.txt"})
    assert page.text.count("x" * 65_536) == 1
    assert "are shown" in page.text


def test_certified_versions_are_found_by_name(reviewer, certified):
    client = signed_in(reviewer)
    assert "acme/weather 1.0.0" in client.get("/review/certified/?q=acme/weather@1").text
    assert "Nothing found" in client.get("/review/certified/?q=zzz").text


def test_events_are_searched_and_paged(reviewer, certified):
    client = signed_in(reviewer)
    assert "version.approved" in client.get("/review/events/?q=acme/weather").text
    assert "Nothing found" in client.get("/review/events/?q=zzz").text
    for index in range(52):
        factories.make_organisation(f"org-{index}")
    first = client.get("/review/events/?q=organisation.created")
    cursor = first.context["page"].following
    second = client.get("/review/events/", {"q": "organisation.created", "cursor": cursor})
    assert len(first.context["page"].rows) == 50
    assert {e.pk for e in first.context["page"].rows}.isdisjoint(
        e.pk for e in second.context["page"].rows
    )


def test_an_operator_has_no_business_here(db):
    operator = factories.make_user("olga", staff=StaffRole.OPERATOR)
    assert signed_in(operator).get("/review/").status_code == 404
