"""What artifacts ask to be installed, and what is refused before any client is called."""

import json
import os

import pytest

from certification.ports import RunRequest
from certification.sandbox import dependencies
from certification.sandbox.dependencies import DependencyError, prepare


@pytest.fixture
def artifact(tmp_path):
    folder = tmp_path / "artifact"
    folder.mkdir()
    return folder


@pytest.fixture
def base(tmp_path):
    return tmp_path / "base"


@pytest.fixture
def no_clients(monkeypatch):
    """No package client may be called."""

    def called(argv, folder):
        pytest.fail(f"called {argv}")

    monkeypatch.setattr(dependencies, "_run", called)


@pytest.fixture
def clients(monkeypatch):
    """A client that installs a marker, and the calls it got with the manifest it saw."""
    calls = []

    def run(argv, folder):
        manifest = next(folder.glob("*.*"))
        calls.append((argv, manifest.read_text()))
        place = folder / ("node_modules" if manifest.suffix == ".json" else "packages")
        place.mkdir()
        (place / "marker").write_text("")

    monkeypatch.setattr(dependencies, "_run", run)
    return calls


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("a", "git+https://host/a.git"),
        ("a", "git://host/a"),
        ("a", "https://host/a.tgz"),
        ("a", "file:../a"),
        ("a", "link:../a"),
        ("a", "workspace:*"),
        ("a", "npm:b@1"),
        ("a", "someone/repository"),
        ("a", "github:someone/repository"),
        ("a", "../up"),
        ("a", "1.0.0\n--registry=https://host"),
        ("../a", "1.0.0"),
        ("--registry=https://host", "1.0.0"),
        ("a", 1),
        ("a", {"version": "1"}),
    ],
)
@pytest.mark.parametrize("table", ["dependencies", "optionalDependencies"])
@pytest.mark.usefixtures("no_clients")
def test_npm_specs_that_are_more_than_a_range_are_refused(artifact, base, table, name, spec):
    (artifact / "package.json").write_text(json.dumps({table: {name: spec}}))
    with pytest.raises(DependencyError, match="not a plain name and range"):
        prepare(artifact, base)


@pytest.mark.parametrize(
    "spec",
    [
        "a @ https://host/a.whl",
        "a@git+https://host/a",
        "git+https://host/a#egg=a",
        "https://host/a.whl",
        "./a",
        "-e .",
        "--index-url https://host",
        "-r other.txt",
        "a --hash=sha256:00",
        "a\\",
    ],
)
@pytest.mark.parametrize("where", ["pyproject.toml", "requirements.txt", "METADATA"])
@pytest.mark.usefixtures("no_clients")
def test_python_specs_that_are_more_than_a_range_are_refused(artifact, base, where, spec):
    if where == "pyproject.toml":
        (artifact / where).write_text(f"[project]\ndependencies = [{json.dumps(spec)}]\n")
    elif where == "METADATA":
        (artifact / "a-1.dist-info").mkdir()
        (artifact / "a-1.dist-info" / where).write_text(f"Requires-Dist: {spec}\n")
    else:
        (artifact / where).write_text(spec + "\n")
    with pytest.raises(DependencyError, match="not a plain name and range"):
        prepare(artifact, base)


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("package.json", "{", "cannot be read"),
        ("package.json", "[]", "cannot be read"),
        ("package.json", '{"dependencies": ["a"]}', "cannot be read"),
        ("package.json", '{"dependencies": "x"}', "cannot be read"),
        ("package.json", "[" * 100_000, "cannot be read"),
        ("package.json", " " * 600_000, "larger than"),
        ("pyproject.toml", "x =", "cannot be read"),
        ("pyproject.toml", "project = 1", "cannot be read"),
        ("pyproject.toml", "[project]\ndependencies = 1", "cannot be read"),
        ("requirements.txt", "\n".join(f"a{n}" for n in range(201)), "more than 200"),
        ("package.json", json.dumps({"dependencies": {f"a{n}": "1" for n in range(201)}}),
         "more than 200"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_clients")
def test_bad_manifests_are_refused_in_words(artifact, base, path, content, why):
    (artifact / path).write_text(content)
    with pytest.raises(DependencyError, match=why):
        prepare(artifact, base)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"package.json": "{}"},
        {"package.json": '{"dependencies": null, "devDependencies": {"a": "file:x"}}'},
        {"package.json": '{"dependencies": {"a": "1"}}', "node_modules/a/index.js": ""},
        {"pyproject.toml": "[tool.x]\n"},
        {"requirements.txt": "# nothing\n\n"},
        {"a-1.dist-info/METADATA": "Requires-Dist: b; extra == 'test'\n"},
    ],
)
@pytest.mark.usefixtures("no_clients")
def test_nothing_is_fetched_where_nothing_is_needed(artifact, base, files):
    for path, content in files.items():
        (artifact / path).parent.mkdir(parents=True, exist_ok=True)
        (artifact / path).write_text(content)
    assert prepare(artifact, base) is None


