"""The house rules that no linter knows."""

import ast
import re
from pathlib import Path

import pytest
from celery import current_app

from certification import dispatch
from certification.checks import ALL
from certification.types import Stage

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    path
    for package in ("registry", "certification", "marketplace", "client", "tests", "bench")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts and "assets" not in path.parts
]
MAX_LINES = 400
NOQA_BUDGET = 20
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "core.py"}


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CODE, ids=named)
def test_every_file_fits_in_the_head(path):
    assert len(path.read_text().splitlines()) <= MAX_LINES
    assert path.name not in FORBIDDEN_NAMES


def test_suppressions_are_few_and_reasoned():
    found = [
        (named(path), line)
        for path in CODE
        for line in path.read_text().splitlines()
        if re.search(r"#\s*noqa:", line)
    ]
    assert len(found) <= NOQA_BUDGET, found
    bare = [(path, line) for path, line in found if not re.search(r"noqa: [A-Z]+\d+ \S", line)]
    assert not bare


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_check_has_its_own_file_its_test_and_its_reasons(check):
    module = check.id.replace("-", "_")
    assert (ROOT / f"certification/checks/{module}.py").is_file()
    assert (ROOT / f"tests/certification/checks/test_{module}.py").is_file()
    assert check.title
    assert check.standards
    assert check.version >= 1


def test_every_check_is_in_the_one_list():
    files = {path.stem for path in (ROOT / "certification/checks").glob("*.py")} - {"__init__"}
    assert {check.id.replace("-", "_") for check in ALL} == files


def test_check_ids_are_unique_and_every_stage_has_one():
    assert len({check.id for check in ALL}) == len(ALL)
    assert {check.stage for check in ALL} == set(Stage)


def test_every_dispatched_task_exists():
    current_app.loader.import_default_modules()
    for name in (dispatch.RUN_STAGE, dispatch.SIGN, dispatch.PROJECT):
        assert name in current_app.tasks


def test_every_scheduled_task_exists():
    current_app.loader.import_default_modules()
    for entry in current_app.conf.beat_schedule.values():
        assert entry["task"] in current_app.tasks


def test_every_own_setting_has_a_reader():
    settings = (ROOT / "marketplace/settings/base.py").read_text()
    own = {
        target.id
        for node in ast.walk(ast.parse(settings))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.startswith("ASSAY_")
    }
    assert own
    elsewhere = "\n".join(path.read_text() for path in CODE if path.name != "base.py")
    assert not {name for name in own if name not in elsewhere}


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=named)
def test_templates_do_not_trust_blindly(path):
    text = path.read_text()
    assert "|safe" not in text.replace(" ", "")
    assert "style=" not in text
    assert not re.search(r"\son[a-z]+=", text)
    for form in re.findall(r"<form[^>]*>.*?</form>", text, re.DOTALL):
        if re.search(r'method="post"', form, re.IGNORECASE):
            assert "csrf_token" in form


def test_nothing_marks_strings_safe_but_the_markdown_renderer():
    users = {named(path) for path in CODE if "mark_safe" in path.read_text()}
    assert users <= {"marketplace/web/markdown.py", "tests/architecture/test_house.py"}
