"""Recognises what was published, by its content, and reads what its publisher declares."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from certification.readers.formats import (
    agent_card,
    assay_toml,
    instructions,
    loose,
    mcp_registry,
    mcpb,
    model,
    npm,
    plugin,
    python_project,
    skill,
)
from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import ManifestError
from certification.readers.tree import FileTree, SubTree, text_of
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

MAX_README_BYTES = 64 * 1024

_Recogniser = Callable[[FileTree], Descriptor | None]
#: In the order of how particular they are: the first that knows the tree decides.
FORMATS: tuple[_Recogniser, ...] = (
    mcpb.recognise,
    plugin.recognise,
    skill.recognise,
    mcp_registry.recognise,
    npm.recognise,
    python_project.recognise,
    agent_card.recognise,
    loose.recognise,
    model.recognise,
    instructions.recognise,
)


@dataclass(frozen=True, slots=True)
class Recognition:
    """The format and its descriptor (both or none), what is wrong with the manifests, and the
    folder (ending in a slash, or empty) that wraps the package root."""

    format: Format | None = None
    descriptor: Descriptor | None = None
    problems: tuple[str, ...] = ()
    strip: str = ""


def recognise(tree: FileTree, *, filename: str = "") -> Recognition:
    """What the tree is. Never raises for content; `filename` names a package that has no name."""
    found = _recognised(tree, "")
    strip = _wrapper(tree)
    if found.format is None and strip:
        inner = _recognised(SubTree(tree, strip), strip)
        found = inner if inner.format or not found.problems else found
    if found.descriptor is None or found.descriptor.name or not filename:
        return found
    stem = filename.rsplit("/", 1)[-1].partition(".")[0]
    named = replace(found.descriptor, name=suggested_name(stem))
    return replace(found, descriptor=named)


def _recognised(tree: FileTree, strip: str) -> Recognition:
    problems: list[str] = []
    descriptor = None
    try:
        wanted = assay_toml.declared_format(tree)
        descriptor = _first(tree, problems)
        if wanted is not None:
            descriptor = replace(descriptor or Descriptor(format=wanted), format=wanted)
        if descriptor is not None:
            descriptor = assay_toml.applied(tree, descriptor)
    except ManifestError as fault:
        problems.append(str(fault))
    if descriptor is None:
        return Recognition(problems=tuple(problems), strip=strip)
    if not descriptor.readme:
        descriptor = replace(descriptor, readme=_readme(tree))
    return Recognition(descriptor.format, descriptor, tuple(problems), strip)


def _first(tree: FileTree, problems: list[str]) -> Descriptor | None:
    for read in FORMATS:
        try:
            descriptor = read(tree)
        except ManifestError as fault:
            problems.append(str(fault))
            continue
        if descriptor is not None:
            return descriptor
    return None


def _wrapper(tree: FileTree) -> str:
    """The one top folder all files share; a dot folder belongs to the package itself."""
    tops = {file.path.partition("/")[0] if "/" in file.path else "" for file in tree.files()}
    top = tops.pop() if len(tops) == 1 else ""
    return f"{top}/" if top and not top.startswith(".") else ""


def _readme(tree: FileTree) -> str:
    names = {"readme.md", "readme.markdown", "readme.txt", "readme"}
    path = next((file.path for file in tree.files() if file.path.casefold() in names), None)
    if path is None:
        return ""
    return text_of(lambda _: tree.read(path, MAX_README_BYTES), MAX_README_BYTES) or ""
