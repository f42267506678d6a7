"""What is kept between commands, and for whose eyes."""

import stat

import pytest

from assay import config
from assay.config import Login, Trust
from assay.faults import FaultError

URL = "http://127.0.0.1:8000"


def test_a_login_is_for_its_owner_only():
    config.keep_login(Login(URL, "assay_secret"))
    place = config.folder()
    assert stat.S_IMODE((place / "login.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert [path.name for path in place.iterdir()] == ["login.json"]
    assert config.login() == Login(URL, "assay_secret")
    assert config.forget_login()
    assert not config.forget_login()
    with pytest.raises(FaultError, match="not signed in"):
        config.login()


def test_a_token_goes_to_the_server_it_is_of(monkeypatch):
    config.keep_login(Login(URL, "assay_secret"))
    monkeypatch.setenv("ASSAY_URL", "http://elsewhere.example/")
    assert config.login() == Login("http://elsewhere.example")
    monkeypatch.setenv("ASSAY_TOKEN", "assay_other")
    assert config.login() == Login("http://elsewhere.example", "assay_other")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"surprise": 1}'])
def test_a_damaged_pin_is_not_taken_for_none(damage):
    config.pin_trust(URL, Trust("{}", "https://a/certifier", "https://a"))
    assert config.pinned_trust(URL) == Trust("{}", "https://a/certifier", "https://a")
    assert config.pinned_trust("http://other.example") is None
    next(config.folder().glob("trust-*.json")).write_text(damage)
    with pytest.raises(FaultError, match="damaged"):
        config.pinned_trust(URL)


def test_installs_do_not_forget_each_other(tmp_path):
    config.note_install(tmp_path / "a", "acme/a@1")
    config.note_install(tmp_path / "b", "acme/b@1")
    config.note_install(tmp_path / "a", "acme/a@2")
    assert config.installs() == {
        str(tmp_path / "a"): "acme/a@2",
        str(tmp_path / "b"): "acme/b@1",
    }


def test_uploads_under_way_are_by_server_and_tree():
    config.note_upload(URL, "f00", "one")
    assert config.upload_under_way(URL, "f00") == "one"
    assert config.upload_under_way(URL, "ba4") == ""
    assert config.upload_under_way("http://other.example", "f00") == ""
    config.note_upload(URL, "f00", "")
    assert config.upload_under_way(URL, "f00") == ""
