import sys

import pytest

from bench import speed
from certification.__main__ import scanned
from certification.types import Decision


@pytest.mark.parametrize("name", ["model.safetensors", "model.gguf", "model.npy"])
def test_large_files_are_legal(tmp_path, name):
    for path in speed.large_files(tmp_path, 128 * 1024):
        if path.name == name:
            assert abs(path.stat().st_size - 128 * 1024) < 32 * 1024
            assert scanned(path)[1].decision is Decision.APPROVE
    assert not list(tmp_path.iterdir())


def test_time_and_memory_are_those_of_the_command():
    run = speed.measured([sys.executable, "-c", "import time; x = b'x' * 2**28; time.sleep(0.3)"])
    assert run.seconds > 0.3
    assert 2**28 < run.peak < 2**29
    assert speed.measured(["true"]).peak < 2**26


def test_what_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(speed, "PATIENCE_SECONDS", 0.2)
    assert 0.2 < speed.measured(["sleep", "30"]).seconds < 20
