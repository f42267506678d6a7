import bz2
import gzip
import io
import json
import lzma
import os
import zlib
from pathlib import Path

import pytest

from certification.readers.archive_listing import DamagedArchiveError
from certification.readers.descriptor import Recognition, recognise
from certification.readers.tree import ArchiveTree, FolderTree, StreamTree, tree_of, walk
from registry.domain.identifiers import Format
from tests.certification.readers.archive_maker import tar_of, zip_of

SKILL = b"---\nname: Git Notes\ndescription: Summarises commits\nlicense: MIT\n---\n# Notes\n"
PICKLE = b"\x80\x04N."
ONNX = b"\x08\x07" + b"\x12\x04test" + b"\x3a\x02\x0a\x00"
SAFETENSORS = (2).to_bytes(8, "little") + b"{}"
SERVER = {"name": "@acme/echo", "version": "1.2.3", "bin": {"echo": "./dist/index.js"}}
SDK = {"@modelcontextprotocol/sdk": "^1"}


def seen(files: dict[str, bytes | str], filename: str = "") -> Recognition:
    encoded = {k: v.encode() if isinstance(v, str) else v for k, v in files.items()}
    return recognise(tree_of(io.BytesIO(tar_of(encoded)), "x.tar"), filename=filename)


def one(name: str, data: bytes) -> Format | None:
    return recognise(StreamTree(io.BytesIO(data), name)).format


def entry(found: Recognition) -> tuple[str, ...]:
    assert found.descriptor is not None
    assert found.descriptor.entry_point is not None
    return found.descriptor.entry_point.command


def test_skill() -> None:
    found = seen({"SKILL.md": SKILL, "README.md": "hello"})
    assert found.descriptor is not None
    assert (found.format, found.descriptor.name) == (Format.SKILL, "git-notes")
    assert found.descriptor.readme == "# Notes\n"
    wrapped = seen({"top/SKILL.md": SKILL})
    assert (wrapped.format, wrapped.strip) == (Format.SKILL, "top/")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# no front matter", "needs a name"),
        ("---\nname: x", "not closed"),
        ("---\nname: [\n---\n", "not valid YAML"),
        ("---\na: &x [1]\nb: *x\n---\n", "aliases"),
        ("---\n- a\n---\n", "no YAML object"),
        ("---\n" + "- " * 4000 + "\n---\n", "SKILL.md"),
        ("---\n" + "[" * 5000 + "\n---\n", "too deeply"),
        ("---\n" + "a" * 70_000 + "\n---\n", "64 KiB"),
        ("", "needs a name"),
        ("x" * 600_000, "larger than"),
    ],
)
def test_a_malformed_skill_is_a_sentence(text: str, said: str) -> None:
    found = seen({"SKILL.md": text})
    assert found.format is None
    assert said in found.problems[0]


def test_deep_nesting_is_a_sentence() -> None:
    found = seen({"manifest.json": "[" * 200_000})
    assert "nested too deeply" in found.problems[0]


def test_plugin() -> None:
    good = seen({".claude-plugin/plugin.json": '{"name": "tools", "version": "1.0.0"}'})
    assert (good.format, good.strip) == (Format.PLUGIN, "")
    assert "no name" in seen({".claude-plugin/plugin.json": "{}"}).problems[0]


def test_mcpb() -> None:
    server: dict[str, object] = {
        "type": "node",
        "entry_point": "./server/index.js",
        "mcp_config": {"env": {"API_KEY": "${user_config.key}"}},
    }
    manifest = {
        "manifest_version": "0.3",
        "name": "Echo",
        "server": server,
        "tools": [{"name": "t"}],
    }
    found = seen({"manifest.json": json.dumps(manifest)})
    assert found.descriptor is not None
    assert entry(found) == ("node", "server/index.js")
    assert found.descriptor.tools == ("t",)
    assert found.descriptor.permissions.environment == ("API_KEY",)
    assert not found.descriptor.permissions_declared
    server["type"] = "binary"
    assert entry(seen({"manifest.json": json.dumps(manifest)})) == ("server/index.js",)
    server["type"] = "perl"
    assert "server.type" in seen({"manifest.json": json.dumps(manifest)}).problems[0]
    server.update(type="python", entry_point="../x.py")
    assert "entry_point" in seen({"manifest.json": json.dumps(manifest)}).problems[0]
    assert seen({"manifest.json": "{}"}).format is None


