"""A browser, and pages served by a live server: what people see and do."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from certification.models import Certification
from certification.services import certifying, doors, issuing
from marketplace.services import projecting
from registry.models import Version

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's loop runs in the test's own thread
ASSETS = Path(__file__).resolve().parents[1] / "assets"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PASSWORD = "a-long-password"
#: A busy machine takes its time; a page that never comes still fails.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(autouse=True)
def room(settings) -> Iterator[None]:
    """Checks that run things get a room in which nothing happens."""
    settings.ASSAY_SANDBOX = "tests.e2e.room.still_room"
    doors.sandbox.cache_clear()
    yield
    doors.sandbox.cache_clear()


@pytest.fixture(autouse=True)
def bells(valkey: str) -> None:
    """A broker that takes what services ring for."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, or playwright's own when there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser, live_server) -> Iterator[BrowserContext]:
    """A fresh visitor; relative addresses lead to the live server."""
    opened = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab; anything the page complains about, a refused script for one, fails the test."""
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if _serious(message) else None,
    )
    yield opened
    assert not complaints


def _serious(message) -> bool:
    return message.type == "error" and "Failed to load resource" not in message.text


def sign_in(page: Page, username: str) -> None:
    """Through the form, as a person would."""
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def certify(version: Version) -> None:
    """What the workers would do: every stage, the verdict, and the signature if it allows one."""
    certification = Certification.objects.get(version=version)
    for stage in certification.stages.order_by("id"):
        certifying.run_stage(stage.pk)
    sign(version)


def sign(version: Version) -> None:
    """What the signing worker would do."""
    issuing.issue(Certification.objects.get(version=version).pk)
    projecting.project(version.package_id)
