"""Every page under axe-core, on a desk and on a phone, in light and in dark; and by keyboard."""

import pytest
from playwright.sync_api import Browser, expect

from registry.domain.states import State
from registry.models import StaffRole
from tests import factories
from tests.e2e.conftest import ASSETS, sign_in
from tests.marketplace.web import shown

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENS = [(1440, "light"), (390, "light"), (1440, "dark"), (390, "dark")]
PUBLIC = [
    "/",
    "/catalogue/",
    "/catalogue/?q=zzz",
    "/docs/checks/",
    "/acme/weather/",
    "/acme/weather/versions/",
    "/acme/weather/certificate/",
    "/acme/weather/permissions/",
    "/acme/weather/contents/",
    "/acme/weather/install/",
    "/nothing/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/acme/withdrawn/",
]
PORTAL = [
    "/portal/",
    "/portal/upload/",
    "/portal/versions/acme/weather/1.1.0/",
    "/portal/tokens/",
    "/portal/organisations/",
    "/accounts/2fa/",
    "/acme/weather/?version=1.1.0",
]
CONSOLE = ["/review/", "/review/certified/", "/review/events/"]


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_no_page_has_a_violation_or_scrolls_sideways(browser: Browser, live_server, width, scheme):
    factories.make_publisher("pat", "acme")
    factories.make_user("rita", staff=StaffRole.REVIEWER)
    shown.certified_version()
    factories.make_version("acme/withdrawn", state=State.REVOKED)
    one = f"/review/versions/{shown.version_in_review().pk}/"
    console = [*CONSOLE, one, f"{one}file/?path=server.py"]
    faults: list[str] = []
    for person, addresses in (("", PUBLIC), ("pat", PORTAL), ("rita", console)):
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        page = context.new_page()
        if person:
            sign_in(page, person)
        for address in addresses:
            page.goto(address)
            faults += [f"{address}: {fault}" for fault in violations(page)]
        context.close()
    assert not faults


def violations(page) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    page.evaluate((ASSETS / "axe.min.js").read_text())
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)["violations"]
    told = [f"{fault['id']} at {fault['nodes'][0]['html'][:160]}" for fault in found]
    wider = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return [*told, "scrolls sideways"] if wider else told


def test_the_keyboard_reaches_the_content_first(page):
    shown.certified_version()
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("umbrella")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Weather")).to_be_visible()
