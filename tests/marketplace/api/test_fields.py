"""Header values."""

import base64
import hashlib

import pytest

from marketplace.api.v1.fields import (
    Span,
    UnsatisfiableRangeError,
    parse_content_digest,
    parse_range,
)
from registry.domain.problems import ProblemError

RAW = hashlib.sha256(b"part").digest()
B64 = base64.b64encode(RAW).decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=2-5", Span(2, 4)),
        ("bytes=2-", Span(2, 8)),
        ("bytes=2-999999999999999999", Span(2, 8)),
        ("bytes=-3", Span(7, 3)),
        ("bytes=-30", Span(0, 10)),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=\u0660-\u0663", None),
        ("bytes=0-" + "9" * 5000, None),
    ],
)
def test_one_range_or_the_whole(header, expected):
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_ranges_that_start_after_the_end_cannot_be_served(header):
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, 10)


def test_nothing_of_an_empty_file_can_be_asked_for():
    with pytest.raises(UnsatisfiableRangeError):
        parse_range("bytes=0-", 0)


def test_a_span_knows_its_last_byte():
    assert Span(2, 4).last == 5


@pytest.mark.parametrize(
    "header", [f"sha-256=:{B64}:", f"sha-512=:AAAA:, sha-256=:{B64}:", f" sha-256=:{B64}: "]
)
def test_content_digests_are_read(header):
    assert parse_content_digest(header) == "sha256:" + RAW.hex()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha-512=:AAAA:",
        "sha-256=AAAA",
        f"sha-256={B64}",
        f"sha-256=:{B64}",
        "sha-256=:AAAA:",
        "sha-256=:%%%:",
        "sha-256=:ä:",
        "sha-256=::",
        " " * 5000,
    ],
)
def test_content_digests_that_say_nothing_are_refused(header):
    with pytest.raises(ProblemError):
        parse_content_digest(header)
