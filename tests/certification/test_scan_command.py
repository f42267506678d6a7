import json
import subprocess
import sys
from pathlib import Path

import pytest

from certification.__main__ import main

SKILL = "---\nname: a\ndescription: b\n---\nRead the input.\n"


def test_a_clean_skill_is_approved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "SKILL.md").write_text(SKILL)
    assert main(["scan", str(tmp_path)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["path"], line["decision"]) == (str(tmp_path), "approve")
    assert {"id", "version", "outcome", "findings"} <= line["checks"][0].keys()


def test_one_line_a_path_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "SKILL.md").write_text(SKILL)
    unknown = tmp_path / "x.bin"
    unknown.write_bytes(b"unknown")
    assert main(["scan", str(tmp_path), str(unknown), "--format", "sarif"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[1]["runs"][0]["properties"]["decision"] == "review"


def test_misuse_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["scan", "/does/not/exist"])
    assert ended.value.code == 2
    assert "does not exist" in capsys.readouterr().err


def test_unreadable_paths_are_for_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.zip").mkdir()
    loop = tmp_path / "self"
    loop.symlink_to("/proc/self/mem")
    assert main(["scan", str(loop)]) == 1
    assert json.loads(capsys.readouterr().out)["decision"] == "review"


def test_no_web_framework_is_loaded() -> None:
    code = "import sys, certification.__main__; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
