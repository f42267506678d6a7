from dataclasses import replace

import pytest

from certification import memo
from certification.types import (
    Check,
    EachFile,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    RulePack,
    Stage,
    SubjectFile,
)

CHECK = Check(
    id="a",
    version=1,
    stage=Stage.SCAN,
    title="A",
    standards=(),
    applies_to=lambda subject: True,
    run=EachFile(lambda file, path: None),
    packs=(RulePack("p", "1", "sha256:1"), RulePack("q", "1", "sha256:2")),
)
FILE = SubjectFile("a/b", 3, "ab" * 32)
FOUND = Result(
    (Finding("a.b", Level.ERROR, "m", Location("a/b", line=2), "f", ("CWE-1",)),),
    (Evidence("e", {"n": [1, 2]}),),
)


def test_anything_that_may_change_the_answer_changes_the_key() -> None:
    other = RulePack("p", "1", "sha256:3")
    keys = [
        memo.key_of(CHECK, FILE),
        memo.key_of(replace(CHECK, id="b"), FILE),
        memo.key_of(replace(CHECK, version=2), FILE),
        memo.key_of(replace(CHECK, packs=(other, CHECK.packs[1])), FILE),
        memo.key_of(replace(CHECK, packs=()), FILE),
        memo.key_of(CHECK, replace(FILE, path="a/c")),
        memo.key_of(CHECK, replace(FILE, sha256="cd" * 32)),
    ]
    assert len(set(keys)) == len(keys)


def test_what_cannot_change_the_answer_does_not() -> None:
    same = replace(CHECK, title="B", packs=CHECK.packs[::-1])
    assert memo.key_of(same, FILE) == memo.key_of(CHECK, FILE)


def test_an_answer_comes_back_as_it_was() -> None:
    kept = memo.kept(FOUND)
    assert kept is not None
    assert memo.restored(kept) == FOUND
    assert memo.kept(memo.restored(kept)) == kept


@pytest.mark.parametrize(
    "result",
    [
        replace(FOUND, incomplete="cut"),
        replace(FOUND, evidence=(Evidence("e", "x" * memo.MAX_ANSWER_BYTES),)),
    ],
)
def test_unfinished_and_endless_answers_are_not_kept(result: Result) -> None:
    assert memo.kept(result) is None