def test_npm_package() -> None:
    data = {**SERVER, "dependencies": SDK, "license": {"type": "MIT"}, "repository": {"url": "u"}}
    found = seen({"package/package.json": json.dumps(data), "package/README.md": "hi"})
    assert found.descriptor is not None
    assert (found.strip, found.descriptor.name, found.descriptor.licence) == (
        "package/",
        "echo",
        "MIT",
    )
    assert (entry(found), found.descriptor.readme) == (("node", "dist/index.js"), "hi")
    plain = seen({"package.json": json.dumps({"dependencies": SDK})})
    assert plain.descriptor is not None
    assert plain.descriptor.entry_point is None
    assert seen({"package.json": json.dumps(SERVER)}).format is None
    bad = {"bin": "../x.js", "mcpName": "a/b"}
    assert "bin is not usable" in seen({"package.json": json.dumps(bad)}).problems[0]


def test_registry_server() -> None:
    package = {"environmentVariables": [{"name": "TOKEN"}]}
    server = {"name": "io.github.acme/echo", "version": "2.0.0", "packages": [package]}
    found = seen({"server.json": json.dumps(server), "package.json": json.dumps(SERVER)})
    assert found.descriptor is not None
    assert entry(found) == ("node", "dist/index.js")
    assert (found.descriptor.version, found.descriptor.permissions.environment) == (
        "2.0.0",
        ("TOKEN",),
    )
    alone = seen({"server.json": json.dumps(server)})
    assert alone.format is Format.MCP_SERVER
    assert seen({"server.json": "{}"}).format is None


WHEEL = "Metadata-Version: 2.4\nName: Echo_Server\nVersion: 1.0\nRequires-Dist: mcp[cli]>=1\n\nText"


def test_wheel() -> None:
    scripts = "[console_scripts]\nother = o:f\necho-server = echo.cli:app.run [x]\n"
    files: dict[str, bytes | str] = {
        "echo/cli.py": "",
        "e-1.dist-info/METADATA": WHEEL,
        "e-1.dist-info/entry_points.txt": scripts,
    }
    found = seen(files)
    assert (found.format, entry(found)[:2]) == (Format.MCP_SERVER, ("python", "-c"))
    assert "import echo.cli as entry; sys.exit(entry.app.run())" in entry(found)[2]
    files["e-1.dist-info/entry_points.txt"] = "[other]\n"
    plain = seen(files)
    assert plain.descriptor is not None
    assert plain.descriptor.entry_point is None
    files["e-1.dist-info/entry_points.txt"] = "junk"
    assert "entry_points.txt" in seen(files).problems[0]


def test_python_project() -> None:
    project = (
        '[project]\nname = "echo"\nversion = "1.0.0"\nlicense = {text = "MIT"}\n'
        'dependencies = ["httpx", "-x"]\n[project.scripts]\necho = "echo:main"\n'
    )
    found = seen({"echo-1/pyproject.toml": project, "echo-1/src/echo/__init__.py": ""})
    assert (found.format, found.strip) == (Format.PYTHON_AGENT, "echo-1/")
    assert "'src'" in entry(found)[2]
    hostile = project.replace("echo:main", "os:system('x')#")
    assert entry(seen({"pyproject.toml": hostile, "server.py": ""})) == ("python", "server.py")
    dynamic = seen({"pyproject.toml": '[project]\nname = "echo"', "PKG-INFO": WHEEL})
    assert dynamic.descriptor is not None
    assert dynamic.descriptor.version == "1.0"
    old = seen({"pyproject.toml": "[build-system]", "PKG-INFO": WHEEL})
    assert old.descriptor is not None
    assert old.descriptor.name == "echo_server"
    assert seen({"pyproject.toml": "[build-system]"}).format is None


def test_scripts_and_graphs() -> None:
    found = seen({"requirements.txt": "mcp>=1\n", "server.py": ""}, filename="my server.tar.gz")
    assert found.descriptor is not None
    assert (found.format, found.descriptor.name) == (Format.MCP_SERVER, "my-server")
    assert seen({"requirements.txt": "mcp"}).format is None
    assert seen({"langgraph.json": '{"graphs": {"bot": "a:b"}}'}).format is Format.PYTHON_AGENT
    assert "no graphs" in seen({"langgraph.json": "{}"}).problems[0]


