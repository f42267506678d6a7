"""Single text files that are agents or parts of models by themselves: an agent prompt, the tool
list of an MCP server, a chat template."""

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import ManifestError, front_matter, json_object, rows, text
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

_TEMPLATE_SUFFIXES = (".jinja", ".jinja2", ".j2")


def recognise(tree: FileTree) -> Descriptor | None:
    """The declaration of a lone text file, or None; raises ManifestError."""
    files = tree.files()
    if len(files) != 1 or "/" in files[0].path:
        return None
    path = files[0].path
    if path.endswith(_TEMPLATE_SUFFIXES):
        return Descriptor(format=Format.MODEL_FOLDER, source=path)
    if path.endswith(".json"):
        return _document(tree, path)
    return _prompt(tree, path) if path.endswith(".md") else None


def _prompt(tree: FileTree, path: str) -> Descriptor | None:
    data, body = front_matter(tree, path)
    name, summary = text(data.get("name")), text(data.get("description"))
    if not name or not summary:
        return None
    return Descriptor(
        format=Format.SKILL,
        name=suggested_name(name),
        title=name,
        summary=summary,
        source=path,
        readme=body[: 64 * 1024],
    )


def _document(tree: FileTree, path: str) -> Descriptor | None:
    try:
        data = json_object(tree, path)
    except ManifestError:
        return None
    tools = rows(data.get("tools"))
    if tools and all("name" in tool and "inputSchema" in tool for tool in tools):
        names = tuple(text(tool["name"]) for tool in tools)
        return Descriptor(format=Format.MCP_SERVER, tools=names, source=path)
    if {"class_name", "config"} <= data.keys():
        return Descriptor(format=Format.KERAS, source=path)
    model = {"chat_template", "model_type", "architectures", "tokenizer_class"} & data.keys()
    return Descriptor(format=Format.MODEL_FOLDER, source=path) if model else None
