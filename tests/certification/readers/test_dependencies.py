"""Manifests and lock files of Python and Node, honest and broken."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from certification.intake import open_subject
from certification.readers import dependencies
from certification.readers.components import Component, Source
from certification.readers.dependencies import dependencies_of, resolved

REQUIREMENTS = """\
# what it needs
requests==2.31.0 \\
    --hash=sha256:aa
Flask[async]>=2,<3 ; python_version > "3.8"
-r other.txt
--index-url https://evil.example/simple
-e git+https://example.org/x.git#egg=inner
https://example.org/wheel-1.0.whl
./local/thing
bare
name @ https://example.org/n.zip
wild==1.*
"""
PYPROJECT = """
[project]
dependencies = ["httpx==0.27.0"]
[project.optional-dependencies]
extra = ["rich"]
[tool.poetry.dependencies]
python = "^3.11"
click = "^8"
odd = {git = "https://example.org/odd.git"}
far = {url = "https://example.org/far.whl"}
near = {path = "../near", version = "1"}
"""
UV = """
version = 1
[[package]]
name = "me"
version = "0"
source = { editable = "." }
[[package]]
name = "Urllib3"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "x", hash = "sha256:aa" }]
[[package]]
name = "fork"
version = "1"
source = { git = "https://example.org/x.git" }
[[package]]
name = "direct"
version = "1"
source = { url = "https://example.org/x.whl" }
[[package]]
name = "beside"
version = "1"
source = { directory = "../x" }
"""
POETRY = """
[[package]]
name = "jinja2"
version = "3.1.0"
files = [{file = "x", hash = "sha256:aa"}]
[[package]]
name = "vcs"
version = "1"
[package.source]
type = "git"
"""
PYLOCK = """
lock-version = "1.0"
[[packages]]
name = "attrs"
version = "25.1.0"
wheels = [{name = "x", hashes = {sha256 = "aa"}}]
[[packages]]
name = "hg"
[packages.vcs]
url = "x"
"""
LOCK3 = {
    "packages": {
        "": {"name": "me"},
        "node_modules/left-pad": {"version": "1.3.0", "integrity": "sha512-x",
                                  "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz"},
        "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "resolved": "https://evil.example/b.tgz"},
        "node_modules/tested": {"version": "1.0.0", "dev": True},
        "node_modules/linked": {"link": True},
        "node_modules/forked": {"version": "git+ssh://git@example.org/x.git"},
        "node_modules/..": {"name": "not a name", "version": "1.0.0"},
        "packages/mine": {"version": "1.0.0"},
    }
}  # fmt: skip
LOCK1 = {
    "dependencies": {
        "a": {"version": "1.0.0", "integrity": "x", "dependencies": {"b": {"version": "2.0.0"}}},
        "d": {"version": "1.0.0", "dev": True},
        "no name!": {"version": "1.0.0"},
    }
}
YARN = """# yarn lockfile v1


"@babel/core@^7.0.0", "@babel/core@^7.1.0":
  version "7.2.0"
  integrity sha512-x
  dependencies:
    semver "^5"

semver@^5:
  version "5.7.1"

__metadata:
  version: 8
"""
BERRY = """__metadata:
  version: 8

"lodash@npm:^4":
  version: 4.17.20
  checksum: 10/x
"""
PNPM = """
lockfileVersion: '9.0'
packages:
  lodash@4.17.20:
    resolution: {integrity: sha512-x}
  /@s/old@1.0.0(peer@2.0.0):
    resolution: {tarball: x}
  nonsense: {}
"""
PACKAGE = {
    "dependencies": {
        "exact": "1.2.3",
        "same": "=1.2.3",
        "range": "^1",
        "any": "",
        "alias": "npm:real@2.0.0",
        "twice": "npm:@s/real@^2",
        "repo": "someone/thing#main",
        "host": "github:a/b",
        "far": "https://example.org/x.tgz",
        "near": "file:../x",
        "not a name": "1.0.0",
    },
    "optionalDependencies": {"maybe": "*"},
    "devDependencies": {"never": "1.0.0"},
}


def found(tmp_path: Path, files: dict[str, str]) -> dependencies.Dependencies:
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    with open_subject(tmp_path, lenient=True) as subject:
        return dependencies_of(subject)


def short(components: tuple[Component, ...]) -> set[str]:
    """name==version or name constraint, source where it is not the registry, # where hashed."""
    return {
        f"{c.name}{'==' + c.version if c.version else ' ' + c.constraint}"
        + ("" if c.source is Source.REGISTRY else f" [{c.source}]")
        + ("#" if c.hashed else "")
        for c in components
    }


