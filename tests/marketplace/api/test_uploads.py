"""Uploads in parts."""

import base64
import hashlib
import json
import tracemalloc
from functools import partial

import pytest
from django.test import Client

from registry.domain.uploads import PART_BYTES
from registry.models import Upload, UploadPart, Version
from tests import factories

pytestmark = pytest.mark.django_db

DATA = b"name: weather\n"


def content_digest(data):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def announce(client, *files):
    body = {
        "files": [
            {"path": path, "size": len(data), "digest": factories.sha256(data)}
            for path, data in files
        ]
    }
    return client.post("/api/v1/uploads/", body, "application/json")


def put(client, upload, data, *, file=0, number=1, digest=None):
    address = f"/api/v1/uploads/{upload['id']}/files/{upload['files'][file]['id']}/parts/{number}"
    return client.put(
        address,
        data,
        content_type="application/octet-stream",
        headers={"content-digest": digest if digest is not None else content_digest(data)},
    )


@pytest.fixture
def upload(publishing):
    return announce(publishing, ("a.txt", DATA)).json()


def test_an_upload_is_announced_sent_and_read_back(publishing, upload):
    assert upload["state"] == "open"
    assert upload["partSize"] == 16 * 1024 * 1024
    file = upload["files"][0]
    assert (file["parts"], file["received"], file["complete"]) == (1, [], False)
    assert put(publishing, upload, DATA).status_code == 204
    file = publishing.get(f"/api/v1/uploads/{upload['id']}/").json()["files"][0]
    assert (file["received"], file["complete"]) == ([1], True)


def test_an_empty_file_needs_no_part(publishing):
    file = announce(publishing, ("empty", b"")).json()["files"][0]
    assert (file["parts"], file["complete"]) == (0, True)


def test_open_uploads_are_listed_and_pages_follow(publishing, monkeypatch):
    monkeypatch.setattr("marketplace.api.v1.pagination.NewestFirst.page_size", 2)
    ids = [announce(publishing, ("a", b"x")).json()["id"] for _ in range(3)]
    first = publishing.get("/api/v1/uploads/").json()
    second = publishing.get(first["next"]).json()
    assert [u["id"] for u in first["results"] + second["results"]] == ids[::-1]
    assert second["next"] is None
    assert publishing.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize("cursor", ["", "x", "a:b", "é", "\x00", "A" * 9000])
def test_made_up_cursors_are_refused(publishing, refused, cursor):
    refused(publishing.get("/api/v1/uploads/", {"cursor": cursor}), 400, "invalid")


def test_a_cursor_of_another_list_is_refused(publishing, reviewing, refused, monkeypatch):
    monkeypatch.setattr("marketplace.api.v1.pagination.NewestFirst.page_size", 1)
    announce(publishing, ("a", b"x"))
    announce(publishing, ("a", b"x"))
    cursor = publishing.get("/api/v1/uploads/").json()["next"].partition("?")[2]
    refused(reviewing.get(f"/api/v1/events/?{cursor}"), 400, "invalid")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"path": "../a"}, "invalid-path"),
        ({"path": "/a"}, "invalid-path"),
        ({"path": "a\nb"}, "invalid-path"),
        ({"path": "a\u0000"}, "invalid"),
        ({"path": "\ud800"}, "invalid"),
        ({"path": ["a"]}, "invalid"),
        ({"path": "a" * 5000}, "invalid"),
        ({"size": -1}, "invalid"),
        ({"size": 10**30}, "invalid"),
        ({"size": 1.5}, "invalid"),
        ({"size": True}, "invalid"),
        ({"size": "1e9"}, "invalid"),
        ({"digest": "md5:1"}, "invalid-path"),
        ({"digest": None}, "invalid"),
    ],
)
def test_announcements_of_nonsense_are_refused(publishing, refused, change, code):
    file = {"path": "a", "size": 1, "digest": factories.sha256(b"a"), **change}
    body = json.dumps({"files": [file]})
    refused(publishing.post("/api/v1/uploads/", body, "application/json"), 400, code)


def test_a_path_announced_twice_is_refused(publishing, refused):
    refused(announce(publishing, ("a", b"1"), ("A", b"2")), 400, "duplicate-path")


@pytest.mark.parametrize(
    ("data", "code"),
    [(DATA + b"more", "wrong-size"), (DATA[:-1], "wrong-size"), (DATA.upper(), "wrong-digest")],
)
def test_parts_that_are_not_what_was_said_leave_nothing(publishing, refused, upload, data, code):
    refused(put(publishing, upload, data, digest=content_digest(DATA)), 400, code)
    assert not UploadPart.objects.exists()


@pytest.mark.parametrize("digest", ["", "sha-256=:!:"])
def test_parts_need_a_digest(publishing, refused, upload, digest):
    refused(put(publishing, upload, DATA, digest=digest), 400, "invalid")


@pytest.mark.parametrize("number", [0, 2, 999999999999999999])
def test_there_are_only_the_parts_there_are(publishing, refused, upload, number):
    refused(put(publishing, upload, DATA, number=number), 400, "wrong-size")


def test_a_part_needs_a_length(publishing, refused, upload):
    address = f"/api/v1/uploads/{upload['id']}/files/{upload['files'][0]['id']}/parts/1"
    headers = {"content-digest": content_digest(DATA)}
    refused(publishing.put(address, headers=headers), 411, "length-required")


