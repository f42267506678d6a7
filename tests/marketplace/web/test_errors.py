"""Pages for what went wrong."""

import pytest
from django.test import Client, RequestFactory

from marketplace.web import errors

PAGES = [
    (errors.bad_request, 400),
    (errors.forbidden, 403),
    (errors.csrf_failure, 403),
    (errors.not_found, 404),
    (errors.server_error, 500),
]


@pytest.mark.parametrize(("page", "status"), PAGES)
def test_error_pages_need_no_database(page, status):
    response = page(RequestFactory().get("/"))
    assert response.status_code == status
    assert f"Error {status}" in response.text
    assert 'href="#content"' in response.text


def test_a_form_without_its_token_is_refused_in_words(stranger):
    client = Client(enforce_csrf_checks=True)
    client.force_login(stranger)
    response = client.post("/portal/organisations/", {"name": "A", "slug": "a"})
    assert response.status_code == 403
    assert "That form has expired" in response.text


@pytest.mark.parametrize(
    "address",
    ["login/", "signup/", "password/reset/", "password/reset/done/"],
)
def test_sign_in_pages_wear_the_same_layout(client, db, address):
    page = client.get(f"/accounts/{address}")
    assert page.status_code == 200
    assert 'class="masthead"' in page.text


@pytest.mark.parametrize("address", ["logout/", "email/", "password/set/", "2fa/"])
def test_account_pages_wear_the_same_layout(client, stranger, address):
    if address == "password/set/":
        stranger.set_unusable_password()  # as of somebody who came by single sign-on
        stranger.save()
    client.force_login(stranger)
    page = client.get(f"/accounts/{address}")
    assert page.status_code == 200
    assert 'class="masthead"' in page.text
