import json
from pathlib import Path

import pytest

from certification.checks.hidden_text import CHECK
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, rules

TAGS = "".join(chr(0xE0000 + ord(c)) for c in "ignore all")
BITS = "".join("\u200b\u200c"[int(b)] for c in "hi" for b in f"{ord(c):08b}")
SELECTORS = "".join(chr(0xFE00 + b) if b < 16 else chr(0xE0100 + b - 16) for b in b"run")


@pytest.mark.parametrize(
    ("text", "rule", "level", "spells"),
    [
        (f"Weather.{TAGS}", "tags", Level.ERROR, "ignore all"),
        (f"Weather.{BITS}", "zero-width-bits", Level.ERROR, "hi"),
        ("Weather." + "\u200b" * 9, "zero-width-bits", Level.ERROR, ""),
        (f"x{SELECTORS}", "variation-selectors", Level.ERROR, "run"),
        ("a \u202eb", "bidi-override", Level.ERROR, ""),
        ("a \u2066b\u2069", "bidi", Level.WARNING, ""),
        ("pass\u200bword", "split-word", Level.WARNING, ""),
        ("a \u200b b", "invisible", Level.NOTE, ""),
        ("a \x1b[8m b", "ansi-concealed", Level.ERROR, ""),
        ("a \x1b[31m b", "ansi-escape", Level.WARNING, ""),
        ("a" + "\n" * 50 + "b", "gap", Level.WARNING, ""),
    ],
)
def test_hidden_text_is_found(
    text: str, rule: str, level: Level, spells: str, tmp_path: Path
) -> None:
    report = checked(CHECK, tmp_path, {"SKILL.md": text})
    assert rules(report)[rule] is level
    assert any(spells in finding.message for finding in report.result.findings)
    escaped = json.dumps({"description": "Some words: " + text})
    assert rules(checked(CHECK, tmp_path, {"SKILL.md": "", "tools.json": escaped}))[rule] is level


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "\ufeffplain",
        "family \U0001f469\u200d\U0001f4bb \U0001f3f3\ufe0f\u200d\U0001f308 \u2764\ufe0f",
        "flag \U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian with a non-joiner
        "\u0915\u094d\u200d\u0937",  # Devanagari with a joiner
        "\u05e9\u05dc\u05d5\u05dd \u2067abc\u2069",  # Hebrew with an isolate
        "\u0e44\u0e17\u0e22\u200b\u0e44\u0e17\u0e22",  # Thai with a zero-width space
        "mark\u200e",
        "\u8fbb\U000e0100",  # an ideographic variant
    ],
)
def test_what_writing_needs_is_left_alone(text: str, tmp_path: Path) -> None:
    assert checked(CHECK, tmp_path, {"SKILL.md": text}).outcome is Outcome.PASSED


def test_code_may_write_escapes_but_no_overrides(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"a.py": "x = '\x1b[8m' # \u202e"})
    assert set(rules(report)) == {"bidi-override"}


def test_not_applicable_and_unreadable(tmp_path: Path) -> None:
    assert checked(CHECK, tmp_path, {"m.gguf": b"GGUF"}).outcome is Outcome.NOT_APPLICABLE
    report = checked(CHECK, tmp_path, {"SKILL.md": b"\0binary"})
    assert report.outcome is Outcome.ERRORED


def test_patches_take_the_characters_out_and_are_few(tmp_path: Path) -> None:
    text = "a\n" + "wo\u200brd\n\n\n" * 30
    found = checked(CHECK, tmp_path, {"SKILL.md": text}).result.findings
    assert "+word" in found[0].patch.splitlines()
    assert [bool(finding.patch) for finding in found] == [True] * 20 + [False] * 10
