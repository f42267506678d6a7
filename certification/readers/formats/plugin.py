"""Agent plugins: .claude-plugin/plugin.json."""

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import ManifestError, has, json_object, text
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

_MANIFEST = ".claude-plugin/plugin.json"


def recognise(tree: FileTree) -> Descriptor | None:
    """The plugin's declaration, or None when it is no plugin; raises ManifestError."""
    if not has(tree, _MANIFEST):
        return None
    data = json_object(tree, _MANIFEST)
    if not text(data.get("name")):
        raise ManifestError(f"{_MANIFEST} has no name.")
    return Descriptor(
        format=Format.PLUGIN,
        name=suggested_name(text(data["name"])),
        version=text(data.get("version")),
        title=text(data.get("displayName")) or text(data["name"]),
        summary=text(data.get("description")),
        licence=text(data.get("license")),
        homepage=text(data.get("homepage")),
        source=_MANIFEST,
    )
