"""What a JavaScript or TypeScript file does. The programs are in tests/assets/code."""

import pytest

from certification.readers import script_code
from certification.readers.abilities import Ability
from certification.readers.script_code import read_script
from tests.certification.readers.programs import programs

GRAVE = {"exfiltrate", "reverse-shell", "decode-run", "download-run", "concealed", "persist"}
SAMPLES = programs("script")
HEAD = """
const fs = require("fs"), os = require("os"), path = require("path"), net = require("net");
const cp = require("child_process"), https = require("https");
"""


def abilities(source: str, language: str = "javascript") -> set[str]:
    code = read_script(source, language)
    assert not code.problem
    return {use.ability.value for use in code.uses}


@pytest.mark.parametrize("sample", SAMPLES["command"], ids=lambda sample: sample["source"])
def test_a_command_is_seen_however_it_is_spelled(sample: dict[str, str]) -> None:
    uses = read_script(sample["source"], "javascript").uses
    assert any(use.ability is Ability.EXECUTE and use.target == "id" for use in uses)


@pytest.mark.parametrize("sample", SAMPLES["does"], ids=lambda sample: sample["source"])
def test_what_a_program_does(sample: dict[str, str]) -> None:
    assert sample["ability"] in abilities(HEAD + sample["source"])


@pytest.mark.parametrize("sample", SAMPLES["honest"], ids=lambda sample: sample["source"])
def test_honest_programs_do_nothing_grave(sample: dict[str, str]) -> None:
    assert not abilities(sample["source"], sample["language"]) & GRAVE


def test_in_a_bundle_a_name_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "const e = atob(x); eval(e)"
    assert "decode-run" in abilities(source)
    monkeypatch.setattr(script_code, "MANY_CALLS", 1)
    assert "decode-run" not in abilities(source)
    assert "decode-run" in abilities("eval(atob(x))")


def test_what_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "parsed" in read_script("%% this is ( not ] a script @@ at # all", "javascript").problem
    assert "deeply" in read_script("[" * 5000, "javascript").problem
    monkeypatch.setattr(script_code, "MAX_CALLS", 2)
    assert "too large" in read_script("a(); b(); c(); d()", "javascript").problem
    monkeypatch.setattr(script_code, "MAX_INNER", 0)
    assert "dynamic" in abilities("eval('f()')")