CASES: list[tuple[str, str, set[str]]] = [
    (
        "requirements.txt",
        REQUIREMENTS,
        {
            "requests==2.31.0#",
            "flask <3,>=2",
            "inner git+https://example.org/x.git#egg=inner [vcs]",
            "wheel-1-0-whl https://example.org/wheel-1.0.whl [url]",
            "thing ./local/thing [local]",
            "bare *",
            "name https://example.org/n.zip [url]",
            "wild ==1.*",
        },
    ),
    ("requirements/prod.txt", "a==1", {"a==1"}),
    (
        "pyproject.toml",
        PYPROJECT,
        {"httpx==0.27.0", "rich *", "click ^8", "odd * [vcs]", "far * [url]", "near 1 [local]"},
    ),
    ("uv.lock", UV, {"urllib3==2.0.0#", "fork==1 [vcs]", "direct==1 [url]", "beside==1 [local]"}),
    ("poetry.lock", POETRY, {"jinja2==3.1.0#", "vcs==1 [vcs]"}),
    ("pylock.toml", PYLOCK, {"attrs==25.1.0#", "hg * [vcs]"}),
    (
        "Pipfile.lock",
        json.dumps({"default": {"six": {"version": "==1.16.0", "hashes": [0]}, "g": {"git": 0}}}),
        {"six==1.16.0#", "g * [vcs]"},
    ),
    (
        "thing-1.0.dist-info/METADATA",
        "Name: thing\nRequires-Dist: six>=1\nRequires-Dist: rich; extra == 'x'\n\nbody: six==9\n",
        {"six >=1"},
    ),
    (
        "package.json",
        json.dumps(PACKAGE),
        {
            "exact==1.2.3", "same==1.2.3", "range ^1", "any *", "real==2.0.0", "@s/real ^2",
            "repo someone/thing#main [vcs]", "host github:a/b [vcs]",
            "far https://example.org/x.tgz [url]", "near file:../x [local]", "maybe *",
        },
    ),
    ("node_modules/x/package.json", '{"name": "x", "version": "1.0.0"}', {"x==1.0.0 [bundled]"}),
    ("node_modules/x/package.json", '{"name": "x", "version": "latest"}', set()),
    ("node_modules/x/package-lock.json", json.dumps(LOCK1), set()),
    (
        "package-lock.json",
        json.dumps(LOCK3),
        {
            "left-pad==1.3.0#", "@s/b==2.0.0 [url]",
            "forked git+ssh://git@example.org/x.git [vcs]",
        },
    ),
    ("npm-shrinkwrap.json", json.dumps(LOCK1), {"a==1.0.0#", "b==2.0.0"}),
    ("yarn.lock", YARN, {"@babel/core==7.2.0#", "semver==5.7.1"}),
    ("yarn.lock", BERRY, {"lodash==4.17.20#"}),
    ("pnpm-lock.yaml", PNPM, {"lodash==4.17.20#", "@s/old==1.0.0"}),
    ("readme.txt", "six==1", set()),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_what_each_format_names(tmp_path: Path, path: str, text: str, expected: set[str]) -> None:
    got = found(tmp_path, {path: text})
    assert short(got.components) == expected
    assert got.unread == ()


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("requirements.txt", "six==1\n???", "cannot be read"),
        ("pyproject.toml", "[project", "not valid TOML"),
        ("package.json", "[]", "no JSON object"),
        ("package.json", '{"a":' * 5000, "not valid JSON"),
        ("pnpm-lock.yaml", "packages: &a\n  b: *a", "aliases"),
        ("pnpm-lock.yaml", "x" * (4 * 2**20 + 1), "larger than 4 MiB"),
        ("yarn.lock", "\udc80", "not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, path: str, text: str, why: str) -> None:
    (tmp_path / path).write_bytes(text.encode("utf-8", "surrogateescape"))
    with open_subject(tmp_path, lenient=True) as subject:
        got = dependencies_of(subject)
    assert why in " ".join(got.unread)


@pytest.mark.parametrize(("path", "text", "_"), CASES)
def test_every_truncation_is_read_or_said(tmp_path: Path, path: str, text: str, _: set) -> None:
    reader = dependencies._reader(path) or (lambda path, text: iter(()))
    for cut in range(0, len(text), 3):
        with suppress(dependencies.LockError):
            list(reader(path, text[:cut]))


def test_sizes_and_counts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "MAX_LOCK_BYTES", 100)
    assert "larger" in found(tmp_path, {"yarn.lock": "x" * 101}).unread[0]
    monkeypatch.setattr(dependencies, "MAX_COMPONENTS", 3)
    got = found(tmp_path / "b", {"requirements.txt": "\n".join(f"p{n}==1" for n in range(9))})
    assert len(got.components) == 3
    assert "Only 3" in got.unread[0]
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"dependencies": {"a": {"version": "1.0.0", **deep}}}
    monkeypatch.setattr(dependencies, "MAX_LOCK_BYTES", 10**6)
    monkeypatch.setattr(dependencies, "MAX_COMPONENTS", 300)
    assert len(found(tmp_path / "c", {"package-lock.json": json.dumps(deep)}).components) == 1


def test_a_lock_answers_the_wishes_of_its_manifest(tmp_path: Path) -> None:
    files = {
        "package.json": json.dumps({"dependencies": {"a": "^1", "fixed": "2.0.0"}}),
        "package-lock.json": json.dumps(LOCK1),
        "sub/package.json": json.dumps({"dependencies": {"c": "^1"}}),
        "requirements.txt": "six",
    }
    got = resolved(found(tmp_path, files).components)
    assert short(got) == {"a==1.0.0#", "b==2.0.0", "fixed==2.0.0", "c ^1", "six *"}


def test_package_addresses() -> None:
    by_name = {
        c.name: c.purl for c in dependencies._BY_NAME["package.json"]("p", json.dumps(PACKAGE))
    }
    assert by_name["exact"] == "pkg:npm/exact@1.2.3"
    assert by_name["@s/real"] == "pkg:npm/%40s/real"
