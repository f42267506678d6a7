"""Markdown of strangers."""

import pytest

from marketplace.web.markdown import render


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>1</script>)",
        "![x](https://tracker.example/pixel.png)",
        '<img src=x onerror="alert(1)">',
        "<style>body{display:none}</style>",
        "[x](vbscript:1)\n\n<iframe src=//x>",
    ],
)
def test_nothing_active_survives(text):
    html = render(text)
    for active in ("<script", "<img", "<style", "<iframe", 'href="java', 'href="data', 'href="vb'):
        assert active not in html


def test_ordinary_markdown_is_rendered():
    html = render("# Title\n\n* one\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code` ~~old~~")
    assert "<h3>Title</h3>" in html
    assert "<li>one</li>" in html
    assert "<td>1</td>" in html
    assert "<s>old</s>" in html


def test_headings_stay_below_those_of_the_page():
    html = render("###### Six\n\nTitle\n=====")
    assert "<h6>Six</h6>" in html
    assert "<h3>Title</h3>" in html


def test_links_carry_no_endorsement():
    assert 'rel="nofollow ugc noopener noreferrer"' in render("[home](https://example.org)")


def test_long_texts_are_cut():
    assert len(render("x" * 200_000)) < 70_000
