"""Credentials that were published by mistake. A finding never holds the secret itself."""

import re
from dataclasses import replace
from pathlib import Path

from certification.fixes import from_environment
from certification.readers.secret_rules import Secret, secrets_in
from certification.readers.subject_texts import file_text
from certification.types import (
    Check,
    EachFile,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    SubjectFile,
)

_STANDARDS = ("CWE-798", "CWE-312", "OWASP LLM02:2025", "OWASP MCP01")
_MAX_BYTES = 32 * 1024 * 1024
#: So many findings of a file come with a patch.
_PATCHED = 20
_FIX = "Revoke this credential now, take it out, and read it from the environment instead."
_TEXT = (
    ".md", ".txt", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".env", ".py", ".js",
    ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".jsx", ".sh", ".bash", ".ps1", ".pem", ".key", ".xml",
    ".properties", ".ipynb", ".html", ".rb", ".go", ".rs", ".java", ".tf", ".npmrc", ".pypirc",
)  # fmt: skip
_NAMES = re.compile(
    r"(?:^|/)(?:\.env(?:\.\w+)?|[._]?netrc|\.pgpass|pgpass\.conf|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)"
    r"|credentials|config|kubeconfig|Dockerfile|\.git-credentials)$"
)
_ASIDE = re.compile(r"(?:^|/)(?:tests?|__tests__|fixtures|examples?(?:-\d+\.json)?|docs?)(?:/|$)")
_LARGE = re.compile(r"(?:^|/)(?:vocab|tokenizer|merges|package-lock|[^/]*\.min)\.[a-z]+$")


def _wanted(path: str) -> bool:
    if _LARGE.search(path):
        return False
    return path.casefold().endswith(_TEXT) or _NAMES.search(path) is not None


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    if not _wanted(file.path):
        return None
    content = file_text(where, _MAX_BYTES)
    if content is None and file.size > _MAX_BYTES:
        return Result(incomplete=f"{file.path} is larger than {_MAX_BYTES // 2**20} MiB")
    if content is None:
        return Result(evidence=(Evidence("not searched", "not text"),))
    found = list(secrets_in(file.path, content))
    findings = [_finding(file.path, content, secret) for secret in found]
    patched = [
        replace(finding, patch=from_environment(file.path, content, secret))
        for finding, secret in zip(findings[:_PATCHED], found[:_PATCHED], strict=True)
    ]
    return Result((*patched, *findings[_PATCHED:]))


def _finding(path: str, content: str, secret: Secret) -> Finding:
    kind = secret.rule.replace("-", " ")
    return Finding(
        rule=f"secrets.{secret.rule}",
        level=Level.ERROR if secret.sure else _level(path, secret),
        message=f"This looks like a published credential ({kind}): {secret.masked}.",
        location=Location(path, content.count("\n", 0, secret.start) + 1),
        fix=_FIX,
        standards=_STANDARDS,
    )


def _level(path: str, secret: Secret) -> Level:
    """A key's first line is no key; guesses among tests and examples are made-up values."""
    spoken = secret.rule == "private-key" or _ASIDE.search(path) is not None
    return Level.NOTE if spoken else Level.WARNING


CHECK = Check(
    id="secrets",
    version=3,
    stage=Stage.SCAN,
    title="No published credentials",
    why="A published credential is used within minutes by those who search for them.",
    remedy="Revoke the credential now, take it out, and read it from the environment.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
)
