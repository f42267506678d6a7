"""What is collected from a folder, what is sent again after a break, and lost answers."""

import os

import pytest

from assay import config, publishing
from assay.faults import Exit, FaultError
from tests.client.canned import Canned, problem

UPLOAD = "/api/v1/uploads/u1"
VERSION = {"package": "acme/weather", "version": "1.0.0", "certification": 7}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "weather"
    for path in ("server.py", "lib/sun.py", ".git/config", "lib/__pycache__/sun.pyc"):
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(path)
    return made


def nothing(*arguments):
    """Nobody is told."""


def test_what_is_left_out_is_said(folder):
    (folder / ".assay").mkdir()
    (folder / ".assay/install.json").write_text("{}")
    said = []
    found = publishing.collect(folder, said.append)
    assert [file.path for file in found] == ["lib/sun.py", "server.py"]
    assert said == ["Leaving out .assay", "Leaving out .git", "Leaving out lib/__pycache__"]


def test_one_file(folder):
    (file,) = publishing.collect(folder / "server.py", nothing)
    assert (file.path, file.size) == ("server.py", len("server.py"))


@pytest.mark.parametrize(
    ("make", "sentence", "code"),
    [
        (lambda root: (root / "x").symlink_to("/etc/passwd"), "symbolic link", Exit.FAILED),
        (lambda root: (root / "x").symlink_to("/etc"), "symbolic link", Exit.FAILED),
        (lambda root: (root / "x").symlink_to("nowhere"), "symbolic link", Exit.FAILED),
        (lambda root: os.mkfifo(root / "x"), "neither a file nor a folder", Exit.FAILED),
    ],
)
def test_what_is_no_file_is_refused(folder, make, sentence, code):
    make(folder)
    with pytest.raises(FaultError, match=sentence) as caught:
        publishing.collect(folder, nothing)
    assert caught.value.code is code


def test_nothing_to_publish(tmp_path):
    (tmp_path / "empty").mkdir()
    for path, sentence in (("empty", "holds no files"), ("gone", "does not exist")):
        with pytest.raises(FaultError, match=sentence) as caught:
            publishing.collect(tmp_path / path, nothing)
        assert caught.value.code is Exit.USAGE


def opened(files, *, received=(), state="open", version=None):
    listed = [
        {"id": number, "path": file.path, "size": file.size, "parts": 3, "complete": False,
         "received": list(received)}
        for number, file in enumerate(files)
    ]  # fmt: skip
    return {"id": "u1", "state": state, "partSize": 4, "files": listed, "version": version}


def puts(desk):
    return [asked.path for asked in desk.asked if asked.method == "PUT"]


@pytest.fixture
def files(folder):
    return publishing.collect(folder / "server.py", nothing)


@pytest.fixture
def parts(desk):
    for number in (1, 2, 3):
        desk.say(f"PUT {UPLOAD}/files/0/parts/{number}", Canned(status=204))


def test_only_missing_parts_are_sent(api, desk, files, parts):
    desk.say("POST /api/v1/uploads/", opened(files))
    counted = []
    assert publishing.upload(api, files, counted.append) == "u1"
    assert sum(counted) == files[0].size
    assert len(puts(desk)) == 3
    assert desk.asked[-1].body == b"y"
    assert desk.asked[-1].headers["Content-Digest"].startswith("sha-256=:")
    desk.asked.clear()
    desk.say(f"GET {UPLOAD}/", opened(files, received=(1, 3)))
    publishing.upload(api, files, nothing)
    assert puts(desk) == [f"{UPLOAD}/files/0/parts/2"]


def test_a_server_killed_in_the_middle_is_waited_for(api, desk, files, parts):
    desk.say("POST /api/v1/uploads/", opened(files))
    desk.say(
        f"PUT {UPLOAD}/files/0/parts/2",
        Canned(b"gone", cut=1), Canned(status=503), Canned(status=204),
    )  # fmt: skip
    publishing.upload(api, files, nothing)
    assert len(puts(desk)) == 5


def test_an_upload_that_is_gone_is_begun_anew(api, desk, files, parts):
    config.note_upload(api.url, publishing._tree_digest(files), "u0")
    desk.say("POST /api/v1/uploads/", opened(files))
    assert publishing.upload(api, files, nothing) == "u1"


def test_trouble_is_not_taken_for_a_lost_upload(api, desk, files):
    config.note_upload(api.url, publishing._tree_digest(files), "u0")
    desk.say("GET /api/v1/uploads/u0/", problem("authentication-failed", 401, "Expired."))
    with pytest.raises(FaultError, match="Expired"):
        publishing.upload(api, files, nothing)


def test_a_server_that_asks_for_other_files_gets_none(api, desk, files):
    (asked,) = opened(files)["files"]
    shown = {**opened(files), "files": [{**asked, "path": "../../.ssh/id_rsa"}]}
    desk.say("POST /api/v1/uploads/", shown)
    with pytest.raises(FaultError, match="not announced"):
        publishing.upload(api, files, nothing)


def test_a_lost_answer_is_not_a_refusal(api, desk, files):
    closed = problem("upload-closed", 409, "This upload is closed.")
    desk.say(f"POST {UPLOAD}/publish", Canned(b"{}", cut=1), closed)
    desk.say(f"GET {UPLOAD}/", opened(files, state="published", version=VERSION))
    config.note_upload(api.url, publishing._tree_digest(files), "u1")
    published = publishing.publish(api, files, "u1", name="acme/weather", version="")
    assert published == VERSION
    assert config.upload_under_way(api.url, publishing._tree_digest(files)) == ""
    with pytest.raises(FaultError, match="is closed"):
        publishing.publish(api, files, "u1", name="acme/other", version="")


def test_a_refusal_is_one(api, desk, files):
    desk.say(f"POST {UPLOAD}/publish", problem("version-exists", 409, "1.0.0 exists."))
    desk.say(f"GET {UPLOAD}/", opened(files))
    with pytest.raises(FaultError, match="Give another one with --version"):
        publishing.publish(api, files, "u1", name="", version="")


def progress(state, *outcomes):
    checks = [
        {"id": f"check{number}", "title": "T", "outcome": outcome, "findings": []}
        for number, outcome in enumerate(outcomes)
    ]
    return {"state": state, "reasons": [], "stages": [{"stage": "scan", "checks": checks}]}


@pytest.mark.parametrize(
    ("pending", "last"),
    [(publishing.PENDING, "in_review"), (publishing.PENDING | publishing.IN_REVIEW, "approved")],
)
def test_each_check_is_told_once(api, desk, monkeypatch, pending, last):
    monkeypatch.setattr(publishing, "POLL_SECONDS", 0)
    monkeypatch.setattr(publishing, "REVIEW_POLL_SECONDS", 0)
    desk.say(
        "GET /api/v1/certifications/7/",
        progress("certifying", "running", "waiting"),
        Canned(status=502),
        progress("certifying", "passed", "running"),
        progress("in_review", "passed", "failed"),
        progress("approved", "passed", "failed"),
    )
    told = []
    now = publishing.follow(api, VERSION, told.append, pending=pending)
    assert now["state"] == last
    assert [(check["id"], check["outcome"], check["stage"]) for check in told] == [
        ("check0", "passed", "scan"),
        ("check1", "failed", "scan"),
    ]
