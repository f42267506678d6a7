"""Finding and resolving."""

import pytest

from registry.domain.states import State
from registry.services import lifecycle
from tests import factories

pytestmark = pytest.mark.django_db


def names(response):
    return [row["name"] for row in response.json()["results"]]


def test_certified_packages_are_listed_newest_first(client):
    factories.make_approved_version("acme/weather")
    factories.make_approved_version("acme/tides")
    factories.make_version("acme/draft", state=State.IN_REVIEW)
    response = client.get("/api/v1/packages/")
    assert names(response) == ["acme/tides", "acme/weather"]
    row = response.json()["results"][0]
    assert row["version"] == "1.0.0"
    assert set(row) == {
        "name", "kind", "format", "title", "summary", "licence", "version", "approvedAt",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["packages/", "search"])
def test_a_text_and_filters_choose(client, path):
    factories.make_approved_version("acme/weather")
    factories.make_approved_version("acme/tides")
    assert names(client.get(f"/api/v1/{path}", {"q": "weather"})) == ["acme/weather"]
    assert names(client.get(f"/api/v1/{path}", {"kind": "model"})) == []
    found = client.get(f"/api/v1/{path}", {"format": "mcp-server", "q": "tides", "kind": "agent"})
    assert names(found) == ["acme/tides"]


@pytest.mark.parametrize("query", [{}, {"q": "acme"}])
def test_pages_follow_each_other(client, monkeypatch, query):
    monkeypatch.setattr("marketplace.api.v1.pagination.NewestFirst.page_size", 2)
    monkeypatch.setattr("marketplace.api.v1.pagination.BestFirst.page_size", 2)
    for name in ("a", "b", "c"):
        factories.make_approved_version(f"acme/acme-{name}")
    first = client.get("/api/v1/packages/", query)
    second = client.get(first.json()["next"])
    assert len(set(names(first) + names(second))) == 3
    assert second.json()["next"] is None
    assert names(client.get(second.json()["previous"])) == names(first)


@pytest.mark.parametrize(
    "query",
    [
        {"q": "\x00"},
        {"q": "a" * 201},
        {"kind": "thing"},
        {"format": "exe"},
        {"cursor": "x"},
        {"cursor": "x", "q": "a"},
    ],
)
def test_queries_that_mean_nothing_are_refused(client, refused, query):
    refused(client.get("/api/v1/packages/", query), 400, "invalid")


@pytest.mark.parametrize("text", ["' OR 1=1 --", '"', "((", "-", "%", "a & | b", "\\", "🦀"])
def test_any_text_can_be_searched(client, text):
    assert client.get("/api/v1/packages/", {"q": text}).status_code == 200


def test_answers_have_etags(client):
    first = client.get("/api/v1/packages/")
    again = client.get("/api/v1/packages/", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert first["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(first["Vary"].split(", "))


def test_a_package_shows_what_the_visitor_may_see(client, publisher, as_token):
    factories.make_approved_version("acme/weather", "1.0.0")
    factories.make_version("acme/weather", "1.1.0", state=State.IN_REVIEW)
    public = client.get("/api/v1/packages/acme/weather/").json()
    assert [line["version"] for line in public["versions"]] == ["1.0.0"]
    assert public["latest"]["version"] == "1.0.0"
    own = as_token(publisher).get("/api/v1/packages/acme/weather/").json()
    assert [line["version"] for line in own["versions"]] == ["1.1.0", "1.0.0"]
    assert own["latest"]["version"] == "1.0.0"


def test_a_package_without_certified_versions_is_absent(client, outside, refused):
    factories.make_version("acme/weather", state=State.IN_REVIEW)
    for visitor in (client, outside):
        there = visitor.get("/api/v1/packages/acme/weather/")
        refused(there, 404, "not-found")
        absent = visitor.get("/api/v1/packages/acme/nothing/")
        assert there.content.replace(b"weather", b"nothing") == absent.content


def test_a_version_is_shown_with_all_it_declares(client):
    version = factories.make_approved_version()
    shown = client.get("/api/v1/packages/acme/weather/versions/1.0.0/").json()
    assert shown["package"] == "acme/weather"
    assert shown["digest"] == version.digest
    assert shown["certificate"]["manifestDigest"] == version.certificate.manifest_digest
    assert shown["certificate"]["logIndex"] == 7
    assert shown["certification"] == version.certificate.certification_id
    assert shown["descriptor"]["title"] == "Weather"
    assert shown["files"][0] == {
        "path": "README.md",
        "size": len(factories.FILES["README.md"]),
        "digest": factories.sha256(factories.FILES["README.md"]),
        "mediaType": "text/markdown",
    }


def test_many_names_are_resolved_at_once(client):
    version = factories.make_approved_version("acme/weather", "1.0.0")
    factories.make_version("acme/weather", "2.0.0", state=State.IN_REVIEW)
    asked = ["acme/weather", "acme/weather@1.0.0", "acme/weather@2.0.0", "nonsense", "acme/gone"]
    answer = client.post("/api/v1/resolve", {"names": asked}, "application/json").json()
    expected = {
        "name": "acme/weather",
        "version": "1.0.0",
        "digest": version.digest,
        "manifestDigest": version.certificate.manifest_digest,
    }
    assert answer["resolved"] == [expected, expected]
    assert [(p["name"], p["code"]) for p in answer["problems"]] == [
        ("acme/weather@2.0.0", "not-found"),
        ("nonsense", "invalid-name"),
        ("acme/gone", "not-found"),
    ]


def test_a_yanked_version_is_resolved_by_its_pin_only(client, publisher):
    version = factories.make_approved_version()
    lifecycle.yank(version.pk, actor=publisher, reason="broken")
    answer = client.post(
        "/api/v1/resolve", {"names": ["acme/weather", "acme/weather@1.0.0"]}, "application/json"
    ).json()
    assert len(answer["resolved"]) == len(answer["problems"]) == 1


def test_withdrawn_certificates_are_published_with_reason_and_time(client):
    factories.make_version("acme/one", state=State.REVOKED)
    factories.make_version("acme/two", state=State.QUARANTINED)
    factories.make_approved_version("acme/fine")
    rows = client.get("/api/v1/revocations").json()["results"]
    assert [(r["package"], r["state"], r["reason"]) for r in rows] == [
        ("acme/two", "quarantined", "because of a test"),
        ("acme/one", "revoked", "because of a test"),
    ]
    assert all(row["at"] and row["digest"] for row in rows)
