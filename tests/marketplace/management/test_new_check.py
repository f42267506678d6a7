import ast

import pytest
from django.core.management.base import CommandError

from marketplace.management.commands.new_check import CHECK, TEST, with_line

EMPTY = '''"""The list."""

from certification.types import Check

ALL: tuple[Check, ...] = ()
'''


def test_checks_are_imported_in_order_and_listed_at_the_end() -> None:
    both = with_line(with_line(EMPTY, "secrets"), "archive")
    assert "import (\n    archive,\n    secrets,\n)\nfrom certification.types" in both
    assert both.endswith("= (\n    secrets.CHECK,\n    archive.CHECK,\n)\n")


def test_a_register_without_a_list_is_refused() -> None:
    with pytest.raises(CommandError, match="no tuple ALL"):
        with_line("from certification.types import Check\n", "secrets")


def test_the_scaffold_is_python() -> None:
    words = {"name": "a_b", "identifier": "a-b", "title": "A b"}
    ast.parse(CHECK.format(**words))
    ast.parse(TEST.format(**words))
