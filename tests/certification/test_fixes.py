"""Patches are applied by git itself, and what comes out is read again."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from certification import fixes
from certification.fixes import Change, changes_in, patch
from certification.readers.secret_rules import secrets_in

#: Put together here, so that no scanner takes this file for a leak.
TOKEN = "ghp_" + "a8Kd92LmQz71XcVbN4tYpR6sWfGh3JkE5uQz"
LINES = [f"line {number}" for number in range(1, 31)]


def applied(folder: Path, path: str, text: str, diff: str) -> str:
    """What `git apply` makes of a file."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    subprocess.run(
        ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
        input=diff.encode(), cwd=folder, check=True,
    )  # fmt: skip
    return file.read_bytes().decode()


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize(
    "changes",
    [
        [Change(1, ("line 1",), ("first",))],
        [Change(30, ("line 30",), ("last", "more"))],
        [Change(30, ("line 30",), ())],
        [Change(1, (), ("new",))],
        [Change(3, ("line 3",), ()), Change(5, ("line 5",), ("a", "b")), Change(25, (), ("c",))],
        [Change(27, ("line 27",), ("near the end",))],
    ],
)
def test_git_applies_them(tmp_path: Path, changes: list[Change], end: str) -> None:
    text = "\n".join(LINES) + end
    wanted = list(LINES)
    for change in reversed(changes):
        wanted[change.line - 1 : change.after - 1] = change.added
    diff = patch("a folder/f é.txt", text, changes)
    assert applied(tmp_path, "a folder/f é.txt", text, diff).rstrip("\n") == "\n".join(wanted)
    assert changes_in(diff) == changes


@pytest.mark.parametrize(
    ("path", "text", "changes"),
    [
        ("a", "x\n", []),
        ("a\nb", "x\n", [Change(1, ("x",), ("y",))]),
        ("a", "x" * 9000, [Change(1, ("x" * 9000,), ("y",))]),
        ("a", "x\n" * 300_000, [Change(1, ("x",), ("y",))]),
        ("a", f"x\nt = '{TOKEN}'\n", [Change(1, ("x",), ("y",))]),
    ],
)
def test_long_odd_and_telling_patches_are_not_made(
    path: str, text: str, changes: list[Change]
) -> None:
    assert patch(path, text, changes) == ""


def test_hidden_characters(tmp_path: Path) -> None:
    text = "a\r\nhel\u200blo\r\nb\r\n"
    diff = fixes.without("SKILL.md", text, text.index("\u200b"), 1)
    assert applied(tmp_path, "SKILL.md", text, diff) == "a\r\nhello\r\nb\r\n"
    assert fixes.without("SKILL.md", text, 0, 5) == ""


@pytest.mark.parametrize("indent", [2, 4, "\t"])
def test_keys_of_written_json(tmp_path: Path, indent: int | str) -> None:
    config = {"a": [1, {"auto_map": {"x": "y.Z"}, "n": 1e-05}], "auto_map": {"q": "r"}, "z": "é"}
    text = json.dumps(config, indent=indent)
    diff = fixes.without_key("config.json", text, "auto_map")
    after = json.loads(applied(tmp_path, "config.json", text, diff))
    assert after == {"a": [1, {"n": 1e-05}], "z": "é"}


@pytest.mark.parametrize(
    "text", ['{"auto_map": 1}', "{", "[" * 10_000, "x" * 600_000, '{\n  "a": 1\n}']
)
def test_json_laid_out_by_hand_is_left_alone(text: str) -> None:
    assert fixes.without_key("config.json", text, "auto_map") == ""


@pytest.mark.parametrize(
    ("path", "text", "after"),
    [
        ("s.json", '{"allow": ["Bash(*)", "Read"]}', '{"allow": ["Read"]}'),
        ("s.json", '{"allow": [\n  "Read",\n  "Bash(*)"\n]}\n', '{"allow": [\n  "Read"\n]}\n'),
        ("s.json", '{"allow": [\n  "Bash(*)",\n  "R"\n]}\n', '{"allow": [\n  "R"\n]}\n'),
        ("s.json", '{"allow": ["Bash(*)"]}', '{"allow": []}'),
        ("assay.toml", 'allow = ["Bash(*)",]\n', "allow = []\n"),
    ],
)
def test_entries_of_lists(tmp_path: Path, path: str, text: str, after: str) -> None:
    diff = fixes.without_entry(path, text, "Bash(*)")
    assert applied(tmp_path, path, text, diff) == after


