"""Downloads that break, lie or meet a folder in the way: what was there is never harmed."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assay import installing, placing
from assay.config import Trust
from assay.faults import Exit, FaultError
from assay.installing import Proof
from assay.verifying import ManifestFile, Verified, digest_of
from tests.client.canned import Canned, problem

BODY = b"0123456789" * 2_000_000
SMALL = b"# Weather\n"


def release(version="1.0.0", big=BODY):
    files = (
        ManifestFile("data/big.bin", digest_of(big), len(big)),
        ManifestFile("README.md", digest_of(SMALL), len(SMALL)),
    )
    return Verified(
        package="acme/weather",
        version=version,
        digest=digest_of(b"tree"),
        manifest_digest=digest_of(version.encode()),
        expires_at=datetime.now(UTC) + timedelta(days=1),
        files=files,
    )


def proof(verified):
    listed = [{"path": file.path} for file in verified.files]
    return Proof(json.dumps({"files": listed}).encode(), b"{}", Trust("{}", "me", "issuer"))


def route(verified, index=0):
    base = f"/api/v1/packages/acme/weather/versions/{verified.version}"
    return f"GET {base}/blobs/{verified.files[index].digest}"


@pytest.fixture
def verified(desk):
    made = release()
    desk.say(route(made), Canned(BODY, ranged=True))
    desk.say(route(made, 1), Canned(SMALL, ranged=True))
    return made


@pytest.fixture
def install(api, tmp_path):
    target = tmp_path / "shelf" / "weather"

    def run(verified):
        counted = []
        installing.install(api, verified, proof(verified), target, counted.append)
        assert sum(counted) == verified.size
        return target

    run.target = target
    return run


def litter(target):
    return [path.name for path in target.parent.iterdir() if path != target]


def asked_ranges(desk):
    return [asked.headers.get("Range") for asked in desk.asked]


def test_what_is_placed_is_what_was_certified(install, verified):
    target = install(verified)
    assert (target / "data/big.bin").read_bytes() == BODY
    assert (target / "README.md").read_bytes() == SMALL
    record = installing.read_record(target)
    assert (record.package, record.version) == ("acme/weather", "1.0.0")
    assert (target / ".assay/trust_config.json").read_text() == "{}"
    placing.check_files(target, verified)
    assert not litter(target)


def test_the_time_is_kept_where_there_is_one(api, verified, tmp_path):
    target = tmp_path / "weather"
    for timestamp in (b"at noon", b""):
        shown = dataclasses.replace(proof(verified), timestamp=timestamp)
        installing.install(api, verified, shown, target, lambda _: None)
        assert installing.read_record(target).timestamp == timestamp


def test_only_a_server_that_has_no_time_may_send_none(api, desk):
    assert installing._timestamp(api, "/old") == b""
    desk.say("GET /busy", Canned(status=503))
    desk.say("GET /closed", problem("forbidden", 403, "This token may not."))
    for path in ("/busy", "/closed"):
        with pytest.raises(FaultError):
            installing._timestamp(api, path)


def test_a_broken_transfer_goes_on_where_it_stopped(install, verified, desk):
    half = Canned(BODY, cut=len(BODY) // 2)
    desk.say(route(verified), half, Canned(BODY, ranged=True))
    install(verified)
    assert asked_ranges(desk) == [None, f"bytes={len(BODY) // 2}-", None]


def test_a_server_without_ranges_may_send_it_all_again(install, verified, desk):
    desk.say(route(verified), Canned(BODY, cut=1000), Canned(BODY))
    assert (install(verified) / "data/big.bin").read_bytes() == BODY


def test_a_server_that_restarts_is_waited_for(install, verified, desk):
    desk.say(route(verified), Canned(status=502), Canned(status=500), Canned(BODY))
    install(verified)


def test_another_run_goes_on_where_the_last_gave_up(install, verified, desk):
    desk.say(route(verified), Canned(BODY, cut=5000), Canned(status=503))
    with pytest.raises(FaultError, match="Run the command again") as caught:
        install(verified)
    assert caught.value.code is Exit.FAILED
    assert not install.target.exists()
    desk.asked.clear()
    desk.say(route(verified), Canned(BODY, ranged=True))
    assert (install(verified) / "data/big.bin").read_bytes() == BODY
    assert asked_ranges(desk)[0] == "bytes=5000-"
    assert not litter(install.target)


def test_a_rest_that_others_may_have_written_is_not_used(install, verified, desk):
    left = placing._left_behind(install.target, verified)
    (left / "data").mkdir(parents=True)
    (left / "data/big.bin").symlink_to("/etc/passwd")
    left.chmod(0o777)
    install(verified)
    assert asked_ranges(desk) == [None, None]


def test_a_spoilt_rest_is_thrown_away(install, verified, desk):
    left = placing._left_behind(install.target, verified)
    left.mkdir(parents=True, mode=0o700)
    (left / "README.md").write_bytes(b"x" * 1000)
    assert (install(verified) / "README.md").read_bytes() == SMALL


def test_strange_files_in_a_rest_are_not_placed(install, verified):
    left = placing._left_behind(install.target, verified)
    left.mkdir(parents=True, mode=0o700)
    (left / "extra.py").write_text("import os")
    with pytest.raises(FaultError, match="not part of the certified version"):
        install(verified)
    assert not install.target.exists()
    assert not litter(install.target)


@pytest.mark.parametrize("lie", [b"X" + BODY[1:], BODY + b"more"])
def test_wrong_bytes_leave_the_old_version_in_place(install, verified, desk, lie):
    target = install(verified)
    newer = release("1.1.0", big=BODY[::-1])
    desk.say(route(newer), Canned(lie))
    with pytest.raises(FaultError, match="nothing was installed") as caught:
        install(newer)
    assert caught.value.code is Exit.UNVERIFIED
    assert installing.read_record(target).version == "1.0.0"
    placing.check_files(target, verified)
    assert not litter(target)


def test_a_newer_version_takes_the_place_of_the_older(install, verified, desk):
    install(verified)
    newer = release("1.1.0", big=b"small now")
    desk.say(route(newer), Canned(b"small now"))
    desk.say(route(newer, 1), Canned(SMALL))
    target = install(newer)
    placing.check_files(target, newer)
    assert not litter(target)


def test_what_people_put_there_is_not_lost(install, verified):
    target = install(verified)
    (target / "notes.txt").write_text("mine")
    with pytest.raises(FaultError, match=r"notes\.txt was not installed by assay"):
        install(verified)
    assert (target / "notes.txt").read_text() == "mine"


def test_the_old_version_comes_back_when_the_new_cannot_be_placed(
    install, verified, desk, monkeypatch
):
    target = install(verified)
    rename = Path.rename

    def once(self, other):
        if other == target and ".old-" not in self.name:
            raise OSError(28, "No space left on device")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", once)
    with pytest.raises(OSError, match="No space"):
        install(verified)
    monkeypatch.undo()
    placing.check_files(target, verified)
    assert not litter(target)


@pytest.mark.parametrize("way", ["file", "link", "here", "full"])
def test_places_that_are_taken(api, tmp_path, way, monkeypatch):
    target = tmp_path / "taken"
    if way == "file":
        target.write_text("mine")
    elif way == "link":
        target.symlink_to(tmp_path)
    else:
        target.mkdir()
        monkeypatch.chdir(target if way == "here" else tmp_path)
        (target / ".assay").mkdir()
    with pytest.raises(FaultError) as caught:
        installing.check_target(target, "acme/weather")
    assert caught.value.code is Exit.USAGE


@pytest.mark.parametrize(
    ("asked", "offered"),
    [("acme/weather", "mallory/weather"), ("acme/weather@1.0.0", "acme/weather")],
)
def test_a_server_cannot_swap_what_was_asked_for(api, desk, asked, offered):
    found = {"name": offered, "version": "0.9.0", "digest": "", "manifestDigest": ""}
    desk.say("POST /api/v1/resolve", {"resolved": [found], "problems": []})
    with pytest.raises(FaultError, match="nothing was installed") as caught:
        installing.resolve(api, asked)
    assert caught.value.code is Exit.UNVERIFIED


def test_a_revoked_version_says_so(api, desk):
    lost = {"name": "acme/weather", "code": "not-found", "detail": "There is no such version."}
    desk.say("POST /api/v1/resolve", {"resolved": [], "problems": [lost]})
    gone = {"package": "acme/weather", "version": "1.0.0", "state": "revoked", "reason": "Hail."}
    desk.say("GET /api/v1/revocations", {"results": [gone], "next": None})
    with pytest.raises(FaultError, match="is revoked: Hail") as caught:
        installing.resolve(api, "acme/weather@1.0.0")
    assert caught.value.code is Exit.WITHDRAWN
    with pytest.raises(FaultError, match="no such version") as caught:
        installing.resolve(api, "acme/weather@2.0.0")
    assert caught.value.code is Exit.FAILED


def test_a_file_that_was_withdrawn_meanwhile(install, verified, desk):
    desk.say(route(verified), problem("not-found", 404, "There is no such version."))
    with pytest.raises(FaultError, match="no such version"):
        install(verified)
    assert not install.target.exists()


@pytest.mark.parametrize("change", ["byte", "link", "folder-link", "extra", "missing", "cache"])
def test_any_change_to_an_install_is_noticed(install, verified, tmp_path, change):
    target = install(verified)
    readme = target / "README.md"
    match change:
        case "byte":
            readme.write_bytes(SMALL.upper())
        case "link":
            (tmp_path / "same.md").write_bytes(SMALL)
            readme.unlink()
            readme.symlink_to(tmp_path / "same.md")
        case "folder-link":
            (target / "data").rename(tmp_path / "data")
            (target / "data").symlink_to(tmp_path / "data")
        case "extra":
            (target / "data/.hidden").write_text("")
        case "missing":
            readme.unlink()
        case "cache":
            (target / "plugins").symlink_to("/tmp")
    with pytest.raises(FaultError) as caught:
        placing.check_files(target, verified)
    assert caught.value.code is Exit.UNVERIFIED
