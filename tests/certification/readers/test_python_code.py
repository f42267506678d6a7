"""What a Python file does, however it is spelled. The programs are in tests/assets/code."""

import pytest

from certification.readers import python_code, python_flows
from certification.readers.abilities import Ability
from certification.readers.python_code import read_python
from tests.certification.readers.programs import programs

GRAVE = {"exfiltrate", "reverse-shell", "decode-run", "download-run", "concealed", "persist"}
SAMPLES = programs("python")


def abilities(source: str) -> set[str]:
    code = read_python(source)
    assert not code.problem
    return {use.ability.value for use in code.uses}


def targets(source: str, ability: Ability) -> list[str]:
    return [use.target for use in read_python(source).uses if use.ability is ability]


@pytest.mark.parametrize("sample", SAMPLES["command"], ids=lambda sample: sample["source"])
def test_a_command_is_seen_however_it_is_spelled(sample: dict[str, str]) -> None:
    assert "id" in targets(sample["source"], Ability.EXECUTE)


@pytest.mark.parametrize("sample", SAMPLES["does"], ids=lambda sample: sample["source"])
def test_what_a_program_does(sample: dict[str, str]) -> None:
    assert sample["ability"] in abilities(sample["source"])


@pytest.mark.parametrize("sample", SAMPLES["honest"], ids=lambda sample: sample["source"])
def test_honest_programs_do_nothing_grave(sample: dict[str, str]) -> None:
    assert not abilities(sample["source"]) & GRAVE


def test_what_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "parsed" in read_python("def (").problem
    assert "parsed" in read_python("\0").problem
    assert "deeply" in read_python("-" * 200_000 + "1").problem
    monkeypatch.setattr(python_flows, "MAX_NODES", 5)
    assert "too large" in read_python("a = 1\nb = 2\nc = 3").problem
    monkeypatch.setattr(python_code, "MAX_INNER", 0)
    assert not targets("exec('import os; os.system(1)')", Ability.EXECUTE)
