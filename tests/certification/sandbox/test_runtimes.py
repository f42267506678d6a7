"""What guests run on: made once, whole or not at all, and closed to others."""

import os
import sys
from pathlib import Path

import pytest

from certification.ports import RunRequest, SandboxUnavailableError
from certification.sandbox import runtimes

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
IMPORTS = "import ctypes, json, socket, ssl, sys\nprint(sys.version_info[:2])\n"


def run(sandbox, artifact, script, *, model_libraries=False):
    return sandbox.run(
        RunRequest(
            artifact=artifact,
            command=("python", "/assay/script.py"),
            runtime="python",
            script=script,
            model_libraries=model_libraries,
        )
    )


@pytest.mark.sandbox
@pytest.mark.parametrize("system", [True, False])
def test_python_is_of_our_version_whole_and_without_our_packages(
    sandbox, tmp_path, monkeypatch, *, system
):
    if not system:
        monkeypatch.setattr(runtimes, "_SYSTEM", tmp_path)
    seen = run(sandbox, tmp_path, IMPORTS + "try: import django\nexcept ImportError: print('no')")
    assert seen.stdout == f"{tuple(sys.version_info[:2])}\nno\n", seen.stderr


@pytest.mark.sandbox
@pytest.mark.parametrize("system", [True, False])
def test_models_find_their_libraries(sandbox, tmp_path, monkeypatch, *, system):
    if not system:
        monkeypatch.setattr(runtimes, "_SYSTEM", tmp_path)
    script = "import numpy, onnxruntime\nprint(numpy.zeros(2).sum(), onnxruntime.get_device())"
    seen = run(sandbox, tmp_path, script, model_libraries=True)
    assert seen.stdout == "0.0 CPU\n", seen.stderr


@pytest.mark.sandbox
def test_node_runs(sandbox, tmp_path):
    (tmp_path / "a.mjs").write_text("console.log(typeof fetch, process.getuid())")
    seen = sandbox.run(RunRequest(tmp_path, ("node", "a.mjs"), "node"))
    assert seen.stdout == "function 1000\n", seen.stderr


def test_a_folder_is_filled_once(tmp_path):
    filled = []

    def fill(folder):
        filled.append(folder)
        (folder / "in").mkdir()
        (folder / "in/file").write_text("x")
        (folder / "in/file").chmod(0o600)

    target = tmp_path / "made"
    assert runtimes.once(target, fill) == target
    assert runtimes.once(target, fill) == target
    assert len(filled) == 1
    assert (target / "in/file").stat().st_mode & 0o777 == 0o644
    assert (target / "in").stat().st_mode & 0o005 == 0o005


def test_a_folder_half_filled_is_no_folder(tmp_path):
    def fail(folder):
        (folder / "half").write_text("")
        raise SandboxUnavailableError("disk full")

    with pytest.raises(SandboxUnavailableError):
        runtimes.once(tmp_path / "made", fail)
    assert list(tmp_path.iterdir()) == []


def test_the_slower_of_two_workers_takes_what_is_there(tmp_path):
    def fill(folder):
        (tmp_path / "made").mkdir()
        (tmp_path / "made/first").write_text("")

    assert (runtimes.once(tmp_path / "made", fill) / "first").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root shares a folder in /var/tmp")
def test_a_folder_of_somebody_else_is_not_used(tmp_path):
    base = runtimes.base_folder(tmp_path / "home")
    try:
        os.chown(base, 65534, 65534)
        with pytest.raises(SandboxUnavailableError, match="belongs to somebody else"):
            runtimes.base_folder(tmp_path / "home")
        base.rmdir()
        base.symlink_to(tmp_path)
        with pytest.raises(SandboxUnavailableError, match="belongs to somebody else"):
            runtimes.base_folder(tmp_path / "home")
    finally:
        base.unlink()


@pytest.mark.parametrize("make", [runtimes.bubblewrap, runtimes.node, runtimes.model_libraries])
def test_what_is_not_installed_is_said(tmp_path, monkeypatch, make):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    with pytest.raises(SandboxUnavailableError, match="not installed"):
        make(Path(tmp_path))
