import re
from importlib import metadata
from pathlib import Path

import pytest

from certification import rulepacks
from certification.rulepacks import RulePackError, data, library, pack

ABOUT = 'version = "7"\nsource = "written here"\nlicense = "Apache-2.0"\n'


def write(root: Path, name: str, **files: str) -> Path:
    (root / name).mkdir(parents=True)
    for file, content in files.items():
        (root / name / f"{file}.toml").write_text(content)
    return root


def test_the_digest_is_that_of_every_file(tmp_path: Path) -> None:
    one = pack("a", write(tmp_path / "1", "a", pack=ABOUT, rules="x = 1"))
    assert (one.name, one.version) == ("a", "7")
    assert re.fullmatch("sha256:[0-9a-f]{64}", one.digest)
    assert pack("a", write(tmp_path / "2", "a", pack=ABOUT, rules="x = 1")) == one
    assert pack("a", write(tmp_path / "3", "a", pack=ABOUT, rules="x = 2")).digest != one.digest
    assert pack("a", write(tmp_path / "4", "a", pack=ABOUT, other="x = 1")).digest != one.digest


@pytest.mark.parametrize("about", ["", "version = 7", "version =", "\x80"])
def test_a_pack_without_its_papers_is_refused(tmp_path: Path, about: str) -> None:
    with pytest.raises(RulePackError, match=r"a has no sound pack\.toml"):
        pack("a", write(tmp_path, "a", pack=about))


def test_no_such_pack_or_file(tmp_path: Path) -> None:
    with pytest.raises(RulePackError):
        pack("none", tmp_path)
    with pytest.raises(RulePackError, match=r"a has no b\.toml"):
        data("a", "b.toml", write(tmp_path, "a", pack=ABOUT))
    assert data("a", "pack.toml", tmp_path) == ABOUT.encode()


def test_a_library_is_known_by_its_version() -> None:
    found = library("rfc8785")
    assert found.version == metadata.version("rfc8785")
    assert found.digest.startswith("sha256:")


def test_every_pack_that_is_shipped_is_sound() -> None:
    folder = rulepacks.RULES
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        assert pack(path.name).version
