import pytest

from registry.domain import tokens


def test_a_fresh_token_is_well_formed_and_unlike_the_next():
    first, second = tokens.generate(), tokens.generate()
    assert tokens.well_formed(first)
    assert first != second


@pytest.mark.parametrize(
    "mangle",
    [
        lambda token: token[:-1],
        lambda token: token + "a",
        lambda token: token.removeprefix("assay_"),
        lambda token: token[:10] + ("x" if token[10] != "x" else "y") + token[11:],
        lambda token: token[:10] + "é" + token[11:],
        lambda token: token[:10] + "-" + token[11:],
        lambda token: "",
    ],
)
def test_anything_else_is_refused_before_a_look_up(mangle):
    assert not tokens.well_formed(mangle(tokens.generate()))


def test_what_is_stored_is_not_the_token():
    token = tokens.generate()
    assert token not in tokens.digest(token)
    assert len(tokens.digest(token)) == 64
