"""Every failure is a problem document."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from django.test import Client, RequestFactory

from marketplace.api.v1.errors import STATUS, problem_response
from registry.domain.problems import Code
from tests import factories

pytestmark = pytest.mark.django_db

HOSTILE_JSON = [
    (b"{", 400, "parse-error"),
    (b"\xff\xfe", 400, "parse-error"),
    (b"[" * 100_000, 400, "parse-error"),
    (b'{"names": NaN}', 400, "parse-error"),
    (b'{"names": ' + b"9" * 5000 + b"}", 400, "parse-error"),
    (b"[]", 400, "invalid"),
    (b"null", 400, "invalid"),
    (b'"text"', 400, "invalid"),
    (b"{}", 400, "invalid"),
    (b'{"names": null}', 400, "invalid"),
    (b'{"names": {"a": 1}}', 400, "invalid"),
    (b'{"names": []}', 400, "invalid"),
    (b'{"names": [[]]}', 400, "invalid"),
    (b'{"names": ["a/b\\u0000"]}', 400, "invalid"),
    (b'{"names": ["a/\\ud800"]}', 400, "invalid"),
    (b'{"names": [' + b'"a/b",' * 600 + b'"a/b"]}', 400, "invalid"),
]


def test_every_code_has_a_status():
    assert set(STATUS) == set(Code)


@pytest.mark.parametrize(("body", "status", "code"), HOSTILE_JSON, ids=range(len(HOSTILE_JSON)))
def test_hostile_json_is_refused_precisely(client, refused, body, status, code):
    response = client.post("/api/v1/resolve", body, "application/json")
    refused(response, status, code)


def test_a_field_error_points_at_the_field(publishing, refused):
    body = {"files": [{"path": "a", "size": 1, "digest": "x"}, {"path": "b", "size": -1}]}
    response = publishing.post("/api/v1/uploads/", body, "application/json")
    pointers = {error["pointer"] for error in refused(response, 400, "invalid")["errors"]}
    assert pointers == {"#/files/1/size", "#/files/1/digest"}


def test_a_body_beyond_the_bound_is_refused(client, refused, monkeypatch):
    monkeypatch.setattr("marketplace.api.v1.parsers.MAX_JSON_BYTES", 100)
    body = b'{"names": ["' + b"a" * 200 + b'"]}'
    response = client.post("/api/v1/resolve", body, "application/json")
    refused(response, 413, "too-large")


def test_another_media_type_is_refused(client, refused):
    response = client.post("/api/v1/resolve", b"<names/>", content_type="application/xml")
    refused(response, 415, "unsupported-media-type")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head"])
def test_an_unknown_address_is_a_problem(client, method):
    response = getattr(client, method)("/api/v1/nothing/here")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "packages/acme/weather%00/",
        "packages/ACME/weather/",
        "packages/acme/we%ff/",
        "packages/acme/weather/versions/1.0.0%0a/",
        "packages/acme/weather/versions/" + "1" * 70 + "/",
        "certifications/99999999999999999999999/",
        "certifications/999999999999999999/",
        "certifications/-1/",
        "certifications/\u0661/",
    ],
)
def test_addresses_that_no_identifier_fits_are_absent(client, refused, path):
    refused(client.get(f"/api/v1/{path}"), 404, "not-found")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_a_wrong_method_is_a_problem(outside, refused, method):
    refused(getattr(outside, method)("/api/v1/me"), 405, "method-not-allowed")


def test_our_own_mistakes_are_logged_and_told_without_detail(caplog):
    request = RequestFactory().get("/api/v1/me")
    response = problem_response(ZeroDivisionError("secret"), {"request": request})
    assert response.status_code == 500
    assert "secret" not in str(response.data)
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("fault", "status"), [(RequestDataTooBig(), 413), (UnreadablePostError(), 400)]
)
def test_django_exceptions_have_their_status(fault, status):
    assert problem_response(fault, {}).status_code == status


def test_a_session_needs_the_csrf_token(refused):
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.make_user())
    refused(client.post("/api/v1/tokens/", {}, "application/json"), 403, "permission-denied")
