"""Node packages that are MCP servers: package.json."""

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import ManifestError, has, json_object, table, text
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor, EntryPoint
from registry.domain.identifiers import Format, InvalidIdentifierError, check_path

_MANIFEST = "package.json"
_SDKS = frozenset(
    {"@modelcontextprotocol/sdk", "@modelcontextprotocol/server", "fastmcp", "mcp-framework"}
)


def recognise(tree: FileTree) -> Descriptor | None:
    """The package's declaration when it serves MCP, else None; raises ManifestError."""
    if not has(tree, _MANIFEST):
        return None
    data = json_object(tree, _MANIFEST)
    needed = {
        name
        for group in ("dependencies", "peerDependencies", "devDependencies")
        for name in table(data.get(group))
    }
    return declared(tree) if _SDKS & needed or "mcpName" in data else None


def declared(tree: FileTree) -> Descriptor | None:
    """What package.json declares, whatever it is for; None when there is none."""
    if not has(tree, _MANIFEST):
        return None
    data = json_object(tree, _MANIFEST)
    licence = data.get("license")
    repository = data.get("repository")
    return Descriptor(
        format=Format.MCP_SERVER,
        name=suggested_name(text(data.get("name"))),
        version=text(data.get("version")),
        title=text(data.get("title")),
        summary=text(data.get("description")),
        licence=text(licence) or text(table(licence).get("type")),
        homepage=text(data.get("homepage")) or text(table(repository).get("url")),
        entry_point=_entry(data),
        source=_MANIFEST,
    )


def _entry(data: dict[str, object]) -> EntryPoint | None:
    programs = data.get("bin")
    first = next(iter(table(programs).values()), None) or programs or data.get("main")
    if not text(first):
        return None
    try:
        return EntryPoint("node", ("node", check_path(text(first).removeprefix("./"))))
    except InvalidIdentifierError as fault:
        raise ManifestError(f"package.json: bin is not usable. {fault}") from fault
