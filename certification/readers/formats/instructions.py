"""Packages of instructions: companies of agents (agentcompanies), and rules for coding agents."""

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import front_matter, has, text
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

_COMPANIES = ("COMPANY.md", "TEAM.md")
_RULES = (
    "AGENTS.md", "CLAUDE.md", "GEMINI.md", ".cursorrules", ".windsurfrules", ".clinerules",
    ".github/copilot-instructions.md",
)  # fmt: skip


def recognise(tree: FileTree) -> Descriptor | None:
    """What the front matter declares, or None when there are no instructions; raises
    ManifestError. A bundle of agents is a plugin; rules alone are a skill."""
    for names, kind in ((_COMPANIES, Format.PLUGIN), (_RULES, Format.SKILL)):
        path = next((name for name in names if has(tree, name)), None)
        if path is not None:
            return _declared(tree, path, kind)
    return None


def _declared(tree: FileTree, path: str, kind: Format) -> Descriptor:
    data, body = front_matter(tree, path)
    name = text(data.get("name"))
    return Descriptor(
        format=kind,
        name=suggested_name(name),
        version=text(data.get("version")),
        title=name,
        summary=text(data.get("description")),
        licence=text(data.get("license")),
        homepage=text(data.get("homepage")),
        source=path,
        readme=body[: 64 * 1024],
    )
