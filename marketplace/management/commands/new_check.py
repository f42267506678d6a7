"""`manage.py new_check NAME`: a check, its test (failing until written) and its line in ALL."""

import ast
import re
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

CHECK = '''"""{title}: say here what is looked for, and why it matters."""

from certification.types import Check, Result, Stage, Subject, Tools


def _applies(subject: Subject) -> bool:
    raise NotImplementedError


def _run(subject: Subject, tools: Tools) -> Result:
    raise NotImplementedError


CHECK = Check(
    id="{identifier}",
    version=1,
    stage=Stage.SCAN,
    title="{title}",
    why="",
    remedy="",
    standards=(),
    applies_to=_applies,
    run=_run,
)
'''

TEST = """import pytest

from certification.checks.{name} import CHECK


@pytest.mark.parametrize("case", ["pass", "fail", "not-applicable", "corrupt"])
def test_{name}(case: str) -> None:
    pytest.fail(f"write the {{case}} case of {{CHECK.id}}")
"""


class Command(BaseCommand):
    help = "Scaffold a check: certification/checks/NAME.py, its test, and its line in ALL."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="a new module name, snake_case")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when the name is unfit or taken."""
        name = options["name"]
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
            raise CommandError("NAME must be snake_case, for example NAME=gguf_template.")
        checks = settings.BASE_DIR / "certification" / "checks"
        check = checks / f"{name}.py"
        test = settings.BASE_DIR / "tests" / "certification" / "checks" / f"test_{name}.py"
        if check.exists() or test.exists():
            raise CommandError(f"There is a check {name} already.")
        words = {
            "name": name,
            "identifier": name.replace("_", "-"),
            "title": name.replace("_", " ").capitalize(),
        }
        register = checks / "__init__.py"
        listed = with_line(register.read_text(encoding="utf-8"), name)
        check.write_text(CHECK.format(**words), encoding="utf-8")
        test.parent.mkdir(parents=True, exist_ok=True)
        test.write_text(TEST.format(**words), encoding="utf-8")
        register.write_text(listed, encoding="utf-8")
        for path in (check, test, register):
            self.stdout.write(str(path.relative_to(settings.BASE_DIR)))


def with_line(register: str, name: str) -> str:
    """The register's source with the check imported, in order, and added at the end of ALL.

    Raises CommandError when it has no `ALL: ... = (...)`.
    """
    tree = ast.parse(register)
    listing = next(
        (node for node in tree.body if isinstance(node, ast.AnnAssign | ast.Assign)), None
    )
    if listing is None or not isinstance(listing.value, ast.Tuple):
        raise CommandError("certification/checks/__init__.py has no tuple ALL.")
    imports = next(node for node in tree.body if isinstance(node, ast.ImportFrom))
    modules = [name]
    if imports.module == "certification.checks":
        modules += [alias.name for alias in imports.names]
    entries = [*map(ast.unparse, listing.value.elts), f"{name}.CHECK"]
    lines = register.splitlines()
    # From the bottom up, so that the line numbers above stay true.
    head = lines[listing.lineno - 1].partition(" = (")[0]
    lines[listing.lineno - 1 : listing.end_lineno] = _block(f"{head} = (", entries)
    end = imports.end_lineno if len(modules) > 1 else imports.lineno - 1
    block = _block("from certification.checks import (", sorted(modules))
    lines[imports.lineno - 1 : end] = block
    return "\n".join(lines) + "\n"


def _block(head: str, items: list[str]) -> list[str]:
    return [head, *(f"    {item}," for item in items), ")"]
