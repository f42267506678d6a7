"""Lower ends of ranges, in the words of both ecosystems."""

import pytest

from certification.readers.components import Component, Ecosystem
from certification.readers.lowest import lowest_allowed


@pytest.mark.parametrize(
    ("ecosystem", "constraint", "lowest"),
    [
        (Ecosystem.PYPI, "<3,>=1.2", "1.2"),
        (Ecosystem.PYPI, "< 3, >= 1.2", "1.2"),
        (Ecosystem.PYPI, "~=1.4.2", "1.4.2"),
        (Ecosystem.PYPI, "==2.*", "2"),
        (Ecosystem.PYPI, "!=1.5", "0"),
        (Ecosystem.PYPI, "<= 4", "0"),
        (Ecosystem.PYPI, "*", "0"),
        (Ecosystem.NPM, "^1.2.3", "1.2.3"),
        (Ecosystem.NPM, "~1.2", "1.2.0"),
        (Ecosystem.NPM, "1.x || 2.x", "1.0.0"),
        (Ecosystem.NPM, "1.0.0 - 2.0.0", "1.0.0"),
        (Ecosystem.NPM, ">=2.0.0-beta.1 <3", "2.0.0-beta.1"),
        (Ecosystem.NPM, "latest", "0.0.0"),
    ],
)
def test_the_lowest_version_is_read_off(ecosystem: Ecosystem, constraint: str, lowest: str) -> None:
    assert lowest_allowed(Component(ecosystem, "thing", "", constraint, "x")) == lowest
