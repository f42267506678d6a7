"""The real package clients: they take from registries, and run nothing of what they fetch."""

import shutil
import sys
import tarfile
import zipfile

import pytest

from certification.sandbox import dependencies
from certification.sandbox.dependencies import DependencyError, prepare

OUTER, INNER, EVIL = "assay_test_outer", "assay_test_inner", "assay_test_evil"

BACKEND = """
from pathlib import Path
Path({mark!r}).write_text("a package ran")
def get_requires_for_build_wheel(*given): return []
def build_wheel(*given): raise SystemExit(1)
prepare_metadata_for_build_wheel = build_wheel
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "assay_test_evil"
version = "1"
"""


@pytest.fixture
def artifact(tmp_path):
    (tmp_path / "artifact").mkdir()
    return tmp_path / "artifact"


@pytest.fixture
def base(tmp_path):
    (tmp_path / "base").mkdir()
    return tmp_path / "base"


@pytest.fixture
def index(tmp_path):
    """A folder of wheels that the package clients take for their only registry."""
    folder = tmp_path / "index"
    folder.mkdir()
    return folder


@pytest.fixture(params=["pip", "uv"])
def client(request, index, monkeypatch):
    """The client that is asked, and kept from the real registries."""
    uv = shutil.which("uv")
    if request.param == "uv" and uv is None:
        pytest.skip("uv is not installed here")
    argv = dependencies._pip()
    if request.param == "uv":
        argv = [str(uv), "pip", "install", "--no-build", "--quiet", "--python", sys.executable]
    elif dependencies._PIP_ALONE not in argv:
        pytest.skip("pip is not installed here")
    alone = [*argv, "--no-cache-dir", "--no-index", "--find-links", str(index)]
    monkeypatch.setattr(dependencies, "_pip", lambda: alone)


def wheel(folder, name, *requires):
    path = folder / f"{name}-1-py3-none-any.whl"
    metadata = "".join(f"Requires-Dist: {spec}\n" for spec in requires)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(f"{name}/__init__.py", "here = True\n")
        made.writestr(
            f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
            f"{metadata}"
        )  # fmt: skip
        made.writestr(
            f"{name}-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made.writestr(f"{name}-1.dist-info/RECORD", "")
    return path


def source(folder, mark):
    tree = folder / f"{EVIL}-1"
    tree.mkdir()
    (tree / "pyproject.toml").write_text(PROJECT)
    (tree / "backend.py").write_text(BACKEND.format(mark=str(mark)))
    (tree / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {EVIL}\nVersion: 1\n")
    with tarfile.open(folder / f"{EVIL}-1.tar.gz", "w:gz") as made:
        made.add(tree, f"{EVIL}-1")
    return folder / f"{EVIL}-1.tar.gz"


def asks(artifact, *specs):
    (artifact / "requirements.txt").write_text("# what it needs\n" + "\n".join(specs) + "\n")


@pytest.mark.usefixtures("client")
def test_plain_dependencies_are_installed_once(artifact, base, index):
    wheel(index, OUTER, f"{INNER}>=1")
    wheel(index, INNER)
    asks(artifact, f"{OUTER}==1  # and what it needs")
    prepared = prepare(artifact, base)
    assert prepared is not None
    assert prepared.on_python_path
    assert (prepared.folder / INNER / "__init__.py").read_text() == "here = True\n"
    for path in index.iterdir():
        path.unlink()
    assert prepare(artifact, base) == prepared


@pytest.mark.usefixtures("client")
def test_what_a_dependency_wants_built_is_not_built(artifact, base, index, tmp_path):
    mark = tmp_path / "it-ran"
    wheel(index, OUTER, f"{EVIL} @ {source(tmp_path, mark).as_uri()}")
    asks(artifact, OUTER)
    with pytest.raises(DependencyError):
        prepare(artifact, base)
    assert not mark.exists()
    assert not list(base.iterdir())


@pytest.mark.usefixtures("client")
def test_a_source_distribution_in_the_registry_is_not_built(artifact, base, index, tmp_path):
    mark = tmp_path / "it-ran"
    source(index, mark)
    asks(artifact, EVIL)
    with pytest.raises(DependencyError):
        prepare(artifact, base)
    assert not mark.exists()


@pytest.mark.usefixtures("client")
def test_a_dependency_from_an_address_is_not_used(artifact, base, index, tmp_path):
    wheel(index, OUTER, f"{EVIL} @ {wheel(tmp_path, EVIL).as_uri()}")
    asks(artifact, OUTER)
    with pytest.raises(DependencyError):
        prepare(artifact, base)
    assert not list(base.iterdir())


def test_dependencies_declared_as_dynamic_are_those_of_the_metadata(artifact):
    (artifact / "pyproject.toml").write_text("[project]\nname='a'\ndynamic=['dependencies']")
    (artifact / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: a\nRequires-Dist: b>=1\n")
    assert list(dependencies._python_specs(artifact)) == ["b>=1"]
