"""Garbage, cuts and what the fuzzer found: nothing crashes, and no part passes for the whole.

`python -m bench fuzz` makes many more such inputs; what did harm once is kept in tests/assets/fuzz.
"""

import hashlib
from pathlib import Path

import pytest

from bench.fuzz import CHECKS
from bench.samples import samples
from certification.intake import open_subject
from certification.pipeline import report_on
from certification.policy import judge
from certification.types import Decision, EachFile, Tools

FOUND = sorted((Path(__file__).parents[1] / "assets/fuzz").iterdir())
SAMPLES = samples()
#: The checks that read files of a format; those of texts see nothing in most of these samples.
READING = [
    check
    for check in CHECKS
    if isinstance(check.run, EachFile)
    or check.id in {"archive-safety", "declared-format", "onnx-structure", "safetensors-structure"}
]
#: Formats that say how long they are, and the cuts that leave a sound, shorter file.
DECIDABLE: dict[str, set[int]] = {
    "protocol0.pkl": set(), "protocol2.pkl": set(), "protocol4.pkl": set(), "protocol5.pkl": set(),
    "call.pkl": set(), "streams.pkl": {5}, "inside.pkl": set(), "model.safetensors": set(),
    "model.gguf": set(), "model.onnx": set(), "saved_model.pb": set(), "model.pkl.gz": set(),
    "model.pkl.bz2": set(), "model.pkl.xz": set(), "skill.zip": set(), "skill.tgz": set(),
    "nested.zip": set(), "model.pt": set(), "script.pt": set(), "model.keras": set(),
    "bundle.mcpb": set(),
}  # fmt: skip


def approved(path: Path, checks=READING) -> bool:
    """The verdict on a file; fails when a check crashed."""
    with open_subject(path, lenient=True) as subject:
        report = report_on(subject, checks, Tools())
    crashes = [a for a in report.checks if "The check failed with" in a.result.incomplete]
    assert not crashes, (path.name, crashes)
    return judge(report).decision is Decision.APPROVE


def garbage(size: int) -> bytes:
    """The same bytes of no format every time."""
    return hashlib.shake_256(b"garbage").digest(size)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_did_harm_once_does_no_more(path):
    assert not approved(path, CHECKS)


@pytest.mark.parametrize("name", DECIDABLE)
def test_a_part_never_passes_for_the_whole(name, tmp_path):
    content, path = SAMPLES[name], tmp_path / name
    passed = set()
    for cut in range(1, len(content)):
        path.write_bytes(content[:cut])
        if approved(path):
            passed.add(cut)
    assert passed <= DECIDABLE[name]


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - DECIDABLE.keys()))
def test_a_part_of_anything_is_read_without_a_crash(name, tmp_path):
    content, path = SAMPLES[name], tmp_path / Path(name).name
    for cut in range(0, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:cut])
        approved(path, CHECKS)


@pytest.mark.parametrize("name", sorted({Path(name).suffix for name in SAMPLES}))
def test_garbage_under_any_name_is_read_without_a_crash(name, tmp_path):
    path = tmp_path / f"x{name}"
    for size in (0, 1, 7, 64, 5_000):
        path.write_bytes(garbage(size))
        approved(path, CHECKS)


@pytest.mark.parametrize(
    "suffix", [".pkl", ".pt", ".joblib", ".safetensors", ".gguf", ".onnx", ".keras", ".h5", ".pb"]
)
def test_garbage_never_passes_for_a_model(suffix, tmp_path):
    path = tmp_path / f"x{suffix}"
    for content in (bytes(4_096), garbage(4_096)):
        path.write_bytes(content)
        assert not approved(path)
