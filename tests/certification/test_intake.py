import hashlib
import os
from pathlib import Path

import pytest

from certification.intake import UnrecognisedFormatError, open_subject, sha256_of
from registry.domain.contents import digest_of
from registry.domain.identifiers import Format
from tests.certification.readers.archive_maker import tar_of, zip_of

SKILL = b"---\nname: a\ndescription: b\n---\n"


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "SKILL.md").write_bytes(SKILL)
    with open_subject(tmp_path) as subject:
        assert (subject.format, subject.name, subject.archive) == (Format.SKILL, "a", None)
        assert subject.root == tmp_path
        listed = [("SKILL.md", "sha256:" + hashlib.sha256(SKILL).hexdigest())]
        assert subject.digest == digest_of(listed)


def test_an_archive_is_unpacked_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    path.write_bytes(tar_of({"package/SKILL.md": SKILL}, "w:gz"))
    with open_subject(path, workdir=tmp_path) as subject:
        assert subject.path("SKILL.md").read_bytes() == SKILL
        assert [file.path for file in subject.files] == ["SKILL.md"]
        assert (subject.archive, subject.unpacked) == (path, True)
        assert subject.digest == digest_of([("a.tgz", sha256_of(path))])
    assert not subject.root.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tgz"]


def test_an_unsafe_archive_leaves_an_empty_root(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of({"t/SKILL.md": SKILL, "t/../../x": b""}))
    with open_subject(path) as subject:
        assert (subject.unpacked, subject.files, subject.format) == (False, (), Format.SKILL)
        assert subject.root.is_dir()


def test_a_single_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    with open_subject(path) as subject:
        assert (subject.format, subject.name) == (Format.GGUF, "m")
        assert subject.path("m.gguf").read_bytes() == b"GGUF"

    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    with open_subject(path) as subject:
        assert subject.path("m.gguf").read_bytes() == b"GGUF"


def test_an_unknown_format_is_refused_or_guessed(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("hello")
    with pytest.raises(UnrecognisedFormatError, match="neither"), open_subject(path):
        pass
    with open_subject(path, lenient=True) as subject:
        assert not subject.recognised
    (tmp_path / "SKILL.md").write_text("nothing")
    with pytest.raises(UnrecognisedFormatError, match="front matter"), open_subject(tmp_path):
        pass
