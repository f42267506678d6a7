"""What was seen, arranged for people."""

import pytest

from marketplace.web.evidence import Deed, deeds

READ = Deed("file-text", "Read outside its own files", ("/etc/x", "~/y"))


@pytest.mark.parametrize(
    ("behaviour", "before", "told"),
    [
        (None, None, None),
        ("odd", None, None),
        ({}, None, []),
        ({"read": [], "cut": False}, None, []),
        ({"read": ["/etc/x", "~/y"]}, None, [READ]),
        ({"read": ["/etc/x", "~/y"]}, {"read": ["/etc/x", "~/y"]}, [READ]),
    ],
)
def test_deeds(behaviour, before, told) -> None:
    assert deeds(behaviour, before) == told


def test_what_is_new_is_marked() -> None:
    (deed,) = deeds({"contact": ["a:1", "b:1"]}, {"contact": ["a:1"]}) or []
    assert deed.new == {"b:1"}
    (deed,) = deeds({"contact": ["a:1"]}, {}) or []
    assert deed.new == {"a:1"}
