import pytest

from certification.readers.names import Likeness, distance, likeness


@pytest.mark.parametrize(
    ("name", "known", "how"),
    [
        ("paypa1", "paypal", Likeness.LOOKS),
        ("p\u0430ypal", "paypal", Likeness.LOOKS),
        ("rnodel-hub", "model-hub", Likeness.LOOKS),
        ("unit_converter", "unit-converter", Likeness.SEPARATED),
        ("unitconverter", "unit-converter", Likeness.SEPARATED),
        ("wheather", "weather", Likeness.TYPED),
        ("waether-mcp", "weather", Likeness.TYPED),
        ("filesystemm", "filesystem", Likeness.TYPED),
        ("kubernets-managr", "kubernetes-manager", Likeness.TYPED),
        ("weather-official", "weather", Likeness.BOASTS),
        ("secure-weather-mcp", "weather", Likeness.BOASTS),
        ("weather", "weather", None),
        ("weather-mcp", "weather", None),
        ("weather-maps", "weather", None),
        ("notes", "votes", None),
        ("llama-2-7b", "llama-2-8b", None),
        ("translate", "summarise", None),
        ("slideshow", "sideshows", None),
        ("abcdefg", "hijklmn", None),
    ],
)
def test_names_that_may_be_taken_for_others(name: str, known: str, how: Likeness | None) -> None:
    assert likeness(name, known) is how


@pytest.mark.parametrize(
    ("one", "other", "limit", "apart"),
    [
        ("", "", 1, 0),
        ("ca", "ac", 2, 1),
        ("kitten", "sitting", 5, 3),
        ("kitten", "sitting", 2, 3),
        ("abcd", "wxyz", 1, 2),
        ("abc", "abcdef", 1, 2),
        ("ab", "ba", 0, 1),
    ],
)
def test_distance_is_bounded(one: str, other: str, limit: int, apart: int) -> None:
    assert distance(one, other, limit) == apart
