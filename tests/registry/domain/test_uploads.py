import pytest

from registry.domain.problems import Code, ProblemError
from registry.domain.uploads import (
    MAX_FILES,
    PART_BYTES,
    Announced,
    check_announcement,
    part_count,
    part_size,
)

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (0, []),
        (1, [1]),
        (PART_BYTES, [PART_BYTES]),
        (PART_BYTES + 1, [PART_BYTES, 1]),
        (3 * PART_BYTES, [PART_BYTES] * 3),
    ],
)
def test_parts(size, sizes):
    assert part_count(size) == len(sizes)
    assert [part_size(size, number) for number in range(1, len(sizes) + 1)] == sizes


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_parts_that_do_not_exist(number):
    assert part_size(10, number) == 0


def test_a_legal_announcement_comes_back_normalised():
    given = [Announced("e\u0301", 1, DIGEST), Announced("d/x", 0, DIGEST)]
    assert [file.path for file in check_announcement(given)] == ["\u00e9", "d/x"]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([], Code.INVALID),
        ([Announced(f"f{n}", 0, DIGEST) for n in range(MAX_FILES + 1)], Code.TOO_MANY_FILES),
        ([Announced("x", -1, DIGEST)], Code.WRONG_SIZE),
        ([Announced("../x", 1, DIGEST)], Code.INVALID_PATH),
        ([Announced("x", 1, "md5:1")], Code.INVALID_PATH),
        ([Announced("x", 60 * 1024**3, DIGEST)], Code.TOO_LARGE),
        ([Announced("x", 1, DIGEST), Announced("X", 1, DIGEST)], Code.DUPLICATE_PATH),
        ([Announced("x", 1, DIGEST), Announced("x/y", 1, DIGEST)], Code.DUPLICATE_PATH),
    ],
)
def test_announcements_that_are_refused(files, code):
    with pytest.raises(ProblemError) as caught:
        check_announcement(files)
    assert caught.value.code is code
    assert caught.value.detail
