"""The program as a person runs it: words, exit codes, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay import screen
from assay.names import split_name, split_release
from tests.client.canned import Canned

ME = {"username": "pat", "scopes": ["read"], "namespaces": []}
IDENTITY = {"identity": "https://a.example/certifier", "issuer": "https://a.example"}
CERTIFIED = {"digest": "sha256:00", "yanked": False, "yankReason": ""}


@pytest.fixture
def command(tmp_path):
    """Start `assay` in an empty folder, with its own settings."""

    def start(*arguments, **environment):
        return subprocess.Popen(
            [Path(sys.executable).with_name("assay"), *map(str, arguments)],
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **environment},
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


@pytest.fixture
def assay(command):
    def run(*arguments, **environment):
        process = command(*arguments, **environment)
        process.out, process.words = process.communicate(timeout=60)
        assert "Traceback" not in process.words
        return process

    return run


@pytest.fixture
def trusted(desk):
    desk.say("GET /api/v1/me", ME)
    desk.say("GET /trust/identity.json", IDENTITY)
    desk.say("GET /trust/trust_config.json", {"root": 1})


def test_login_pins_and_notices_another_root(assay, desk, trusted):
    first = assay("login", "--url", desk.url, "--token", "assay_t", "--json")
    assert first.returncode == 0
    assert json.loads(first.out)["username"] == "pat"
    assert "Trusting the certifier https://a.example/certifier" in first.words
    desk.say("GET /trust/trust_config.json", {"root": 2})
    again = assay("login", ASSAY_URL=desk.url, ASSAY_TOKEN="assay_t")
    assert again.returncode == 4
    assert "may be an attack" in again.words
    accepted = assay("login", "--url", desk.url, "--token", "assay_t", "--accept-new-trust")
    assert accepted.returncode == 0
    assert assay("login", "--url", desk.url, "--token", "assay_t").returncode == 0
    assert json.loads(assay("logout", "--json").out) == {"signedOut": True}
    assert assay("search").returncode == 2


def test_search_goes_through_the_pages(assay, desk):
    row = {"name": "acme/w", "version": "1", "format": "skill", "summary": "Sun \x1b[2J\u202e"}
    desk.say("GET /api/v1/packages/?q=sun", {"results": [row], "next": "/api/v1/packages/?c=2"})
    desk.say("GET /api/v1/packages/?c=2", {"results": [{**row, "name": "acme/x"}], "next": None})
    shown = assay("search", "sun", ASSAY_URL=desk.url)
    assert "acme/x" in shown.out
    assert "\x1b" not in shown.out
    assert r"\u001b[2J\u202e" in shown.out
    found = json.loads(assay("search", "sun", "--json", "--limit", "1", ASSAY_URL=desk.url).out)
    assert [row["name"] for row in found["results"]] == ["acme/w"]


def installed(folder, url, package="acme/weather", digest="sha256:00"):
    record = folder / ".assay"
    record.mkdir(parents=True)
    (record / "install.json").write_text(
        json.dumps({"package": package, "version": "1.0.0", "digest": digest, "url": url})
    )
    for name in ("manifest.json", "bundle.json"):
        (record / name).write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("change", "state", "code"),
    [
        ({}, "certified", 0),
        ({"yanked": True, "yankReason": "Too hot."}, "yanked", 0),
        ({"digest": "sha256:11"}, "unknown", 1),
        (None, "unknown", 1),
    ],
)
def test_audit_asks_where_it_came_from(assay, desk, tmp_path, change, state, code):
    desk.say("GET /api/v1/revocations", {"results": [], "next": None})
    if change is not None:
        route = "GET /api/v1/packages/acme/weather/versions/1.0.0/"
        desk.say(route, {**CERTIFIED, **change})
    done = assay("audit", installed(tmp_path / "w", desk.url), "--json")
    (row,) = json.loads(done.out)
    assert (row["state"], done.returncode) == (state, code)
    if state == "yanked":
        assert row["reason"] == "Too hot."


def test_audit_tells_no_token_to_other_servers(assay, desk, tmp_path):
    desk.say("GET /api/v1/revocations", {"results": [], "next": None})
    desk.say("GET /api/v1/packages/acme/weather/versions/1.0.0/", CERTIFIED)
    folder = installed(tmp_path / "w", desk.url)
    assay("audit", folder, ASSAY_URL="http://127.0.0.1:9", ASSAY_TOKEN="assay_secret")
    assert desk.asked
    assert not any("Authorization" in asked.headers for asked in desk.asked)


def test_audit_finds_the_revoked_among_the_damaged(assay, desk, tmp_path):
    gone = {"package": "acme/weather", "version": "1.0.0", "state": "revoked", "reason": "Hail."}
    desk.say("GET /api/v1/revocations", {"results": [gone], "next": None})
    damaged = installed(tmp_path / "d", desk.url)
    (damaged / ".assay/install.json").write_text("{")
    done = assay("audit", damaged, installed(tmp_path / "w", desk.url))
    assert done.returncode == 5
    assert "Hail." in done.out
    assert assay("audit", damaged).returncode == 1
    assert assay("audit").returncode == 0


def test_silence_is_no_good_news(assay, tmp_path):
    done = assay("audit", installed(tmp_path / "w", "http://127.0.0.1:9"))
    assert done.returncode == 1
    assert "cannot be reached" in done.words


def test_ctrl_c_ends_with_a_word(command, desk):
    desk.say("GET /api/v1/packages/", Canned(status=503, headers=(("Retry-After", "30"),)))
    process = command("search", ASSAY_URL=desk.url)
    while not desk.asked:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=10)
    assert process.returncode in {1, 130}
    assert "Traceback" not in words


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "acme/weather"),
        ("status", "acme/weather@"),
        ("show", "acme/../weather"),
        ("install", "acme/weather@1?x=1"),
        ("sync", "none.lock"),
        ("search", "--limit", "0"),
    ],
)
def test_usage(assay, arguments):
    assert assay(*arguments, ASSAY_URL="http://127.0.0.1:9").returncode == 2


def test_a_lock_file_of_another_shape(assay, tmp_path):
    for text in ("", "{}", '{"schema": "urn:assay:lock:v1", "packages": [{}]}', '{"schema": "x"}'):
        (tmp_path / "assay.lock").write_text(text)
        done = assay("sync", ASSAY_URL="http://127.0.0.1:9")
        assert done.returncode == 2
        assert "not a lock file" in done.words


def test_a_terminal_without_our_letters(assay):
    done = assay("show", "“", ASSAY_URL="http://127.0.0.1:9", PYTHONIOENCODING="ascii")
    assert done.returncode == 2


def test_help_does_not_wait_for_sigstore():
    code = "import sys, assay.main; assert not any(m.startswith('sigstore') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names():
    assert split_name("acme/weather@1.0.0+b1") == ("acme/weather", "1.0.0+b1")
    assert split_release("acme/weather@1") == ("acme/weather", "1")


def test_strangers_do_not_steer_the_terminal():
    assert screen.visible("a\x1b]0;b\x07\u200bc\nd") == "a\\u001b]0;b\\u0007\\u200bc\nd"
