from pathlib import Path

import pytest

from certification.checks.declared_format import CHECK
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, checked_path, rules
from tests.certification.readers.archive_maker import tar_of, zip_of

SKILL = "---\nname: a\ndescription: b\n---\n"
PICKLE = b"\x80\x04N."
WINDOWS = b"MZ" + bytes(70)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"m.safetensors": PICKLE}, {"mismatch": Level.ERROR}),
        ({"m.gguf": b"\x89HDF\r\n\x1a\n"}, {"mismatch": Level.WARNING}),
        ({"SKILL.md": SKILL, "run": b"\x7fELF" + bytes(60)}, {"program": Level.ERROR}),
        ({"SKILL.md": SKILL, "a.dll": WINDOWS}, {"program": Level.NOTE}),
        ({"m.gguf": b"GGUF", "a.dll": WINDOWS}, {"program": Level.WARNING}),
        ({"SKILL.md": "no front matter"}, {"manifest": Level.WARNING, "unknown": Level.WARNING}),
    ],
)
def test_what_is_not_as_declared(
    files: dict[str, str | bytes], expected: dict[str, Level], tmp_path: Path
) -> None:
    assert rules(checked(CHECK, tmp_path, files)) == expected


@pytest.mark.parametrize(
    "files",
    [{"m.pt": PICKLE}, {"m.gguf": b"GGUF"}, {"SKILL.md": SKILL, "empty": b"", "a.txt": "MZ"}],
)
def test_what_is_as_declared_passes(files: dict[str, str | bytes], tmp_path: Path) -> None:
    assert checked(CHECK, tmp_path, files).outcome is Outcome.PASSED


def test_an_archive_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(tar_of({"SKILL.md": SKILL.encode()}))
    assert rules(checked_path(CHECK, path)) == {"mismatch": Level.WARNING}
    other = path.rename(tmp_path / "a.unnamed")
    assert checked_path(CHECK, other).outcome is Outcome.PASSED
    path.write_bytes(zip_of({"SKILL.md": SKILL.encode()}))
    assert checked_path(CHECK, path).outcome is Outcome.PASSED
