from pathlib import Path

import pytest

from certification.checks.static_analysis import CHECK
from certification.readers.code_files import MAX_CODE_BYTES
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, rules

SKILL = "---\nname: a\ndescription: b\n---\n"
SERVER = "from mcp import FastMCP\nmcp = FastMCP('a')\n@mcp.tool()\ndef f(q):\n"
SHELL = "subprocess-popen-with-shell-equals-true"
QUERY = "'SELECT * FROM t WHERE a = ?'"
LOOSE = "  execute = f'select {q} from t'"
NODE = "const server = new McpServer({name: 'a'});\n"


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("a.py", "  subprocess.run(f'ls {q}', shell=True)", SHELL),
        ("a.py", "  os.system('ls ' + q)", "start-process-with-a-shell"),
        ("a.py", "  from os import system\n  system('ls ' + q)", "start-process-with-a-shell"),
        ("a.py", "  return eval(q)", "blacklist"),
        ("a.py", "  exec(q)", "exec-used"),
        ("a.py", "  yaml.load(q)", "yaml-load"),
        ("a.py", "  db.execute('SELECT * FROM t WHERE a = ' + q)", "hardcoded-sql-expressions"),
        ("a.py", "  requests.get(q, verify=False)", "request-with-no-cert-validation"),
        ("a.js", "exec(`ls ${q}`)", "command-injection"),
        ("a.js", "execSync('ls ' + q)", "command-injection"),
        ("a.ts", "db.query(`SELECT * FROM t WHERE a = ${q}`)", "sql-injection"),
        ("a.js", "fs.readFileSync(path.join(root, args.name))", "path-traversal"),
        ("a.mjs", "https.get({host, rejectUnauthorized: false})", "tls-off"),
        ("a.js", "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'", "tls-off"),
        ("a.js", "serialize.unserialize(q)", "unsafe-deserialisation"),
        ("a.js", "eval(args.code)", "code-injection"),
    ],
)
def test_what_a_model_says_arrives(path: str, source: str, rule: str, tmp_path: Path) -> None:
    """A warning where tools are offered; a note where a program is only run by its user."""
    imports = "import os, subprocess, requests, yaml\n"
    head = imports + SERVER if path.endswith(".py") else NODE
    report = checked(CHECK, tmp_path / "tool", {path: head + source, "SKILL.md": SKILL})
    assert rules(report) == {rule: Level.WARNING}
    head = imports + "def f(q):\n" if path.endswith(".py") else ""
    report = checked(CHECK, tmp_path / "plain", {path: head + source, "SKILL.md": SKILL})
    assert rules(report) == {rule: Level.NOTE}


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("a.js", "server.listen(80, '0.0.0.0')", "bind-all"),
        ("a.js", "spawn(p, a, {cwd, shell: true})", "shell-option"),
        ("a.js", "fetch(args.url)", "request-forgery"),
    ],
)
def test_what_is_only_noted(path: str, source: str, rule: str, tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {path: NODE + source, "SKILL.md": SKILL})
    assert report.outcome is Outcome.PASSED
    assert rules(report) == {rule: Level.NOTE}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.py", SERVER + "  return subprocess.run(['git', 'log', q], check=True)"),
        ("a.py", f"{SERVER}  db.execute({QUERY}, (q,))"),
        ("a.py", SERVER + "  return 'is selected from ' + q + ' and update it set'"),
        ("a.py", SERVER + LOOSE),
        ("a.py", SERVER + "  random.random(), hashlib.md5(q), open(q)"),
        ("a.py", "assert subprocess.Popen(shell=False)  # shell = True"),
        ("a.js", NODE + "execFile('git', ['log', q]); /x/.exec(`a${q}`); execSync('git log')"),
        ("a.js", f"{NODE}db.query({QUERY}, [q]); log.run(`select ${{q}}`)"),
        ("a.js", NODE + "const p = validate(args.path); fs.readFile(p)"),
        ("a.tsx", "const a = <div>{fetch(`https://a.example/${q}`)}</div>"),
    ],
)
def test_honest_code_passes(path: str, source: str, tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {path: source, "SKILL.md": SKILL})
    assert report.outcome is Outcome.PASSED
    assert not report.result.findings


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("eval(x\n", "bandit"),
        (b"eval(\0", "not text"),
        ("#" * (MAX_CODE_BYTES + 1), "too large"),
    ],
)
def test_a_corrupt_file_is_said(content: str | bytes, says: str, tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"a.py": content, "SKILL.md": SKILL})
    assert report.outcome is Outcome.ERRORED
    assert says in report.result.incomplete


def test_not_applicable_without_code(tmp_path: Path) -> None:
    report = checked(CHECK, tmp_path, {"SKILL.md": SKILL, "a.sh": "ls"})
    assert report.outcome is Outcome.NOT_APPLICABLE
