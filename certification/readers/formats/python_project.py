"""Python projects, sdists and wheels, as agents or MCP servers."""

import configparser
import re
from dataclasses import replace
from email.message import Message
from email.parser import Parser

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import (
    ManifestError,
    has,
    json_object,
    manifest_text,
    table,
    text,
    texts,
    toml_table,
)
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor, EntryPoint
from registry.domain.identifiers import Format

_SDKS = frozenset({"mcp", "fastmcp"})
_SCRIPTS = ("server.py", "main.py", "app.py", "agent.py", "__main__.py")
_TARGET = re.compile(
    r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)", re.ASCII
)
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", re.ASCII)


def recognise(tree: FileTree) -> Descriptor | None:
    """The project's declaration, or None when there is none; raises ManifestError."""
    for read in (_wheel, _project, _requirements, _langgraph):
        found = read(tree)
        if found is not None:
            return found
    return None


def _wheel(tree: FileTree) -> Descriptor | None:
    path = next(
        (f.path for f in tree.files() if re.fullmatch(r"[^/]+\.dist-info/METADATA", f.path)), None
    )
    if path is None:
        return None
    metadata = Parser().parsestr(manifest_text(tree, path), headersonly=True)
    found = _from_metadata(metadata, path)
    scripts = path.replace("METADATA", "entry_points.txt")
    programs = _console_scripts(manifest_text(tree, scripts)) if has(tree, scripts) else {}
    return replace(found, entry_point=_entry(tree, programs, metadata.get("Name", "")))


def _from_metadata(metadata: Message, path: str) -> Descriptor:
    required = metadata.get_all("Requires-Dist", [])
    return Descriptor(
        format=_format(required),
        name=suggested_name(text(metadata.get("Name"))),
        version=text(metadata.get("Version")),
        summary=text(metadata.get("Summary")),
        licence=text(metadata.get("License-Expression") or metadata.get("License"), 200),
        homepage=text(metadata.get("Home-page")),
        source=path,
    )


def _project(tree: FileTree) -> Descriptor | None:
    if not has(tree, "pyproject.toml"):
        return _source_metadata(tree)
    project = table(toml_table(tree, "pyproject.toml").get("project"))
    if not project:
        return _source_metadata(tree)
    found = _source_metadata(tree)  # an sdist resolves a dynamic version here
    licence = project.get("license")
    name = text(project.get("name"))
    return Descriptor(
        format=_format(texts(project.get("dependencies"))),
        name=suggested_name(name),
        version=text(project.get("version")) or (found.version if found else ""),
        summary=text(project.get("description")),
        licence=text(licence, 200) or text(table(licence).get("text"), 200),
        homepage=text(next(iter(table(project.get("urls")).values()), "")),
        entry_point=_entry(tree, table(project.get("scripts")), name),
        source="pyproject.toml",
    )


def _source_metadata(tree: FileTree) -> Descriptor | None:
    if not has(tree, "PKG-INFO"):
        return None
    metadata = Parser().parsestr(manifest_text(tree, "PKG-INFO"), headersonly=True)
    found = _from_metadata(metadata, "PKG-INFO")
    return replace(found, entry_point=_entry(tree, {}, metadata.get("Name", "")))


def _requirements(tree: FileTree) -> Descriptor | None:
    entry = _script(tree)
    if entry is None or not has(tree, "requirements.txt"):
        return None
    lines = manifest_text(tree, "requirements.txt").splitlines()
    return Descriptor(format=_format(lines), entry_point=entry, source="requirements.txt")


def _langgraph(tree: FileTree) -> Descriptor | None:
    if not has(tree, "langgraph.json"):
        return None
    graphs = table(json_object(tree, "langgraph.json").get("graphs"))
    if not graphs:
        raise ManifestError("langgraph.json names no graphs.")
    name = next(iter(graphs))
    return Descriptor(
        format=Format.PYTHON_AGENT, name=suggested_name(name), source="langgraph.json"
    )


def _format(requirements: "list[str] | tuple[str, ...]") -> Format:
    names = {match[1].casefold() for line in requirements if (match := _REQUIREMENT.match(line))}
    return Format.MCP_SERVER if _SDKS & names else Format.PYTHON_AGENT


def _console_scripts(content: str) -> dict[str, object]:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=False)
    try:
        parser.read_string(content)
        return dict(parser["console_scripts"]) if parser.has_section("console_scripts") else {}
    except configparser.Error as fault:
        raise ManifestError("entry_points.txt of the wheel is not readable.") from fault


def _entry(tree: FileTree, scripts: dict[str, object], name: str) -> EntryPoint | None:
    """The console script named like the project, else the first one, else a known file name."""
    wanted = next((key for key in scripts if _normalised(key) == _normalised(name)), None)
    target = text(scripts[wanted] if wanted else next(iter(scripts.values()), ""))
    match = _TARGET.fullmatch(target.partition("[")[0].strip())
    if match is None:
        return _script(tree)
    module, attribute = match.groups()
    source = f"src/{module.split('.', 1)[0]}"
    inside = any(file.path.startswith((source + "/", source + ".py")) for file in tree.files())
    start = f"import sys; sys.path.insert(0, {'src' if inside else '.'!r}); "
    call = f"import {module} as entry; sys.exit(entry.{attribute}())"
    return EntryPoint("python", ("python", "-c", start + call))


def _normalised(name: str) -> str:
    """PEP 503: runs of dots, hyphens and underscores do not tell names apart."""
    return re.sub(r"[-_.]+", "-", name).casefold()


def _script(tree: FileTree) -> EntryPoint | None:
    path = next((name for name in _SCRIPTS if has(tree, name)), None)
    return None if path is None else EntryPoint("python", ("python", path))
