from dataclasses import replace

import pytest

from certification.checks.name_squatting import CHECK
from certification.pipeline import run_check
from certification.types import CheckReport, Level, Outcome, Tools
from registry.domain.identifiers import Format
from tests.certification.checks.local_subject import rules
from tests.certification.checks.model_subject import subject_of
from tests.fakes import FakeCatalogue

KNOWN = ("acme-labs/weather", "acme-labs/notes", "other/converter")


@pytest.fixture
def judge(tmp_path):
    def run(name: str, known: tuple[str, ...] = KNOWN) -> CheckReport:
        subject = replace(subject_of(tmp_path, {}, Format.SKILL), name=name)
        return run_check(CHECK, subject, Tools(catalogue=FakeCatalogue(known)))

    return run


def test_a_name_of_its_own_passes(judge):
    report = judge("bob/translator")
    assert report.outcome is Outcome.PASSED
    assert report.result.evidence[0].content == len(KNOWN)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("bob/weathr", "package"),
        ("bob/c\u043enverter", "package"),
        ("acme-lab5/anything", "namespace"),
        ("weather-official", "package"),
    ],
)
def test_a_name_that_is_taken_for_another_is_a_warning(judge, name, rule):
    assert rules(judge(name)) == {rule: Level.WARNING}


def test_many_likenesses_are_cut(judge):
    assert len(judge("bob/weathr", tuple(f"n{n}/weather" for n in range(99))).result.findings) == 20


def test_not_applicable_and_corrupt(judge, tmp_path):
    assert judge("").outcome is Outcome.NOT_APPLICABLE
    assert judge("\udcff/\udcff").outcome is Outcome.PASSED
    subject = subject_of(tmp_path, {}, Format.SKILL)
    assert run_check(CHECK, subject, Tools()).outcome is Outcome.ERRORED
