"""A publisher's way from a folder to a certificate, in a browser."""

import shutil
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from registry.domain.states import State
from registry.domain.uploads import PART_BYTES
from registry.models import Upload, Version
from tests import factories
from tests.e2e.conftest import certify, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SKILL = settings.BASE_DIR / "examples/benign/release-notes-skill"


@pytest.fixture
def upload_page(page: Page) -> Page:
    factories.make_publisher("pat", "acme")
    sign_in(page, "pat")
    page.goto("/portal/upload/")
    return page


def choose(page: Page, folder: Path) -> None:
    page.locator("#folder").set_input_files(folder)


def verified_by_a_stock_client(page: Page, folder: Path) -> bool:
    """The page's own downloads and command line, run as they stand."""
    for name in ("Signed bundle", "Install manifest", "Trust configuration"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        download.value.save_as(folder / download.value.suggested_filename)
    shown = page.get_by_label("Verification commands").inner_text().replace("\\\n", "")
    command = next(line for line in shown.splitlines() if line.startswith("sigstore"))
    client = Path(sys.executable).with_name("sigstore")
    done = subprocess.run(
        [client, *command.split()[1:]], check=False, cwd=folder, capture_output=True
    )
    return b"OK: manifest.json" in done.stdout + done.stderr


def test_from_a_folder_to_the_catalogue(upload_page, tmp_path):
    page = upload_page
    choose(page, SKILL)
    expect(page.get_by_role("heading", name="This is what we recognised")).to_be_visible()
    expect(page.locator("#recognised")).to_contain_text("skill")
    name = page.get_by_label("Package name").input_value()
    page.get_by_role("button", name="Submit for certification").click()
    expect(page.get_by_text("Certification is under way.")).to_be_visible()
    with page.expect_response(lambda r: r.status == HTTPStatus.NO_CONTENT):
        pass  # nothing new yet: the page is left alone, and asks again

    version = Version.objects.with_names().get()
    assert str(version.package) == f"acme/{name}"
    certify(version)
    expect(page.get_by_text("Certified on")).to_be_visible()

    page.get_by_role("link", name="see it in the catalogue").click()
    page.get_by_role("link", name="Certificate", exact=True).click()
    expect(page.get_by_role("heading", name="Verify it without us")).to_be_visible()
    expect(page.get_by_text(version.digest)).to_be_visible()
    assert verified_by_a_stock_client(page, tmp_path)


def folder_with_a_large_file(folder: Path) -> int:
    """A copy of the skill with a file of two parts; returns how many parts there are in all."""
    shutil.copytree(SKILL, folder)
    (folder / "weights.bin").write_bytes(bytes(PART_BYTES + 3_000_000))
    return sum(1 for path in folder.rglob("*") if path.is_file()) + 1


def test_a_broken_transfer_goes_on_where_it_stopped(upload_page, tmp_path):
    page, sent = upload_page, []
    parts = folder_with_a_large_file(tmp_path / "skill")

    page.on("response", lambda r: sent.append(r.url) if r.status == HTTPStatus.NO_CONTENT else 0)
    page.route("**/parts/2", lambda route: route.fulfill(status=400, body="{}"))
    choose(page, tmp_path / "skill")
    expect(page.locator("#problem")).to_be_visible()
    page.unroute("**/parts/2")
    page.get_by_role("button", name="Choose other files").click()
    choose(page, tmp_path / "skill")
    expect(page.get_by_role("heading", name="This is what we recognised")).to_be_visible()
    assert len(sent) == len(set(sent)) == parts
    assert Upload.objects.count() == 1


def test_every_problem_is_a_sentence(upload_page, tmp_path):
    page = upload_page
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.xyz").write_text("milk")
    choose(page, tmp_path / "notes")
    expect(page.locator("#problem-text")).to_contain_text("recognised")

    for _ in range(2):
        page.goto("/portal/upload/")
        choose(page, SKILL)
        page.get_by_role("button", name="Submit for certification").click()
        page.wait_for_timeout(500)
    expect(page.locator("#problem-text")).to_contain_text("exists already")

    page.get_by_label("Version", exact=True).fill("not a version")
    page.get_by_role("button", name="Submit for certification").click()
    expect(page.locator("#problem-text")).to_contain_text("not a SemVer version")


def test_what_is_withdrawn_while_watching_is_shown(upload_page):
    page = upload_page
    choose(page, SKILL)
    page.get_by_role("button", name="Submit for certification").click()
    page.get_by_role("button", name="Withdraw this version").click()
    expect(page.get_by_text("This version is withdrawn.")).to_be_visible()
    assert Version.objects.get().state == State.WITHDRAWN


def test_a_discarded_upload_is_gone(upload_page):
    page = upload_page
    choose(page, SKILL)
    page.get_by_role("button", name="Discard this upload").click()
    expect(page.get_by_text("Drop a folder")).to_be_visible()
    assert Upload.objects.get().state == "aborted"


def test_a_token_is_made_and_shown_once(upload_page):
    page = upload_page
    page.get_by_role("link", name="Tokens").click()
    page.get_by_label("Name").fill("CI")
    page.get_by_label("Publish: upload and publish versions").check()
    page.get_by_role("button", name="Create token").click()
    expect(page.locator("#secret")).to_contain_text("assay_")
    page.reload()
    expect(page.locator("#secret")).to_have_count(0)
