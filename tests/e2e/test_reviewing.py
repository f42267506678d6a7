"""A reviewer's decision, and an auditor who only looks, in a browser."""

import pytest
from playwright.sync_api import expect

from registry.models import StaffRole
from tests import factories
from tests.e2e.conftest import sign, sign_in
from tests.marketplace.web import shown

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_approving_with_a_reason_leads_to_the_catalogue(page):
    version = shown.version_in_review()
    factories.make_user("rita", staff=StaffRole.REVIEWER)
    sign_in(page, "rita")
    page.get_by_role("link", name="Review").click()
    page.get_by_role("link", name="acme/weather 1.1.0").click()
    page.get_by_role("link", name="server.py").click()
    expect(page.get_by_text("print('sunny')")).to_be_visible()
    page.go_back()

    page.get_by_label("Approve and sign").check()
    page.get_by_label("Reason").fill("The letters are part of a font test.")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text("The certificate is being signed.")).to_be_visible()

    sign(version)
    page.goto("/acme/weather/certificate/")
    expect(page.get_by_text("The letters are part of a font test.")).to_be_visible()

    page.goto(f"/review/versions/{version.pk}/")
    page.get_by_label("Reason").fill("Reported to act against its users.")
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_text("is revoked for good")).to_be_visible()
    page.goto("/catalogue/")
    expect(page.get_by_text("acme/weather")).to_have_count(0)


def test_an_auditor_reads_and_finds_no_button(page):
    version = shown.version_in_review()
    factories.make_user("arno", staff=StaffRole.AUDITOR)
    sign_in(page, "arno")
    page.goto(f"/review/versions/{version.pk}/")
    expect(page.get_by_text("There is nothing for you to decide here now.")).to_be_visible()
    expect(page.get_by_role("button", name="Record the decision")).to_have_count(0)