def test_assay_toml_adds_and_overrides() -> None:
    text = (
        '[package]\nname = "@me/Best"\nversion = "3.0.0"\nformat = "python-agent"\n'
        '[entry]\nruntime = "python"\ncommand = ["run.py", "--fast"]\n'
        '[permissions]\nnetwork = ["api.example.org"]\n'
    )
    found = seen({"assay.toml": text, "run.py": ""})
    assert found.descriptor is not None
    assert (found.format, found.descriptor.name) == (Format.PYTHON_AGENT, "best")
    assert entry(found) == ("python", "run.py", "--fast")
    assert found.descriptor.permissions_declared
    assert found.descriptor.permissions.network == ("api.example.org",)
    over = seen({"SKILL.md": SKILL, "assay.toml": '[package]\nversion = "9.0.0"'})
    assert over.descriptor is not None
    assert (over.format, over.descriptor.version) == (Format.SKILL, "9.0.0")
    assert seen({"assay.toml": ""}).format is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[package]\nformat = "exe"', "no format"),
        ("[package", "not valid TOML"),
        ('[entry]\nruntime = "perl"\ncommand = ["x"]', "entry.runtime"),
        ('[entry]\nruntime = "node"', "entry.command"),
        ("[permissions]\nall = true", "permissions has no"),
    ],
)
def test_a_malformed_assay_toml_is_a_sentence(text: str, said: str) -> None:
    assert said in seen({"SKILL.md": SKILL, "assay.toml": text}).problems[0]


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.bin", b"GGUF\x03\0\0\0", Format.GGUF),
        ("a", SAFETENSORS, Format.SAFETENSORS),
        ("a.safetensors", b"broken", Format.SAFETENSORS),
        ("a", ONNX, Format.ONNX),
        ("a.pkl", PICKLE, Format.PICKLE),
        ("a", b"(lp0\n.", Format.PICKLE),
        ("a.joblib", PICKLE, Format.JOBLIB),
        ("a", PICKLE + b"cjoblib.numpy_pickle", Format.JOBLIB),
        ("a", gzip.compress(PICKLE), Format.JOBLIB),
        ("a", zlib.compress(PICKLE), Format.JOBLIB),
        ("a", bz2.compress(PICKLE), Format.JOBLIB),
        ("a", lzma.compress(PICKLE), Format.JOBLIB),
        ("a", lzma.compress(PICKLE, lzma.FORMAT_ALONE), Format.JOBLIB),
        ("a", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", Format.PYTORCH),
        ("a.pt", zip_of({"m/data.pkl": b"", "m/version": b""}), Format.PYTORCH),
        ("a", zip_of({"m/data.pkl": b"", "m/version": b""}), Format.PYTORCH),
        ("a.keras", zip_of({"config.json": b""}), Format.KERAS),
        ("a", b"\x89HDF\r\n\x1a\n", Format.KERAS),
        ("a.tflite", b"\0\0\0\0TFL3", Format.MODEL_FOLDER),
        ("saved_model.pb", b"\x08\x01", Format.MODEL_FOLDER),
        ("a.jinja", b"{{ x }}", Format.MODEL_FOLDER),
        ("a.json", b'{"tools": [{"name": "t", "inputSchema": {}}]}', Format.MCP_SERVER),
        ("a.json", b'{"class_name": "Functional", "config": {}}', Format.KERAS),
        ("a.json", b'{"chat_template": "x"}', Format.MODEL_FOLDER),
        ("a.json", b"{}", None),
        ("a.json", b"{", None),
        ("a.md", SKILL, Format.SKILL),
        ("a.md", b"# text", None),
        ("a", b"", None),
        ("a", b"\x78broken", None),
        ("a", b"\x08\x07\x3a\xff", None),
        ("a", b"\x08\x07", None),
        ("a", b"\x08\x07" * 70, None),
        ("a", b"\xff" * 12, None),
        ("a", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ("a.txt", PICKLE, None),
    ],
)
def test_single_files(name: str, data: bytes, kind: Format | None) -> None:
    assert one(name, data) is kind


