"""MCP servers described for the MCP registry: server.json (schema 2025-07 and later)."""

from dataclasses import replace

from certification.readers.formats import npm, python_project
from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import has, json_object, rows, table, text
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor, Permissions
from registry.domain.identifiers import Format

_MANIFEST = "server.json"


def recognise(tree: FileTree) -> Descriptor | None:
    """The server's declaration, or None when server.json is something else; raises
    ManifestError. How it starts is read from the package manifest beside it."""
    if not has(tree, _MANIFEST):
        return None
    data = json_object(tree, _MANIFEST)
    schema = text(data.get("$schema"))
    if "modelcontextprotocol" not in schema and not {"packages", "remotes"} & data.keys():
        return None
    around = npm.declared(tree) or python_project.recognise(tree)
    entry = around.entry_point if around else None
    version = text(data.get("version")) or text(table(data.get("version_detail")).get("version"))
    packages = rows(data.get("packages"))
    environment = [row for package in packages for row in rows(package.get("environmentVariables"))]
    return replace(
        around or Descriptor(format=Format.MCP_SERVER),
        format=Format.MCP_SERVER,
        name=suggested_name(text(data.get("name"))),
        version=version,
        title=text(data.get("title")),
        summary=text(data.get("description")),
        homepage=text(table(data.get("repository")).get("url")),
        entry_point=entry,
        permissions=Permissions(environment=tuple(text(row.get("name")) for row in environment)),
        source=_MANIFEST,
    )
