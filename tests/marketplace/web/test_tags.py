"""How single values are shown."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from certification.types import Level, Outcome, Stage
from marketplace.web import evidence, tags
from registry.domain.identifiers import Format
from registry.domain.states import State

SPRITE = settings.BASE_DIR / "static/vendor/lucide/icons.svg"


def test_every_value_of_the_domain_has_words():
    assert set(tags.STATES) == set(State)
    assert set(tags.LEVELS) == set(Level)
    assert set(tags.OUTCOMES) >= set(Outcome)
    assert set(tags.FORMATS) == set(Format)
    assert set(tags.STAGES) == set(Stage)


def test_every_icon_in_use_is_in_the_sprite_and_no_other():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text()))
    used = {
        sign.icon for signs in (tags.STATES, tags.OUTCOMES, tags.LEVELS) for sign in signs.values()
    }
    used |= {words[0] for words in evidence._NEEDS.values()} | {tags._UNKNOWN.icon}
    for template in Path(settings.BASE_DIR / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% icon "([^"]+)"', template.read_text()))
    assert drawn == used


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (None, ""),
        ({"path": "a.py", "line": 3, "offset": None}, "a.py, line 3"),
        ({"path": "a.bin", "line": None, "offset": 0}, "a.bin, byte 0"),
        ({"path": "a", "line": None, "offset": None}, "a"),
    ],
)
def test_places(location, words):
    assert tags.at({"location": location}) == words


def test_json_is_bounded():
    assert tags.pretty({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'
    assert tags.pretty("plain") == "plain"
    assert tags.pretty("x" * 20_001).endswith("1 characters more")


def test_unknown_words_do_not_break_a_page():
    assert "Unknown" in tags.state("melted")
    assert tags.format_name("zip") == "zip"
    assert tags.stage_name("press") == "press"
    assert tags.tone("error") == "is-stop"


def test_a_patch_hides_nothing_from_who_reads_it():
    lines = tags.patch_lines("--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n-a\u202eb\ufe0f\tc\n+é\n")
    assert lines == [
        ("muted", "--- a/f\n"),
        ("muted", "+++ b/f\n"),
        ("muted", "@@ -1,1 +1,1 @@\n"),
        ("removed", "-a[U+202E]b[U+FE0F]\tc\n"),
        ("added", "+é\n"),
    ]
    assert tags.patch_lines("odd") == [("muted", "odd\n")]
