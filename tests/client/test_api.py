"""What the client makes of servers that are gone, busy, wrong or not Assay at all."""

import pytest

from assay import api as api_module
from assay.api import Api
from assay.config import Login
from assay.faults import Exit, FaultError
from tests.client.canned import Canned, problem


def test_a_busy_server_is_asked_again(api, desk):
    desk.say("GET /x", Canned(status=503, headers=(("Retry-After", "0"),)), {"ok": True})
    assert api.json("GET", "/x") == {"ok": True}
    assert len(desk.asked) == 2


def test_a_broken_connection_is_made_again(api, desk):
    desk.say("GET /x", Canned(b'{"ok": true}', cut=3), {"ok": True})
    assert api.json("GET", "/x") == {"ok": True}


def test_only_transfers_outwait_a_crash(api, desk):
    desk.say("GET /x", problem("internal", 500, "This is our mistake."), {"ok": True})
    with pytest.raises(FaultError, match=r"our mistake\. Tell the operator"):
        api.json("GET", "/x")
    desk.say("GET /x", Canned(status=500), {"ok": True})
    assert api.json("GET", "/x", patient=True) == {"ok": True}


def test_patience_ends(api, desk):
    desk.say("GET /x", Canned(status=503))
    with pytest.raises(FaultError, match="answered 503 without a reason"):
        api.json("GET", "/x", patient=True)
    assert len(desk.asked) == 3


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Canned(b"<html>Welcome to the hotel</html>"), "does not answer as Assay does"),
        (Canned(b"[1, 2]"), "does not answer as Assay does"),
        (Canned(b"[" * 100_000), "does not answer as Assay does"),
        (Canned(b"{}"), "lacks “username”"),
        (Canned(status=301, headers=(("Location", "https://a.example/"),)), "https://a.example/"),
        (Canned(b"no", 418), "answered 418 without a reason"),
        (Canned(b"[]", 400), "answered 400 without a reason"),
        (problem("authentication-failed", 401, "Expired."), "Expired. Sign in with `assay login"),
        (problem("version-exists", 409, "1.0.0 exists."), "1.0.0 exists. Give another"),
    ],
)
def test_odd_answers_are_sentences(api, desk, answer, sentence):
    desk.say("GET /api/v1/me", answer)
    with pytest.raises(FaultError) as caught:
        _ = api.json("GET", "/api/v1/me")["username"]
    assert sentence in str(caught.value)


def test_an_endless_document_is_not_read_to_its_end(api, desk, monkeypatch):
    monkeypatch.setattr(api_module, "_MAX_BODY", 10)
    desk.say("GET /x", Canned(b"x" * 11))
    with pytest.raises(FaultError, match="larger than any document"):
        api.data("/x")


def test_pages_never_lead_to_another_host(api, desk):
    desk.say("GET /list", {"results": [1], "next": "http://elsewhere.example/list?cursor=2"})
    desk.say("GET /list?cursor=2", {"results": [2], "next": None})
    assert list(api.pages("/list")) == [[1], [2]]
    assert all(asked.headers["Authorization"] == "Bearer assay_token" for asked in desk.asked)


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://a.example", "http://[", "http://a:port", "http://"]
)
def test_addresses_that_are_none(url):
    with pytest.raises(FaultError, match="not an http") as caught:
        Api(Login(url))
    assert caught.value.code is Exit.USAGE


@pytest.mark.parametrize("token", ["assay_ü", "two\nlines"])
def test_tokens_that_are_none(token):
    with pytest.raises(FaultError, match="no token has"):
        Api(Login("http://127.0.0.1:9", token))


def test_nobody_there(hasty):
    session = Api(Login("http://127.0.0.1:9"))
    with pytest.raises(FaultError, match="cannot be reached"):
        session.json("GET", "/api/v1/me")
    session.close()
