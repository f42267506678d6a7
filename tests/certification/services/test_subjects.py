from pathlib import Path

import pytest

from certification.pipeline import run_check
from certification.services import subjects
from certification.types import Check, EachFile, Result, Stage
from marketplace.services import seeding
from registry import blobs
from registry.blobs import local_path
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def publisher():
    return factories.make_publisher()


def publish(actor, tmp_path, version):
    folder = tmp_path / version
    folder.mkdir()
    (folder / "vocab.gguf").write_bytes(b"GGUF the same")
    (folder / "assay.toml").write_text(f'[package]\nname = "twice"\nversion = "{version}"\n')
    return seeding.publish_folder(folder, actor=actor)


def test_a_subject_is_linked_to_its_blobs_and_knows_their_digests(publisher, tmp_path, sandbox):
    version = publish(publisher, tmp_path, "1")
    stored = {file.path: file.blob_id.removeprefix("sha256:") for file in version.files.all()}
    with subjects.materialised(version) as (subject, _):
        assert {file.path: file.sha256 for file in subject.files} == stored
        for file in version.files.all():
            assert subject.path(file.path).samefile(local_path(file.blob_id))
    assert Path(local_path(file.blob_id)).is_file()


@pytest.mark.parametrize("where", ["elsewhere", "on another file system"])
def test_blobs_that_cannot_be_linked_are_copied(publisher, tmp_path, sandbox, monkeypatch, where):
    version = publish(publisher, tmp_path, "1")

    def refuse(*_):
        raise OSError

    if where == "elsewhere":
        monkeypatch.setattr(subjects, "local_path", lambda digest: None)
    else:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    with subjects.materialised(version) as (subject, _):
        file = version.files.get(path="vocab.gguf")
        assert subject.path(file.path).read_bytes() == b"GGUF the same"
        assert not subject.path(file.path).samefile(local_path(file.blob_id))


def test_a_remote_or_missing_blob_has_no_local_path(monkeypatch):
    assert local_path("sha256:" + "0" * 64) is None

    class Remote:
        def path(self, name):
            raise NotImplementedError

    monkeypatch.setattr(blobs, "blob_storage", Remote)
    assert local_path("sha256:" + "0" * 64) is None


def test_an_identical_blob_in_two_versions_is_judged_once(publisher, tmp_path, sandbox):
    judged = []

    def judge(file, where):
        judged.append(file.path)
        return Result()

    check = Check("a", 1, Stage.SCAN, "A", (), lambda subject: True, EachFile(judge))
    for version in [publish(publisher, tmp_path, "1"), publish(publisher, tmp_path, "2")]:
        with subjects.materialised(version) as (subject, tools):
            report = run_check(check, subject, tools)
        assert report.result.evidence[0].content == {"judged": 2}
    assert judged == ["assay.toml", "vocab.gguf", "assay.toml"]