def test_a_part_is_never_read_into_memory_whole(publishing, settings):
    data = b"x" * (3 * 1024 * 1024)
    upload = announce(publishing, ("big", data)).json()
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert put(publishing, upload, data).status_code == 204


class Endless:
    """A request body that exists only while it is read."""

    def read(self, size):
        return b"x" * size

    readline = read


def test_a_part_is_streamed_with_constant_memory(publishing):
    size = PART_BYTES
    hasher = hashlib.sha256()
    for _ in range(size // 2**20):
        hasher.update(b"x" * 2**20)
    body = {"files": [{"path": "big", "size": size, "digest": f"sha256:{hasher.hexdigest()}"}]}
    upload = publishing.post("/api/v1/uploads/", body, "application/json").json()
    address = f"/api/v1/uploads/{upload['id']}/files/{upload['files'][0]['id']}/parts/1"
    digest = f"sha-256=:{base64.b64encode(hasher.digest()).decode()}:"
    streamed = {"wsgi.input": Endless(), "CONTENT_LENGTH": str(size)}
    tracemalloc.start()
    answer = publishing.generic("PUT", address, headers={"content-digest": digest}, **streamed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 204, answer.content
    assert peak < size / 3, peak


def test_the_media_type_of_a_part_says_nothing(publishing, upload):
    address = f"/api/v1/uploads/{upload['id']}/files/{upload['files'][0]['id']}/parts/1"
    for media_type in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        headers = {"content-digest": content_digest(DATA)}
        answer = publishing.put(address, DATA, content_type=media_type, headers=headers)
        assert answer.status_code == 204


@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("delete", ""),
        ("post", "inspect"),
        ("post", "publish"),
        ("put", "files/1/parts/1"),
    ],
)
def test_uploads_of_others_are_absent(publishing, outside, upload, method, tail):
    send = partial(getattr(outside, method), content_type="application/json")
    theirs = send(f"/api/v1/uploads/{upload['id']}/{tail}")
    absent = send(f"/api/v1/uploads/00000000-0000-0000-0000-000000000000/{tail}")
    assert theirs.status_code == absent.status_code == 404
    assert theirs.content == absent.content


def test_an_upload_is_given_up_once(publishing, refused, upload):
    address = f"/api/v1/uploads/{upload['id']}/"
    assert publishing.delete(address).status_code == 204
    refused(publishing.delete(address), 409, "upload-closed")
    assert publishing.get(address).json()["state"] == "aborted"


def test_an_upload_that_is_not_complete_cannot_be_published(publishing, refused, upload):
    address = f"/api/v1/uploads/{upload['id']}/"
    refused(publishing.post(address + "inspect"), 409, "part-missing")
    refused(publishing.post(address + "publish", {}, "application/json"), 409, "part-missing")


def test_what_is_not_recognised_is_said(publishing, refused, upload):
    put(publishing, upload, DATA)
    seen = publishing.post(f"/api/v1/uploads/{upload['id']}/inspect").json()
    assert (seen["format"], seen["descriptor"]) == (None, None)
    answer = publishing.post(f"/api/v1/uploads/{upload['id']}/publish", {}, "application/json")
    refused(answer, 400, "unknown-format")


SKILL = b"---\nname: group-notes\ndescription: Groups release notes.\nlicense: MIT\n---\n# Group\n"


def test_a_skill_is_published(publishing):
    upload = announce(publishing, ("SKILL.md", SKILL)).json()
    put(publishing, upload, SKILL)
    seen = publishing.post(f"/api/v1/uploads/{upload['id']}/inspect").json()
    assert (seen["format"], seen["problems"]) == ("skill", [])
    body = {"name": "acme/group-notes", "version": "1.0.0"}
    answer = publishing.post(f"/api/v1/uploads/{upload['id']}/publish", body, "application/json")
    assert answer.status_code == 201, answer.content
    version = answer.json()
    assert (version["package"], version["state"]) == ("acme/group-notes", "certifying")
    assert [file["path"] for file in version["files"]] == ["SKILL.md"]
    after = publishing.get(f"/api/v1/uploads/{upload['id']}/").json()
    assert (after["state"], after["version"]["version"]) == ("published", "1.0.0")
    assert Version.objects.get().submitted_by == Upload.objects.get().owner


@pytest.mark.parametrize("namespace", ["somebody", "nobody"])
def test_a_foreign_namespace_and_one_that_is_not_there_are_one_answer(
    publishing, refused, namespace
):
    factories.make_namespace("somebody")
    upload = announce(publishing, ("SKILL.md", SKILL)).json()
    put(publishing, upload, SKILL)
    answer = publishing.post(
        f"/api/v1/uploads/{upload['id']}/publish",
        {"name": f"{namespace}/group-notes", "version": "1.0.0"},
        "application/json",
    )
    refused(answer, 403, "forbidden")


@pytest.mark.parametrize("path", ["/api/v1/uploads/", "/api/v1/tokens/", "/api/v1/me"])
def test_nobody_is_asked_to_sign_in(refused, path):
    refused(Client().get(path), 401, "not-authenticated")


def test_an_upload_of_somebody_else_is_not_shown(outside, upload, refused):
    refused(outside.get(f"/api/v1/uploads/{upload['id']}/"), 404, "not-found")