def test_npm_is_given_the_dependencies_alone_and_runs_no_scripts(artifact, base, clients):
    (artifact / ".npmrc").write_text("registry=https://elsewhere")
    (artifact / "package.json").write_text(
        json.dumps(
            {
                "name": "x",
                "scripts": {"preinstall": "id"},
                "overrides": {"a": "file:x"},
                "dependencies": {"@scope/a": "^1.2 || >=3 <4", "b": "latest"},
                "devDependencies": {"c": "1"},
            }
        )
    )
    prepared = prepare(artifact, base)
    assert prepared is not None
    assert prepared.inside == "/artifact/node_modules"
    assert (prepared.folder / "marker").exists()
    ((argv, manifest),) = clients
    assert {"--ignore-scripts", "--omit=dev", "--allow-git=none"} <= set(argv)
    assert json.loads(manifest) == {
        "name": "room",
        "private": True,
        "dependencies": {"@scope/a": "^1.2 || >=3 <4", "b": "latest"},
    }


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": '[project]\ndependencies = ["b>=1,<2", "a[x,y]~=1.0", "b>=1,<2"]\n'},
        {"requirements.txt": "# all\nb>=1,<2  # why\na[x,y]~=1.0\n"},
        {"a-1.dist-info/METADATA": "Requires-Dist: a[x,y]~=1.0\nRequires-Dist: b>=1,<2\n"},
        {"PKG-INFO": "Requires-Dist: a[x,y]~=1.0\nRequires-Dist: b>=1,<2\n"},
    ],
)
def test_pip_is_given_wheels_only(artifact, base, clients, files):
    for path, content in files.items():
        (artifact / path).parent.mkdir(parents=True, exist_ok=True)
        (artifact / path).write_text(content)
    prepared = prepare(artifact, base)
    assert prepared is not None
    assert (prepared.inside, prepared.on_python_path) == ("/opt/packages", True)
    ((argv, manifest),) = clients
    assert "--only-binary" in argv or "--no-build" in argv
    assert manifest == "a[x,y]~=1.0\nb>=1,<2\n"
    again = prepare(artifact, base)
    assert again == prepared
    assert len(clients) == 1


def test_a_client_sees_no_secrets_and_its_failure_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_TEST_SECRET", "do-not-tell")
    monkeypatch.setenv("PIP_TEST_OPTION", "passed")
    with pytest.raises(DependencyError) as told:
        dependencies._run(["/bin/sh", "-c", "env | tr '\\n' ' ' >&2; exit 3"], tmp_path)
    assert "could not be fetched" in str(told.value)
    assert "do-not-tell" not in str(told.value)
    script = "env > seen"
    dependencies._run(["/bin/sh", "-c", script], tmp_path)
    seen = (tmp_path / "seen").read_text()
    assert "ASSAY_TEST_SECRET" not in seen
    assert "PIP_TEST_OPTION=passed" in seen


def test_a_client_has_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(dependencies, "SECONDS", 0.2)
    with pytest.raises(DependencyError, match="took longer"):
        dependencies._run(["/bin/sleep", "5"], tmp_path)
    monkeypatch.setattr(dependencies, "SECONDS", 5)
    monkeypatch.setattr(dependencies, "MAX_BYTES", 1000)
    with pytest.raises(DependencyError, match="larger than"):
        dependencies._run(["/bin/sh", "-c", "head -c 2000 /dev/zero > big"], tmp_path)


@pytest.mark.sandbox
def test_refused_dependencies_are_the_runs_answer(sandbox, artifact):
    (artifact / "requirements.txt").write_text("a @ https://host/a.whl\n")
    seen = sandbox.run(RunRequest(artifact, ("python", "-c", "1"), "python", packages=True))
    assert "not a plain name and range" in seen.error
    assert seen.exit_code is None


@pytest.mark.sandbox
def test_prepared_packages_are_found_by_imports(sandbox, artifact, monkeypatch):
    def install(argv, folder):
        where = folder / ("node_modules/b" if (folder / "package.json").exists() else "packages")
        where.mkdir(parents=True)
        (where / "b.py").write_text("WORD = 'found'\n")
        (where / "package.json").write_text('{"type": "module", "exports": "./b.mjs"}')
        (where / "b.mjs").write_text("export const word = 'found'\n")

    monkeypatch.setattr(dependencies, "_run", install)
    mark = f"b{os.getpid()}"
    (artifact / "requirements.txt").write_text(f"{mark}\n")
    (artifact / "a.py").write_text("import b; print(b.WORD)")
    (artifact / "a.mjs").write_text("import { word } from 'b'; console.log(word)")
    seen = sandbox.run(RunRequest(artifact, ("python", "a.py"), "python", packages=True))
    assert (seen.stdout, seen.error) == ("found\n", "")
    (artifact / "package.json").write_text(json.dumps({"dependencies": {mark: "1"}}))
    seen = sandbox.run(RunRequest(artifact, ("node", "a.mjs"), "node", packages=True))
    assert (seen.stdout, seen.stderr, seen.error) == ("found\n", "", "")
    assert not (artifact / "node_modules").exists()
