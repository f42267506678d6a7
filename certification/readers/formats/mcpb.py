"""MCP bundles: manifest.json with `manifest_version` (or `dxt_version` before the renaming)."""

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import ManifestError, has, json_object, rows, table, text
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor, EntryPoint, Permissions
from registry.domain.identifiers import Format, InvalidIdentifierError, check_path

_MANIFEST = "manifest.json"
_RUNTIMES = {"node": "node", "python": "python", "uv": "python", "binary": "none"}


def recognise(tree: FileTree) -> Descriptor | None:
    """The bundle's declaration, or None when it is no MCP bundle; raises ManifestError."""
    if not has(tree, _MANIFEST):
        return None
    data = json_object(tree, _MANIFEST)
    server = table(data.get("server"))
    if not ({"manifest_version", "dxt_version"} & data.keys()) or not server:
        return None
    environment = table(table(server.get("mcp_config")).get("env"))
    return Descriptor(
        format=Format.MCPB,
        name=suggested_name(text(data.get("name"))),
        version=text(data.get("version")),
        title=text(data.get("display_name")),
        summary=text(data.get("description")),
        licence=text(data.get("license")),
        homepage=text(data.get("homepage")),
        entry_point=_entry(server),
        tools=tuple(text(tool.get("name")) for tool in rows(data.get("tools"))),
        permissions=Permissions(environment=tuple(text(key) for key in environment)),
        source=_MANIFEST,
    )


def _entry(server: dict[str, object]) -> EntryPoint:
    runtime = _RUNTIMES.get(text(server.get("type")))
    if runtime is None:
        raise ManifestError("manifest.json: server.type must be node, python, uv or binary.")
    try:
        path = check_path(text(server.get("entry_point")).removeprefix("./"))
    except InvalidIdentifierError as fault:
        raise ManifestError(f"manifest.json: server.entry_point is not usable. {fault}") from fault
    return EntryPoint(runtime, (path,) if runtime == "none" else (runtime, path))