@pytest.mark.parametrize(
    "text",
    [
        '["Bash(*)", "Bash(*)"]', '{"a": "Bash(*)"}', '["Bash(*)"', "x" * 600_000, "[" * 9999,
        "[" * 9999 + '"Bash(*)"', '{"Bash(*)": 1}',
    ],
)  # fmt: skip
def test_entries_that_are_not_plain_are_left_alone(text: str) -> None:
    assert fixes.without_entry("s.json", text, "Bash(*)") == ""


@pytest.mark.parametrize(
    ("path", "text", "name", "after"),
    [
        ("requirements.txt", "a\nfoo_bar[x]==1.2 ; x\n", "foo-bar", "a\nfoo_bar[x]==2.0 ; x\n"),
        ("requirements-dev.in", "Foo.Bar >= 1.2", "foo-bar", "Foo.Bar >= 2.0"),
        ("package.json", '{"foo": "^1.2.0"}', "foo", '{"foo": "^2.0"}'),
        ("package.json", '{"@s/foo": "1.2.0"}', "@s/foo", '{"@s/foo": "2.0"}'),
        ("pyproject.toml", 'd = ["foo==1.2", "barfoo==1"]', "foo", 'd = ["foo==2.0", "barfoo==1"]'),
        ("pyproject.toml", 'foo = "^1.2"\n', "foo", 'foo = "^2.0"\n'),
    ],
)
def test_raised(tmp_path: Path, path: str, text: str, name: str, after: str) -> None:
    diff = fixes.raised(path, text, 0, name, "2.0")
    assert applied(tmp_path, path, text, diff) == after


@pytest.mark.parametrize(
    ("path", "text", "line", "version"),
    [
        ("poetry.lock", "foo==1", 0, "2"),
        ("requirements.txt", "foo==1", 0, "2\n--index-url x"),
        ("requirements.txt", "foo==1\nfoo==1", 0, "2"),
        ("requirements.txt", "foo==1", 2, "2"),
        ("requirements.txt", "foo>=1,<2", 0, "2"),
        ("requirements.txt", "foo==1 \\\n --hash=sha256:00", 0, "2"),
        ("requirements.txt", "x" * 600_000, 0, "2"),
    ],
)
def test_what_is_not_raised(path: str, text: str, line: int, version: str) -> None:
    assert fixes.raised(path, text, line, "foo", version) == ""


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", "import os\nT_KEY = '{}'\n", 'import os\nT_KEY = os.environ["T_KEY"]\n'),
        ("a.py", "import re\nf('{}')\n", 'import os\nimport re\nf(os.environ["GITHUB_TOKEN"])\n'),
        ("a.ts", 'const apiKey = "{}"\n', "const apiKey = process.env.APIKEY\n"),
    ],
)
def test_a_credential_is_read_from_the_environment_and_never_shown(
    path: str, before: str, after: str
) -> None:
    text = before.format(TOKEN)
    diff = fixes.from_environment(path, text, next(secrets_in(path, text)))
    assert TOKEN not in diff
    lines = text.split("\n")
    for change in reversed(changes_in(diff)):
        lines[change.line - 1 : change.after - 1] = change.added
    assert "\n".join(lines) == after


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", f"x = '''\n{TOKEN}'''"),
        ("a.md", f"'{TOKEN}'"),
        ("a.py", f"x = '{TOKEN}'"),
        ("a.js", f"x = '{TOKEN}', y = '{TOKEN}'"),
        ("a.js", f"x = '{TOKEN}'\nx{TOKEN}"),
        ("a.js", f"x = '{TOKEN}'\n" + "x" * 600_000),
    ],
)
def test_credentials_that_stand_otherwise_are_left_alone(path: str, text: str) -> None:
    assert [fixes.from_environment(path, text, s) for s in secrets_in(path, text)][:1] == [""]


def test_weights_are_converted_by_a_command() -> None:
    words = shlex.split(fixes.as_safetensors("a b/$(x).bin"))
    assert words[3:] == ["./a b/$(x).bin", "./a b/$(x).safetensors"]
    compile(words[2], "command", "exec")
    assert fixes.as_safetensors("model.pkl") == ""
    assert fixes.as_safetensors("a\n.bin") == ""
