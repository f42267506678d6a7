"""One sandbox for all tests of the back-end, and a guest for each."""

import shutil
from pathlib import Path
from typing import Literal

import pytest

from certification.ports import Limits, Observation, RunRequest
from certification.sandbox.bubblewrap import BubblewrapSandbox


class Guest:
    """Runs a Python source in a fresh room."""

    protocol: Literal["none", "mcp"] = "none"

    def __init__(self, sandbox: BubblewrapSandbox, artifact: Path) -> None:
        self.sandbox = sandbox
        self.artifact = artifact

    observe = False

    def __call__(self, source: str, **given: object) -> Observation:
        limits = Limits(**{"wall_seconds": 15, **given})
        request = RunRequest(
            artifact=self.artifact,
            command=("python", "/assay/script.py"),
            runtime="python",
            script=source,
            protocol=self.protocol,
            limits=limits,
            observe=self.observe,
        )
        return self.sandbox.run(request)


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("sandbox-home")


@pytest.fixture(scope="session")
def sandbox(home):
    made = BubblewrapSandbox(home)
    yield made
    shutil.rmtree(made.base)


@pytest.fixture
def guest(sandbox, tmp_path):
    (tmp_path / "artifact").mkdir()
    (tmp_path / "artifact/file.txt").write_text("published")
    return Guest(sandbox, tmp_path / "artifact")