def test_model_folders() -> None:
    card = "---\nlicense: mit\nbase_model: [org/base, b]\n---\n# Tiny\n\n[badge]\n\nIt is small.\n"
    found = seen({"README.md": card, "m.gguf": b"GGUF"})
    assert found.descriptor is not None
    assert (found.format, found.descriptor.licence) == (Format.GGUF, "mit")
    assert (found.descriptor.base_model, found.descriptor.summary) == ("org/base", "It is small.")
    assert seen({"a.gguf": b"GGUF", "b.gguf": b"GGUF"}).format is Format.MODEL_FOLDER
    assert seen({"m.mlpackage/Manifest.json": "{}", "x": "y"}).format is Format.MODEL_FOLDER
    assert seen({"README.md": card, "x": "y"}).format is Format.MODEL_FOLDER
    assert seen({"config.json": '{"model_type": "x"}', "x": "y"}).format is Format.MODEL_FOLDER
    assert seen({"config.json": '{"a": true}', "x": ""}).format is None
    assert seen({"config.json": "{", "tokenizer_config.json": "[]", "x": ""}).format is None
    tools = SKILL.replace(b"license: MIT", b"allowed-tools: Read, Grep")
    listed = seen({"SKILL.md": tools}).descriptor
    assert listed is not None
    assert listed.tools == ("Read", "Grep")
    assert seen({"README.md": "# Just text", "x": "y"}).format is None


def test_trees(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello")
    (tmp_path / "link").symlink_to("a.txt")
    (tmp_path / "dir").symlink_to(tmp_path)
    (tmp_path / "bad.").write_bytes(b"")
    files, problems = walk(tmp_path)
    assert [file.path for file in files] == ["a.txt", "bad."]
    assert {problem.code for problem in problems} == {"link", "path"}
    tree = FolderTree(tmp_path, files)
    assert tree.files() == files
    assert tree.read("a.txt", 2, 1) == b"el"
    with pytest.raises(OSError, match="link"):
        tree.read("link", 1)


def test_special_files_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    files, problems = walk(tmp_path)
    assert (files, problems[0].code) == ((), "device")
    with pytest.raises(OSError, match="regular"):
        FolderTree(tmp_path, ()).read("pipe", 1)


def test_folders_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certification.readers.tree.MAX_FOLDER_FILES", 1)
    for name in ("a", "b"):
        (tmp_path / name).touch()
    assert walk(tmp_path)[1][-1].code == "count"


def test_archive_tree_reads_what_it_can() -> None:
    with pytest.raises(DamagedArchiveError):
        ArchiveTree(io.BytesIO(b"text"))
    data = bytearray(zip_of({"abc": b"hello"}, 0))
    data[33] ^= 0xFF
    tree = ArchiveTree(io.BytesIO(bytes(data)))
    assert tree.read("abc", 100) == b""


def test_agent_cards() -> None:
    card = {
        "name": "Route Planner",
        "version": "1.0.0",
        "url": "https://a.example",
        "skills": [{"id": "plan"}],
    }
    for path in ("agent.json", ".well-known/agent-card.json"):
        good = seen({path: json.dumps(card)})
        assert good.descriptor is not None
        assert good.format is Format.PYTHON_AGENT
        assert (good.descriptor.name, good.descriptor.tools) == ("route-planner", ("plan",))
    for other in (
        "{}",
        json.dumps({**card, "skills": []}),
        json.dumps({"name": "a", "skills": [{}]}),
    ):
        assert seen({"agent.json": other}).format is None
    assert "not valid JSON" in seen({"agent.json": "{"}).problems[0]


def test_packages_of_instructions() -> None:
    company = seen(
        {"COMPANY.md": "---\nname: Acme Labs\n---\nWe plan.", "agents/a/AGENTS.md": "Be kind."}
    )
    assert company.descriptor is not None
    assert (company.format, company.descriptor.name) == (Format.PLUGIN, "acme-labs")
    for path in ("AGENTS.md", "CLAUDE.md", ".cursorrules"):
        assert seen({path: "Run the tests.", "b.txt": ""}, "rules.tar").format is Format.SKILL
    assert "not closed" in seen({"TEAM.md": "---\nname: a"}).problems[0]
