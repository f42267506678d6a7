"""Credentials that were published by mistake. A finding never holds the secret itself."""

import re

from certification.readers.secret_rules import Secret, secrets_in
from certification.readers.subject_texts import TextFiles
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    Subject,
    Tools,
)

_STANDARDS = ("CWE-798", "CWE-312", "OWASP LLM02:2025", "OWASP MCP01")
_MAX_BYTES = 2 * 1024 * 1024
_FIX = "Revoke this credential now, take it out, and read it from the environment instead."
_TEXT = (
    ".md", ".txt", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".env", ".py", ".js",
    ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".jsx", ".sh", ".bash", ".ps1", ".pem", ".key", ".xml",
    ".properties", ".ipynb", ".html", ".rb", ".go", ".rs", ".java", ".tf", ".npmrc", ".pypirc",
)  # fmt: skip
_NAMES = re.compile(
    r"(?:^|/)(?:\.env(?:\.\w+)?|[._]?netrc|\.pgpass|pgpass\.conf|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)"
    r"|credentials|config|Dockerfile|\.git-credentials)$"
)
_LARGE = re.compile(r"(?:^|/)(?:vocab|tokenizer|merges|package-lock|[^/]*\.min)\.[a-z]+$")


def _wanted(path: str) -> bool:
    if _LARGE.search(path):
        return False
    return path.casefold().endswith(_TEXT) or _NAMES.search(path) is not None


def _run(subject: Subject, tools: Tools) -> Result:
    files = TextFiles(subject, _wanted, _MAX_BYTES)
    findings = [
        _finding(path, content, secret)
        for path, content in files
        for secret in secrets_in(path, content)
    ]
    evidence = Evidence("secrets", {"files": files.count, "skipped": files.skipped[:50]})
    return Result(tuple(findings), (evidence,))


def _finding(path: str, content: str, secret: Secret) -> Finding:
    kind = secret.rule.replace("-", " ")
    return Finding(
        rule=f"secrets.{secret.rule}",
        level=Level.ERROR if secret.sure else Level.WARNING,
        message=f"This looks like a published credential ({kind}): {secret.masked}.",
        location=Location(path, content.count("\n", 0, secret.start) + 1),
        fix=_FIX,
        standards=_STANDARDS,
    )


def _applies(subject: Subject) -> bool:
    return any(_wanted(file.path) for file in subject.files)


CHECK = Check(
    id="secrets",
    version=1,
    stage=Stage.SCAN,
    title="No published credentials",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
