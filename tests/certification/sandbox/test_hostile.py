"""Hostile skills in real rooms: contained, named, and gone afterwards."""

from dataclasses import replace
from pathlib import Path

import pytest

from certification.checks import observed_behaviour, sandbox_smoke
from certification.harnesses import script
from certification.harnesses.once import Once
from certification.pipeline import run_check
from certification.ports import Limits, RunRequest
from certification.types import Tools
from registry.domain.identifiers import Format
from tests.certification.checks.model_subject import subject_of
from tests.certification.sandbox.hostile_guests import HOSTILE

pytestmark = pytest.mark.sandbox
SHORT = Limits(wall_seconds=4, cpu_seconds=3, memory_bytes=256 * 1024 * 1024)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would run for ever is given less time to do it."""
    monkeypatch.setattr(script, "_LIMITS", SHORT)


def host() -> dict[str, object]:
    """What a guest would change on the machine, had it come out."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    mounts = len(Path("/proc/self/mountinfo").read_text().splitlines())
    places = ("/", "/etc", "/usr", "/tmp/x", "/tmp/linked", "/workspace")
    return {
        "core_pattern": pattern,
        "mounts": mounts,
        **{
            place: sorted(Path(place).iterdir()) if Path(place).is_dir() else "" for place in places
        },
    }


def guests_left() -> list[bytes]:
    """Command lines of processes that run our script."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"hostile-artifact.py" in line:
                found.append(line)
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_hostile_artifact_does_is_contained_and_named(sandbox, tmp_path: Path, name: str):
    source, rules = HOSTILE[name]
    before = host()
    subject = subject_of(tmp_path, {"hostile-artifact.py": source.encode()}, Format.SKILL)
    tools = Tools(sandbox=Once(sandbox))
    reports = [run_check(m.CHECK, subject, tools) for m in (sandbox_smoke, observed_behaviour)]
    found = {finding.rule.partition(".")[2] for one in reports for finding in one.result.findings}
    assert [one.result.incomplete for one in reports] == ["", ""]
    for rule in rules.split():
        wanted = rule.removesuffix("*")
        assert any(have.startswith(wanted) for have in found), (rule, found)
    assert guests_left() == []
    assert host() == before


def test_an_honest_script_is_not_named(sandbox, tmp_path: Path):
    source = b"import json, pathlib, tempfile\nprint(json.dumps({'sum': 1 + 1}))\n"
    source += b"pathlib.Path(tempfile.mkdtemp(), 'x').write_text('x')\n"
    source += b"print(open('/workspace/notes.txt').read())\n"
    subject = subject_of(tmp_path, {"honest.py": source}, Format.SKILL)
    report = run_check(observed_behaviour.CHECK, subject, Tools(sandbox=sandbox))
    assert report.result.findings == ()


def test_two_runs_give_one_record(sandbox, tmp_path: Path):
    source = b"import os, subprocess, socket, tempfile\nprint(dict(os.environ), os.getpid())\n"
    source += b"subprocess.run(['cat', os.environ['HOME'] + '/.npmrc'])\ntempfile.mkdtemp()\n"
    source += b"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect_ex(('203.0.113.9', 53))\n"
    subject = subject_of(tmp_path, {"a.py": source}, Format.SKILL)
    records = []
    for _ in range(3):
        report = run_check(observed_behaviour.CHECK, subject, Tools(sandbox=Once(sandbox)))
        records.append(replace(report.result))
    assert records[0] == records[1] == records[2]
    assert "canary" in str(records[0])


def test_honeytokens_never_leave_the_room_as_they_are(sandbox, tmp_path: Path):
    (tmp_path / "a").mkdir()
    seen = sandbox.run(
        RunRequest(
            artifact=tmp_path / "a",
            command=("python", "/assay/script.py"),
            runtime="python",
            script="import os; print(open(os.environ['HOME'] + '/.git-credentials').read(),"
            " os.environ['GITHUB_TOKEN'])",
            observe=True,
            limits=SHORT,
        )
    )
    assert "<canary:git>" in seen.stdout
    assert "<canary:env-github>" in seen.stdout
    assert seen.exit_code == 0
