"""A2A agent cards: what a remote agent says of itself (protocol 0.2 and later)."""

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import has, json_object, rows, table, text
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

_CARDS = (
    ".well-known/agent-card.json", "agent-card.json", ".well-known/agent.json", "agent.json",
)  # fmt: skip
_ANSWERS = frozenset({"url", "supportedInterfaces", "protocolVersion", "capabilities"})


def recognise(tree: FileTree) -> Descriptor | None:
    """The card's declaration, or None when there is no card; raises ManifestError."""
    path = next((card for card in _CARDS if has(tree, card)), None)
    if path is None:
        return None
    data = json_object(tree, path)
    skills = rows(data.get("skills"))
    if not text(data.get("name")) or not skills or not _ANSWERS & data.keys():
        return None
    return Descriptor(
        format=Format.PYTHON_AGENT,
        name=suggested_name(text(data.get("name"))),
        version=text(data.get("version")),
        title=text(data.get("name")),
        summary=text(data.get("description")),
        homepage=text(data.get("documentationUrl")) or text(table(data.get("provider")).get("url")),
        tools=tuple(text(skill.get("id")) for skill in skills),
        source=path,
    )
