"""What visitors see of packages, and what they do not."""

import pytest

from certification.checks import ALL
from certification.services import reviewing
from registry.domain.states import State
from registry.models import StaffRole
from registry.services import lifecycle
from tests import factories
from tests.marketplace.web.shown import answer, signed_in

TABS = ["", "versions/", "certificate/", "permissions/", "contents/", "install/"]


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_a_certified_package_is_public(client, certified, tab):
    response = client.get(f"/acme/weather/{tab}")
    assert response.status_code == 200
    assert "<script>alert" not in response.text


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_an_unapproved_version_is_for_insiders(
    client, in_review, owner, stranger, tab
):
    address = f"/acme/weather/{tab}?version=1.1.0"
    assert client.get(address).status_code == 404
    assert signed_in(stranger).get(address).status_code == 404
    shown = signed_in(owner).get(address)
    assert shown.status_code == 200
    assert "Only you and your organisation" in shown.text


@pytest.mark.parametrize("address", ["/acme/weather/", "/acme/weather/install/?version=1.0.0"])
def test_what_was_withdrawn_says_so(client, certified, address):
    reviewer = factories.make_user("rae", staff=StaffRole.REVIEWER)
    reviewing.revoke(certified.pk, reason="It sends <mail>.", actor=reviewer)
    page = client.get(address)
    assert page.status_code == 410
    assert "It sends &lt;mail&gt;." in page.text
    assert client.get("/acme/weather/?version=9.9.9").status_code == 404


def test_what_is_quarantined_may_come_back(client, certified):
    reviewer = factories.make_user("rae", staff=StaffRole.REVIEWER)
    reviewing.quarantine(certified.pk, reason="A report came in.", actor=reviewer)
    page = client.get("/acme/weather/")
    assert page.status_code == 410
    assert "It may come back" in page.text
    assert "A report came in." not in page.text


def test_the_start_page_shows_what_was_certified_last(client, certified):
    page = client.get("/").text
    assert "Forecasts for any place" in page
    assert certified.digest in page


def test_empty_pages_say_what_comes(client, db):
    assert "Nothing is certified yet" in client.get("/").text
    assert "Nothing is certified yet" in client.get("/catalogue/").text


def test_the_catalogue_is_searched_and_filtered(client, certified):
    assert "acme/weather" in client.get("/catalogue/?q=umbrella&kind=agent").text
    assert "acme/weather" not in client.get("/catalogue/?kind=model").text
    nothing = client.get("/catalogue/?q=zzz").text
    assert "Nothing certified matches that" in nothing
    assert client.get("/catalogue/?kind=nonsense&q=%00&cursor=%00").status_code == 200


@pytest.mark.parametrize("query", ["", "q=number"])
def test_catalogue_pages_follow_each_other_without_gaps(client, db, query):
    names = {f"acme/number-{index}" for index in range(28)}
    for name in names:
        factories.make_approved_version(name)
    first = client.get(f"/catalogue/?{query}")
    cursor = first.context["page"].following
    second = client.get(f"/catalogue/?{query}&cursor={cursor}")
    seen = [str(row) for page in (first, second) for row in page.context["page"].rows]
    assert len(seen) == len(names)
    assert set(seen) == names
    assert second.context["page"].following == ""


def test_a_yanked_version_says_so(client, certified, owner):
    lifecycle.yank(certified.pk, actor=owner, reason="It rains.")
    page = client.get("/acme/weather/?version=1.0.0").text
    assert "was yanked" in page
    assert "It rains." in page


def test_a_revoked_version_is_gone_for_the_public(client, owner):
    factories.make_version("acme/weather", state=State.REVOKED)
    assert client.get("/acme/weather/").status_code == 410
    own = signed_in(owner).get("/acme/weather/certificate/?version=1.0.0").text
    assert "this one was revoked" in own


@pytest.mark.parametrize(
    "address",
    ["/acme/weather/overview/", "/acme/weather/nonsense/", "/acme/other/", "/ACME/weather/"],
)
def test_absent_pages_are_404_in_words(client, certified, address):
    response = client.get(address)
    assert response.status_code == 404
    assert "There is nothing here" in response.text


def test_list_pages_ask_few_questions(client, certified, django_assert_max_num_queries):
    for index in range(10):
        factories.make_approved_version(f"acme/more-{index}")
    with django_assert_max_num_queries(3):
        client.get("/")
    with django_assert_max_num_queries(2):
        client.get("/catalogue/")
    with django_assert_max_num_queries(16):
        client.get("/acme/weather/certificate/")


def test_pages_forbid_inline_code(client, certified):
    policy = client.get("/acme/weather/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_certificate_page_tells_what_was_found(client, certified):
    page = client.get("/acme/weather/certificate/").text
    assert "None of these stood in the way." in page
    assert "say(&#x27;[U+202E]hello&#x27;)" in page
    assert "What the checks saw" in page


def test_the_certificate_page_leads_to_every_document(client, certified):
    base = "/api/v1/packages/acme/weather/versions/1.0.0/"
    page = client.get("/acme/weather/certificate/").text
    for document in ("attestations/certificate", "attestations/timestamp", "manifest", "report"):
        assert f'href="{base}{document}"' in page
    older = factories.make_version("acme/weather", "0.9.0", state=State.CERTIFYING)
    factories.make_certificate(older, timestamp=b"")
    lifecycle.move(older.pk, State.APPROVED, actor=None)
    page = client.get("/acme/weather/certificate/?version=0.9.0").text
    assert "0.9.0/attestations/certificate" in page
    assert "attestations/timestamp" not in page


def test_proven_origins_are_named(client, certified):
    claim = {"path": "a.mcpb", "identity": "ci@example.org", "issuer": "https://ci.example.org"}
    answer(certified, "provenance", "passed", evidence=[claim])
    page = client.get("/acme/weather/certificate/").text
    assert "ci@example.org" in page


@pytest.mark.parametrize("address", ["/", "/catalogue/", "/catalogue/?q=weather"])
def test_a_revocation_is_not_shown_late(client, certified, reviewer, address):
    reviewing.revoke(certified.pk, reason="Acts against its users.", actor=reviewer)
    assert "acme/weather" not in client.get(address).text


def test_every_check_is_explained_under_its_own_anchor(client, db):
    page = client.get("/docs/checks/").text
    assert all(f'<h3 id="{check.id}">' in page for check in ALL)
