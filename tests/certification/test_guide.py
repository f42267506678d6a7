"""The pages about checks are current, and no threat is left to nobody."""

from pathlib import Path

import pytest

from certification import guide
from certification.__main__ import main
from certification.checks import ALL
from certification.standards import STANDARDS, Taxonomy, standard

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["checks.md", "threats.md"])
def test_the_pages_are_what_the_checks_say(tmp_path: Path, page: str) -> None:
    assert main(["docs", str(tmp_path)]) == 0
    current = (tmp_path / page).read_text() == (DOCS / page).read_text()
    assert current, f"docs/{page} is old: run `.venv/bin/python -m certification docs`"


def test_every_threat_has_a_check_or_a_reason_why_not() -> None:
    assert guide.uncovered(ALL) == []
    assert set(guide.uncovered([])) < set(STANDARDS)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_every_check_says_what_it_is_for_by_known_standards(check) -> None:
    assert check.why.endswith(".")
    assert check.remedy.endswith(".")
    for name in check.standards:
        assert standard(name).id == name


def test_unknown_standards_are_refused() -> None:
    assert standard("CWE-79").taxonomy is Taxonomy.CWE
    with pytest.raises(KeyError):
        standard("CWE-x")


def test_every_check_has_its_layer_and_every_layer_a_check() -> None:
    placed = {name for names in guide.LAYERS.values() for name in names}
    assert placed == {check.id for check in ALL}, "place the check in certification/guide.py LAYERS"
    assert all(guide.LAYERS.values())


def test_the_matrix_counts_checks_by_layer() -> None:
    (row,) = [one for one in guide.threats_page(ALL).splitlines() if "| OWASP MCP03 Tool" in one]
    cells = dict(zip(guide.LAYERS, row.split("|")[2:-1], strict=True))
    assert cells["Tools"].strip() == str(
        len([c for c in ALL if c.id in guide.LAYERS["Tools"] and "OWASP MCP03" in c.standards])
    )
    assert not cells["Weights"].strip()
