"""The real `assay` against a live server, a real broker and a real worker."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assay import config, publishing
from assay.api import Api
from assay.config import Login
from certification.services import reviewing
from certification.types import Decision
from registry.blobs import blob_storage, key
from registry.domain.tokens import Scope
from registry.domain.uploads import PART_BYTES
from registry.models import StaffRole, Upload, Version
from registry.services import lifecycle, tokens
from tests import factories
from tests.workers import workers

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def publisher():
    return factories.make_publisher()


@pytest.fixture
def token(publisher):
    scopes = [Scope.READ, Scope.PUBLISH, Scope.INSTALL]
    return tokens.issue(publisher, name="t", scopes=scopes, actor=publisher, expires_at=None)[1]


@pytest.fixture
def assay(live_server, token, tmp_path, monkeypatch):
    """Run the command line as a user would; returns the finished process."""
    monkeypatch.setenv("ASSAY_CONFIG_DIR", str(tmp_path / "config"))
    environment = {
        **os.environ,
        "ASSAY_URL": live_server.url,
        "ASSAY_TOKEN": token,
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }

    def run(*arguments, **changes):
        return subprocess.run(
            [Path(sys.executable).with_name("assay"), *map(str, arguments)],
            env={**environment, **changes}, cwd=tmp_path, capture_output=True, text=True,
            timeout=240, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def worker(valkey, tmp_path):
    with workers(valkey, tmp_path) as start:
        yield start()


def ended(process, code):
    assert process.returncode == code, process.stdout + process.stderr
    assert "Traceback" not in process.stderr
    return process.stdout


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".assay" not in path.parts
    }


def test_publish_install_verify_revoke_audit(assay, worker, tmp_path):
    source = EXAMPLES / "benign/unit-converter"
    published = json.loads(ended(assay("publish", source, "--wait", "--json"), 0))
    assert published["state"] == "approved", published["reasons"]
    found = json.loads(ended(assay("search", "convert", "--json"), 0))
    assert [row["name"] for row in found["results"]] == ["acme/unit-converter"]
    assert "acme/unit-converter@1.0.0" in ended(assay("show", "acme/unit-converter"), 0)

    target = tmp_path / "installed"
    ended(assay("install", "acme/unit-converter", "--to", target), 0)
    assert contents(target) == contents(source)
    ended(assay("verify", target, ASSAY_URL="http://127.0.0.1:9"), 0)
    ended(assay("install", "acme/unit-converter@1.0.0", "--to", target), 0)
    ended(assay("audit"), 0)

    server = target / "server.py"
    server.write_text(server.read_text() + "\n")
    assert "not what was certified" in assay("verify", target).stderr
    ended(assay("verify", target), 4)

    version = Version.objects.get()
    reviewing.revoke(
        version.pk,
        reason="It converts to cubits.",
        actor=factories.make_user("rae", staff=StaffRole.REVIEWER),
    )
    assert "cubits" in ended(assay("audit"), 5)
    other = assay("install", "acme/unit-converter", "--to", tmp_path / "other")
    ended(other, 5)
    assert "cubits" in other.stderr
    assert not (tmp_path / "other").exists()
    ended(assay("status", "acme/unit-converter@1.0.0"), 5)


def test_the_time_beside_a_certificate_is_held_to_it(assay, worker, tmp_path):
    ended(assay("publish", EXAMPLES / "benign/tiny-vocab", "--wait"), 0)
    target = tmp_path / "installed"
    installed = assay("install", "acme/tiny-vocab", "--to", target, "--json")
    assert json.loads(ended(installed, 0))["timestamped"]
    stamp = target / ".assay/timestamp.tsr"
    stamp.write_bytes(stamp.read_bytes()[:-1])
    changed = assay("verify", target)
    ended(changed, 4)
    assert "The timestamp of the certificate does not verify" in changed.stderr
    stamp.unlink()
    without = assay("verify", target, "--json")
    assert not json.loads(ended(without, 0))["timestamped"]
    assert "no timestamp beside its certificate" in without.stderr


def test_a_refusal_says_why_and_exits_three(assay, worker):
    refused = assay("publish", EXAMPLES / "hostile/poisoned-weather", "--wait")
    ended(refused, 3)
    assert "tool-poisoning" in refused.stdout
    assert "Fix:" in refused.stderr


def test_changed_bytes_are_never_placed(assay, worker, tmp_path):
    ended(assay("publish", EXAMPLES / "benign/tiny-vocab", "--wait"), 0)
    file = Version.objects.get().files.get(path="vocab.gguf")
    stored = Path(blob_storage().path(key(file.blob_id)))
    sound = stored.read_bytes()
    stored.write_bytes(b"X" + sound[1:])
    try:
        target = tmp_path / "installed"
        ended(assay("install", "acme/tiny-vocab", "--to", target), 4)
        assert not target.exists()
        assert not list(tmp_path.glob(".installed*"))
    finally:
        stored.write_bytes(sound)


def test_a_broken_upload_is_gone_on_with(assay, live_server, token, tmp_path):
    folder = tmp_path / "big"
    folder.mkdir()
    body = os.urandom(1024) * (PART_BYTES // 1024) + b"tail"
    header = b'{"w":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (len(body), len(body))
    model = len(header).to_bytes(8, "little") + header + body
    (folder / "model.safetensors").write_bytes(model)
    api = Api(Login(live_server.url, token))
    files = publishing.collect(folder, lambda text: None)
    opened = api.json(
        "POST",
        "/api/v1/uploads/",
        json={"files": [{"path": f.path, "size": f.size, "digest": f.digest} for f in files]},
    )
    publishing._put(api, opened["id"], opened["files"][0]["id"], 1, model[:PART_BYTES])
    api.close()
    config.note_upload(live_server.url, publishing._tree_digest(files), opened["id"])
    ended(assay("publish", folder, "--name", "acme/big", "--version", "1"), 0)
    assert str(Upload.objects.get().pk) == opened["id"]
    stored = Version.objects.get().files.get()
    assert stored.blob_id == "sha256:" + hashlib.sha256(model).hexdigest()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "nonsense"), 2, "not of the form"),
        (("show", "acme/nothing"), 1, "no package"),
        (("publish", "missing"), 2, "does not exist"),
        (("install", "acme/nothing"), 1, "no certified version"),
        (("verify", "."), 2, "nothing that assay installed"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_faults_are_sentences(assay, arguments, code, sentence):
    failed = assay(*arguments)
    ended(failed, code)
    assert sentence in " ".join(failed.stderr.split())


def test_a_folder_in_the_way_is_left_alone(assay, worker, tmp_path):
    ended(assay("publish", EXAMPLES / "benign/review-plugin", "--wait"), 0)
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("precious")
    ended(assay("install", "acme/review-plugin", "--to", target), 2)
    assert contents(target) == {"thesis.txt": b"precious"}


def test_a_wrong_token_and_no_server(assay, live_server):
    ended(assay("login", "--url", live_server.url, "--token", "assay_wrong"), 1)
    gone = assay("search", ASSAY_URL="http://127.0.0.1:9")
    ended(gone, 1)
    assert "cannot be reached" in gone.stderr


def test_a_changed_trust_root_is_not_believed(assay, worker, tmp_path):
    ended(assay("publish", EXAMPLES / "benign/tiny-vocab", "--wait"), 0)
    ended(assay("install", "acme/tiny-vocab", "--to", tmp_path / "one"), 0)
    for pin in (tmp_path / "config").glob("trust-*.json"):
        kept = json.loads(pin.read_text())
        pin.write_text(json.dumps({**kept, "identity": "https://mallory.example/certifier"}))
    ended(assay("install", "acme/tiny-vocab", "--to", tmp_path / "two"), 4)
    assert not (tmp_path / "two").exists()


def test_links_are_not_published(assay, tmp_path):
    folder = tmp_path / "linked"
    shutil.copytree(EXAMPLES / "benign/tiny-vocab", folder)
    (folder / "passwd").symlink_to("/etc/passwd")
    assert "symbolic link" in assay("publish", folder).stderr


def test_a_lock_installs_the_same_bytes_everywhere(assay, worker, publisher, tmp_path):
    source = EXAMPLES / "benign/tiny-vocab"
    ended(assay("publish", source, "--wait"), 0)
    locked = json.loads(ended(assay("lock", "acme/tiny-vocab", "--json"), 0))
    assert json.loads((tmp_path / "assay.lock").read_text()) == locked
    ended(assay("sync", "--to", "here"), 0)
    target = tmp_path / "here/acme/tiny-vocab"
    assert contents(target) == contents(source)

    version = Version.objects.get()
    lifecycle.yank(version.pk, actor=publisher, reason="A better one is out.")
    ended(assay("sync", "--to", "there"), 0)
    assert "A better one is out." in ended(assay("audit"), 0)
    ended(assay("install", "acme/tiny-vocab", "--to", "fresh"), 1)

    locked["packages"][0]["manifestDigest"] = "sha256:" + "0" * 64
    (tmp_path / "assay.lock").write_text(json.dumps(locked))
    assert "not what was locked" in assay("sync", "--to", "elsewhere").stderr
    ended(assay("sync", "--to", "elsewhere"), 4)
    assert not (tmp_path / "elsewhere").exists()


def test_a_reviewer_is_waited_for_when_asked(assay, worker, tmp_path):
    body = b'{"__metadata__":{"callback":"https://a.example/x"},"w":{"dtype":"U8","shape":[1],'
    body += b'"data_offsets":[0,1]}}'
    model = tmp_path / "odd.safetensors"
    model.write_bytes(len(body).to_bytes(8, "little") + body + b"\1")
    label = ("--name", "acme/odd", "--version")
    waiting = ended(assay("publish", model, *label, "1", "--wait"), 0)
    assert "waiting for a reviewer" in waiting
    ended(assay("install", "acme/odd@1", "--to", "early"), 1)

    reviewer = factories.make_user("rae", staff=StaffRole.REVIEWER)
    with ThreadPoolExecutor(1) as pool:
        patient = pool.submit(assay, "publish", model, *label, "2", "--wait-review", "--json")
        decided(Version.objects.filter(version="2", state="in_review"), Decision.REJECT, reviewer)
        refused = json.loads(ended(patient.result(timeout=60), 3))
    assert refused["state"] == "rejected"


def decided(versions, decision, reviewer):
    for _ in range(300):
        if found := versions.first():
            reviewing.review(found.pk, decision=decision, reason="No addresses.", actor=reviewer)
            return
        time.sleep(0.2)
    pytest.fail("It never came to review.")
