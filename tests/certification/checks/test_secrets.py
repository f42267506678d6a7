from pathlib import Path

import pytest

from certification.checks.secrets import CHECK
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, rules

#: Put together here, so that no scanner takes this file for a leak.
AWS = "AKIA" + "Q3EGRIYRTPNLKJHG"
GITHUB = "ghp_" + "a8Kd92LmQz71XcVbN4tYpR6sWfGh3JkE5uQz"
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA7bq9" * 15
VALUE = "q8Zr2Lk9" + "Xw4Tn7Vb3Mc6"


@pytest.mark.parametrize(
    ("path", "text", "rule", "level"),
    [
        ("a.py", f"x = '{AWS}'", "aws-access-key", Level.ERROR),
        ("a.md", GITHUB, "github-token", Level.ERROR),
        ("id_rsa", KEY, "private-key", Level.ERROR),
        ("a.md", KEY[:40], "private-key", Level.NOTE),
        (".netrc", f"machine h login u password {VALUE}", "password-file", Level.ERROR),
        (".pgpass", f"db:5432:app:user:{VALUE}", "password-file", Level.ERROR),
        (".htpasswd", "user:$apr1$q8Zr2Lk9$Xw4Tn7Vb3Mc6q8Zr2Lk9a1", "password-file", Level.ERROR),
        (".npmrc", f"//registry.npmjs.org/:_authToken={VALUE}", "password-file", Level.ERROR),
        (".pypirc", f"[pypi]\npassword = {VALUE}", "password-file", Level.ERROR),
        (".git-credentials", f"https://user:{VALUE}@git.internal", "password-file", Level.ERROR),
        (".kube/config", f"    token: {VALUE}", "password-file", Level.ERROR),
        (".aws/credentials", f"aws_secret_access_key = {VALUE}", "password-file", Level.ERROR),
        (".env", f"API_KEY={VALUE}", "environment-file", Level.WARNING),
        ("a.json", f'{{"client_secret": "{VALUE}"}}', "assignment", Level.WARNING),
        ("a.yaml", f"url: postgres://user:{VALUE}@db.internal", "url-password", Level.WARNING),
    ],
)
def test_credentials_are_found_and_never_shown(
    path: str, text: str, rule: str, level: Level, tmp_path: Path
) -> None:
    report = checked(CHECK, tmp_path, {path: "first\n" + text})
    assert rules(report) == {rule: level}
    assert VALUE not in str(report)
    assert GITHUB not in str(report)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "x = 'AKIAIOSFODNN7EXAMPLE'"),
        ("a.py", "password = os.environ['PASSWORD']"),
        ("a.py", "api_key = 'your-api-key-here'"),
        ("a.py", "access_token_url = 'https://a1.host.org/oauth2/token'"),
        ("a.py", "token_key = 'session-token-v2-name'"),
        ("a.py", "password = '{base64.b64encode(x1)}'"),
        ("a.json", '{"tokenizer_class": "GPT2Tokenizer"}'),
        ("a.py", "password = 'aaaaaaaaaaaa1'"),
        (".env.example", f"API_KEY={VALUE}"),
        ("tokenizer.json", AWS),
    ],
)
def test_placeholders_pass(path: str, text: str, tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {path: text, "SKILL.md": ""})
    assert report.outcome is Outcome.PASSED


def test_large_files_are_searched_and_too_large_ones_said(tmp_path: Path) -> None:
    padding = "x = 1\n" * 500_000
    report = checked(CHECK, tmp_path / "large", {"a.py": padding + f"y = '{AWS}'"})
    assert rules(report) == {"aws-access-key": Level.ERROR}
    report = checked(CHECK, tmp_path / "larger", {"a.txt": b"x" * (32 * 2**20 + 1)})
    assert report.outcome is Outcome.ERRORED
    assert "a.txt is larger" in report.result.incomplete


def test_a_corrupt_file_is_named(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"a.py": b"\0\xff"})
    assert report.result.evidence[0].content == {"a.py": "not text"}


def test_not_applicable(tmp_path: Path) -> None:
    assert checked(CHECK, tmp_path, {"m.gguf": b"GGUF"}).outcome is Outcome.NOT_APPLICABLE


def test_a_patch_reads_it_from_the_environment(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"a.py": f"import os\nGITHUB = '{GITHUB}'\n"})
    (finding,) = report.result.findings
    assert '+GITHUB = os.environ["GITHUB"]' in finding.patch.splitlines()
