"""Agent Skills: SKILL.md with `name` and `description` in its front matter."""

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import ManifestError, front_matter, table, text, texts
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format


def recognise(tree: FileTree) -> Descriptor | None:
    """The skill's declaration, or None when it is no skill; raises ManifestError."""
    manifest = next((f.path for f in tree.files() if f.path in {"SKILL.md", "skill.md"}), None)
    if manifest is None:
        return None
    data, body = front_matter(tree, manifest)
    name, summary = text(data.get("name")), text(data.get("description"))
    if not name or not summary:
        raise ManifestError(f"{manifest} needs a name and a description in its front matter.")
    metadata = table(data.get("metadata"))
    return Descriptor(
        format=Format.SKILL,
        name=suggested_name(name),
        version=text(data.get("version")) or text(metadata.get("version")),
        title=name,
        summary=summary,
        licence=text(data.get("license")),
        homepage=text(data.get("homepage")),
        tools=texts(data.get("allowed-tools")),
        source=manifest,
        readme=body[: 64 * 1024],
    )
